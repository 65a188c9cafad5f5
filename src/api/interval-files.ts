import { Readable } from 'node:stream'

import { listIntervalPage } from '../storage/list-interval-page.ts'
import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { readMonths } from './read-months.ts'
import { csvHead, renderIntervalCsv } from './render/interval-csv.ts'

type Filter = Awaited<ReturnType<typeof askForData>>['filter']

/** All months of the meters, page after page, without an end but theirs: a file has no `next`. */
async function* write(call: Call, filter: Filter, meters: readonly AskedMeter[]): AsyncGenerator<string | Uint8Array> {
  const withUnits = filter.include?.includes('units') ?? false
  const spans = meters.map(({ span }) => span)
  const byUid = new Map(meters.map((meter) => [meter.meterUid, meter]))
  yield csvHead(withUnits)
  for (let after = filter.after; ;) {
    const asked = { ...filter, updatedAfter: filter.updated_after, after, spans }
    const page = await call.deps.db.company(call.companyUid, (tx) => listIntervalPage(tx, asked))
    for await (const { row, blocks, context } of readMonths(call, page.rows, byUid))
      for (const bytes of renderIntervalCsv(row, blocks, { ...context, withUnits })) if (bytes.length > 0) yield bytes
    after = page.rows.at(-1)?.intervalUid ?? null
    if (!page.hasMore || after === null) return
  }
}

export const intervalFileEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/files/intervals_csv',
    summary: 'Readings of meters as one CSV file',
    query: dataQuery,
    answer: { mediaType: 'text/csv' },
    /** Readings of meters as one file; `meters`, `authorizations`, `start`, `end` and `order` as in /intervals. */
    async run(call) {
      const { filter, meters } = await askForData(call)
      call.header('content-type', 'text/csv; charset=utf-8')
      call.header('content-disposition', 'attachment; filename="intervals.csv"')
      return Readable.from(write(call, filter, meters), { objectMode: false, highWaterMark: 1 })
    },
  },
]
