import { channelKey, type Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { usageOfRegisters } from '../normalize/registers.ts'
import type { Tx } from '../storage/db.ts'
import { positionOf, sliceColumns } from '../storage/merge-columns.ts'
import { readSeries } from '../storage/series.ts'

type Told = { meterUid: Uid; series: Series }

/** Two reads of an index that are further apart say nothing of either time. */
const REACH = 400 * 86_400

/**
 * Usage between reads of an index that came in different feeds: the last read of one window and the first of the next. Of
 * each index that was told and stored, with the reads that were known before and behind it; nothing where the feed
 * measures usage itself. Called after the indexes were merged.
 */
export async function bridgeRegisters(tx: Tx, authorizationUid: Uid, told: readonly Told[]): Promise<Told[]> {
  const bridges: Told[] = []
  for (const { meterUid, series } of told) {
    const { channel, start } = series
    const [first, last] = [start[0], start.at(-1)]
    if (channel.quantified !== 'register' || first === undefined || last === undefined) continue
    const others = told.flatMap((one) => (one.meterUid === meterUid ? [one.series] : []))
    if (isMeasured(others)) continue
    const known = await readSeries(tx, authorizationUid, meterUid, { from: first - REACH, to: last + REACH })
    const index = known.find((one) => channelKey(one.channel) === channelKey(channel))
    if (index === undefined) continue
    const from = Math.max(0, positionOf(index.start, first) - 1)
    const reads = { ...index, ...sliceColumns(index, from, positionOf(index.start, last) + 2) }
    bridges.push(...usageOfRegisters([reads], new Map()).map((usage) => ({ meterUid, series: usage })))
  }
  return bridges
}

/** True when there is usage among the series that is not the difference of reads among them. */
function isMeasured(series: readonly Series[]): boolean {
  const indexes = series.filter(({ channel }) => channel.quantified === 'register')
  const derived = usageOfRegisters(indexes, new Map()).map(hashOf)
  return series.some((one) => ['energy', 'volume'].includes(one.channel.quantified) && !derived.includes(hashOf(one)))
}

const hashOf = ({ channel, start, value }: Series): string =>
  `${channelKey(channel)} ${start.join(',')} ${value.join(',')}`
