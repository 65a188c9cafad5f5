import { Readable } from 'node:stream'

import { type ChannelReach, listChannelReaches, listIntervalBlocks } from '../storage/list-interval-blocks.ts'
import { listIntervalPage, type ListedInterval } from '../storage/list-interval-page.ts'
import { type AskedMeter, askForData } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { nextUrl } from './listing.ts'
import { renderInterval } from './render/interval.ts'

/** Months whose blocks are read in one statement: three years of a meter; some 10 MB of text at a time at most. */
const MONTHS_AT_ONCE = 36

type Asked = { rows: ListedInterval[]; meters: Map<string, AskedMeter>; withDirections: boolean }

/**
 * The listing as text, piece by piece, so that memory does not grow with the page. No transaction is open while it is
 * sent.
 */
async function* write(call: Call, asked: Asked, tail: string): AsyncGenerator<string> {
  const { deps, companyUid } = call
  const { rows, meters, withDirections } = asked
  yield '{"intervals":['
  let comma = ''
  for (let from = 0; from < rows.length; from += MONTHS_AT_ONCE) {
    const some = rows.slice(from, from + MONTHS_AT_ONCE)
    const { blocks, reaches } = await deps.db.company(companyUid, async (tx) => ({
      blocks: await listIntervalBlocks(tx, some),
      reaches: await listChannelReaches(tx, some),
    }))
    for (const [at, row] of some.entries()) {
      const meter = meters.get(row.meterUid)
      if (!meter) continue
      const context = { publicUrl: deps.publicUrl, withDirections, ...toContext(meter, reaches.get(row.meterUid)) }
      const text = renderInterval(row, blocks[at] ?? [], context)
      if (text === null) continue
      yield comma + text
      comma = ','
    }
  }
  yield tail
}

function toContext({ facts, utility, zone, span }: AskedMeter, reaches: ChannelReach[] = []) {
  return { meter: facts, utility, zone, from: span.from, until: span.until, reaches }
}

export const intervalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/intervals',
    async run(call) {
      const { deps, companyUid } = call
      const { filter, meters } = await askForData(call)
      const spans = meters.map(({ span }) => span)
      const page = await deps.db.company(companyUid, (tx) => listIntervalPage(tx, { ...filter, spans }))
      const asked = {
        rows: page.rows,
        meters: new Map(meters.map((meter) => [meter.meterUid, meter])),
        withDirections: filter.include?.includes('directions') ?? false,
      }
      const next = nextUrl(call, '/intervals', page.hasMore ? page.rows.at(-1)?.intervalUid : undefined)
      // Incomplete: something is still being collected, so that more may come.
      const isIncomplete = meters.some(({ isPending, isCollectable }) => isPending && isCollectable)
      const tail = `],"next":${JSON.stringify(next)},"is_incomplete":${isIncomplete}}`
      call.header('content-type', 'application/json; charset=utf-8')
      return Readable.from(write(call, asked, tail), { objectMode: false, highWaterMark: 1 })
    },
  },
]
