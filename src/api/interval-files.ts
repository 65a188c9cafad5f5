import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { readAllMonths } from './read-all-months.ts'
import { csvHead, renderIntervalCsv } from './render/interval-csv.ts'
import { streamOf } from './stream-of.ts'

type Filter = Awaited<ReturnType<typeof askForData>>['filter']

async function* write(call: Call, filter: Filter, meters: readonly AskedMeter[]): AsyncGenerator<string | Uint8Array> {
  const withUnits = filter.include?.includes('units') ?? false
  yield csvHead(withUnits)
  const asked = { ...filter, updatedAfter: filter.updated_after }
  for await (const { row, blocks, context } of readAllMonths(call, asked, meters))
    yield* renderIntervalCsv(row, blocks, { ...context, withUnits })
}

/** A file has no pages, so no place to go on from either; a bad one would be found when half of the answer is out. */
const fileQuery = dataQuery.omit({ after: true, limit: true })

export const intervalFileEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/files/intervals_csv',
    summary: 'Readings of meters as one CSV file',
    scope: 'read',
    query: fileQuery,
    answer: { mediaType: 'text/csv' },
    /** Readings of meters as one file; `meters`, `authorizations`, `start`, `end` and `order` as in /intervals. */
    async run(call) {
      const { filter, meters } = await askForData(call)
      call.header('content-type', 'text/csv; charset=utf-8')
      call.header('content-disposition', 'attachment; filename="intervals.csv"')
      return streamOf(write(call, { ...filter, after: null }, meters))
    },
  },
]
