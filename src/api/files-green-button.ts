import { Readable } from 'node:stream'

import { z } from 'zod'

import { writeFeed, type WrittenEntry } from '../espi/write/write-feed.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { invalidParam } from './api-error.ts'
import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { parseParameters } from './parameters.ts'
import { readAllBills } from './read-all-bills.ts'
import { readAllMonths } from './read-all-months.ts'
import { type ChannelFacts, surveyChannel } from './render/espi-channel.ts'
import { billEntry, type FeedMeter, meterEntries, momentOf, monthEntries } from './render/espi-feed.ts'

const { meters, start, end } = dataQuery.shape
const query = z.object({
  ...{ meters, start, end },
  edition: z.enum(['recent', 'common'], 'must be recent or common').default('recent').meta({
    description: 'recent: all that we know, for readers of ESPI 3.3 and 4.0; common: what every edition has.',
  }),
})

/** All of it, oldest first. */
const EVERYTHING = { order: 'earliest_first', after: null, limit: 1000 } as const

/**
 * The entries of one meter. The months are read twice: a ReadingType, which stands first and has one multiplier, is about all of them.
 * Should a month come between that needs another one, the feed ends in a RangeError and not in a wrong number.
 */
async function* entriesOf(call: Call, meter: AskedMeter): AsyncGenerator<WrittenEntry> {
  const channels = new Map<string, ChannelFacts>()
  let updated = 0
  for await (const { row, blocks } of readAllMonths(call, EVERYTHING, [meter])) {
    updated = Math.max(updated, momentOf(row.updated))
    for (const block of blocks) surveyChannel(channels, block)
  }
  const { authorizationUid, meterUid, facts, zone } = meter
  const place: FeedMeter = {
    ...{ authorizationUid, meterUid, facts, zone },
    base: `${call.deps.publicUrl}/DataCustodian/espi/1_1/resource`,
    updated: updated === 0 ? momentOf(call.deps.now()) : epochSeconds(updated),
  }
  yield* meterEntries(place, [...channels.values()])
  for await (const month of readAllMonths(call, EVERYTHING, [meter])) yield* monthEntries(place, month, channels)
  for await (const bills of readAllBills(call, EVERYTHING, [meter]))
    for (const { row } of bills) yield billEntry(place, row)
}

export const greenButtonFileEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/files/intervals_xml',
    summary: 'Readings and bills of one meter as Green Button XML',
    scope: 'read',
    query,
    answer: { mediaType: 'application/atom+xml' },
    async run(call) {
      const { edition, meters: uids } = parseParameters(query, call.query)
      if (uids !== null && uids.length > 1) throw invalidParam('meters', 'must name one meter')
      const {
        meters: [meter],
      } = await askForData({ ...call, query: { ...call.query, authorizations: undefined } })
      if (!meter) throw new Error('a meter was found and is gone')
      const self = `${call.deps.publicUrl}/api/v2/files/intervals_xml?meters=${meter.meterUid}`
      const head = { id: null, title: 'Green Button data', updated: momentOf(call.deps.now()), self }
      call.header('content-type', 'application/atom+xml; charset=utf-8')
      call.header('content-disposition', `attachment; filename="green_button_${meter.meterUid}.xml"`)
      const pieces = writeFeed({ ...head, side: 'usage', edition }, entriesOf(call, meter))
      return Readable.from(pieces, { objectMode: false, highWaterMark: 1 })
    },
  },
]
