import { Readable } from 'node:stream'

import { z } from 'zod'

import { writeFeed, type WrittenEntry } from '../espi/write/write-feed.ts'
import { invalidParam } from './api-error.ts'
import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { parseParameters } from './parameters.ts'
import { readAllBills } from './read-all-bills.ts'
import { readAllMonths } from './read-all-months.ts'
import { billEntry, meterEntries, momentOf, monthEntries } from './render/espi-feed.ts'
import { EVERYTHING, surveyMeter } from './survey-meter.ts'

const { meters, start, end } = dataQuery.shape
const query = z.object({
  ...{ meters, start, end },
  edition: z.enum(['recent', 'common'], 'must be recent or common').default('recent').meta({
    description: 'recent: all that we know, for readers of ESPI 3.3 and 4.0; common: what every edition has.',
  }),
})

async function* entriesOf(call: Call, meter: AskedMeter): AsyncGenerator<WrittenEntry> {
  const base = `${call.deps.publicUrl}/DataCustodian/espi/1_1/resource`
  const surveyed = await surveyMeter(call, meter, { base, now: call.deps.now() })
  yield* meterEntries(surveyed.place, [...surveyed.channels.values()])
  for await (const month of readAllMonths(call, EVERYTHING, [meter]))
    yield* monthEntries(surveyed.place, month, surveyed.channels)
  for await (const bills of readAllBills(call, EVERYTHING, [meter]))
    for (const { row } of bills) yield billEntry(surveyed.place, row)
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
