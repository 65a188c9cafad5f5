import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import { listIntervalPage, type ListedInterval } from '../storage/list-interval-page.ts'
import { type AskedMeter, askForPage, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { nextUrl } from './listing.ts'
import { parseParameters } from './parameters.ts'
import { readMonths } from './read-months.ts'
import { type Layout, renderInterval } from './render/interval.ts'
import { intervalListing } from './answers/interval.ts'
import { streamOf } from './stream-of.ts'

type Asked = { rows: ListedInterval[]; meters: Map<Uid, AskedMeter>; layout: Layout }

/** The listing piece by piece, each as soon as the client has taken the one before. */
async function* write(call: Call, { rows, meters, layout }: Asked, tail: string): AsyncGenerator<string | Uint8Array> {
  yield '{"intervals":['
  let isFirst = true
  for await (const { row, blocks, context } of readMonths(call, rows, meters)) {
    const pieces = renderInterval(row, blocks, { ...context, layout })
    if (pieces === null) continue
    if (!isFirst) yield ','
    isFirst = false
    yield* pieces
  }
  yield tail
}

const query = dataQuery.extend({
  format: z.enum(['rows', 'columns'], 'must be rows or columns').optional(),
})

/** `format=columns`, `include=columns` and `include=directions` are opt-in; a client of the incumbent gets what it knows. */
function layoutOf(include: readonly string[] | null, format: 'rows' | 'columns' | undefined): Layout {
  if (format === 'columns' || include?.includes('columns')) return 'columns'
  return include?.includes('directions') ? 'directions' : 'rows'
}

export const intervalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/intervals',
    summary: 'Lists readings of meters or authorizations by months, newest first',
    scope: 'read',
    query,
    answer: intervalListing,
    async run(call) {
      const { format } = parseParameters(query, call.query)
      const { filter, meters, page } = await askForPage(call, listIntervalPage)
      const asked = {
        rows: page.rows,
        meters: new Map(meters.map((meter) => [meter.meterUid, meter])),
        layout: layoutOf(filter.include, format),
      }
      const next = nextUrl(call, '/intervals', page.hasMore ? page.rows.at(-1)?.intervalUid : undefined)
      // Incomplete: something is still being collected, so that more may come.
      const isIncomplete = meters.some(({ isPending, isCollectable }) => isPending && isCollectable)
      const tail = `],"next":${JSON.stringify(next)},"is_incomplete":${isIncomplete}}`
      call.header('content-type', 'application/json; charset=utf-8')
      return streamOf(write(call, asked, tail))
    },
  },
]
