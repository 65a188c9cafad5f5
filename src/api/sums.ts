import { z } from 'zod'

import type { Channel } from '../model/series.ts'
import type { Tx } from '../storage/db.ts'
import { listMeterChannels } from '../storage/list-meter-blocks.ts'
import { sumDays, sumMonths } from '../storage/series-sums.ts'
import type { Exact } from '../units/exact.ts'
import { addLocalDays, midnightOf, monthOf, monthStart } from '../units/local-days.ts'
import { sumsAnswer } from './answers/sums.ts'
import { invalidParam } from './api-error.ts'
import { type AskedMeter, askForData, dataQuery } from './data-query.ts'
import type { Endpoint } from './endpoint.ts'
import { parseParameters } from './parameters.ts'
import { channelNumber, renderChannel } from './render/channel.ts'
import { localTimes } from './render/times.ts'

const METERS_LIMIT = 100
/** Days or months of one answer, over all meters and channels: some 6 MB. */
const PERIODS_LIMIT = 50_000
const MONTHS_END = 2200 * 12

const { authorizations, meters, start, end } = dataQuery.shape
const query = z.object({
  ...{ authorizations, meters, start, end },
  by: z.enum(['day', 'month'], 'must be day or month').default('month'),
})

type Period = { channel: string; starts: number; ends: number; readings: number; total: Exact }

/** Days or months that lie wholly in the span. A reading counts whole in the one in which it starts. */
async function readPeriods(tx: Tx, { span, zone }: AskedMeter, by: 'day' | 'month'): Promise<Period[]> {
  const { authorizationUid, meterUid, from, until } = span
  const months = {
    sinceMonth: from === null ? 0 : monthOf(from, zone),
    untilMonth: until === null ? MONTHS_END : monthOf(until, zone) + 1,
  }
  const periods =
    by === 'month'
      ? (await sumMonths(tx, authorizationUid, meterUid, months)).map(({ month, ...sum }) => {
          return { ...sum, starts: monthStart(month, zone), ends: monthStart(month + 1, zone) }
        })
      : (await sumDays(tx, authorizationUid, meterUid, { ...months, zone })).map(({ date, ...sum }) => {
          const starts = midnightOf(date, zone)
          return { ...sum, starts, ends: addLocalDays(starts, 1, zone) }
        })
  return periods.filter(({ starts, ends }) => (from === null || starts >= from) && (until === null || ends <= until))
}

function render(meter: AskedMeter, periods: readonly Period[], channels: ReadonlyMap<string, Channel>) {
  const local = localTimes(meter.zone)
  return {
    meter_uid: meter.meterUid,
    authorization_uid: meter.authorizationUid,
    utility: meter.utility,
    timezone: meter.zone,
    channels: [...channels].flatMap(([key, channel]) => {
      // A sum of demands, powers or register readings means nothing.
      if (channel.quantified !== 'energy' && channel.quantified !== 'volume') return []
      const mine = periods.filter((period) => period.channel === key)
      const told = mine.map(({ starts, ends, readings, total }) => {
        return { start: local(starts), end: local(ends), readings, total: channelNumber(total, channel) }
      })
      return told.length === 0 ? [] : [{ ...renderChannel(channel), periods: told }]
    }),
  }
}

export const sumEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/sums',
    summary: "Sums readings of meters by day or month of the utility's calendar",
    scope: 'read',
    query,
    answer: sumsAnswer,
    async run(call) {
      const { deps, companyUid } = call
      const { by } = parseParameters(query, call.query)
      const asked = (await askForData(call)).meters
      if (asked.length > METERS_LIMIT) throw invalidParam('meters', `has more than ${METERS_LIMIT} meters`)
      const sums = []
      let count = 0
      for (const meter of asked) {
        const { periods, channels } = await deps.db.readCompany(companyUid, async (tx) => ({
          periods: await readPeriods(tx, meter, by),
          channels: await listMeterChannels(tx, meter),
        }))
        count += periods.length
        if (count > PERIODS_LIMIT)
          throw invalidParam('start', `the answer has more than ${PERIODS_LIMIT} ${by}s; ask for less`)
        sums.push(render(meter, periods, channels))
      }
      return { sums, by }
    },
  },
]
