import type { Uid } from '../model/uid.ts'
import type { SpanFilter } from '../storage/list-bill-page.ts'
import { listIntervalPage } from '../storage/list-interval-page.ts'
import type { AskedMeter } from './data-query.ts'
import { type Reading, type ReadMonth, readMonths } from './read-months.ts'

/** All months of the meters, page after page, without an end but theirs: a file has no `next`. */
export async function* readAllMonths(
  call: Reading,
  filter: Omit<SpanFilter, 'spans'>,
  meters: readonly AskedMeter[],
): AsyncGenerator<ReadMonth & { meter: AskedMeter }, void, undefined> {
  const spans = meters.map(({ span }) => span)
  const byUid = new Map<Uid, AskedMeter>(meters.map((meter) => [meter.meterUid, meter]))
  for (let { after } = filter; ;) {
    const asked = { ...filter, after, spans }
    const page = await call.deps.db.readCompany(call.companyUid, (tx) => listIntervalPage(tx, asked))
    for await (const month of readMonths(call, page.rows, byUid)) {
      const meter = byUid.get(month.row.meterUid)
      if (meter) yield { ...month, meter }
    }
    after = page.rows.at(-1)?.intervalUid ?? null
    if (!page.hasMore || after === null) return
  }
}
