import type { Uid } from '../model/uid.ts'
import { type ListedBill, listBillPage, type SpanFilter } from '../storage/list-bill-page.ts'
import type { AskedMeter } from './data-query.ts'
import type { Reading } from './read-months.ts'

/** Bills that are in memory at a time. */
const BILLS_AT_ONCE = 200

/** A bill with the meter that it is of. */
export type ReadBill = { row: ListedBill; meter: AskedMeter }

/** All bills of the meters, some at a time, without an end but theirs: a file has no `next`. */
export async function* readAllBills(
  call: Reading,
  filter: Omit<SpanFilter, 'spans' | 'limit'>,
  meters: readonly AskedMeter[],
): AsyncGenerator<ReadBill[], void, undefined> {
  const spans = meters.map(({ span }) => span)
  const byUid = new Map<Uid, AskedMeter>(meters.map((meter) => [meter.meterUid, meter]))
  for (let { after } = filter; ;) {
    const asked = { ...filter, after, spans, limit: BILLS_AT_ONCE }
    const page = await call.deps.db.readCompany(call.companyUid, (tx) => listBillPage(tx, asked))
    yield page.rows.flatMap((row) => {
      const meter = byUid.get(row.meterUid)
      return meter ? [{ row, meter }] : []
    })
    after = page.rows.at(-1)?.billUid ?? null
    if (!page.hasMore || after === null) return
  }
}
