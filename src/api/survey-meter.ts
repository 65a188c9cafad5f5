import { epochSeconds } from '../units/epoch-seconds.ts'
import type { AskedMeter } from './data-query.ts'
import { readAllMonths } from './read-all-months.ts'
import type { Reading } from './read-months.ts'
import { type ChannelFacts, surveyChannel } from './render/espi-channel.ts'
import { type FeedMeter, momentOf } from './render/espi-feed.ts'

/** All of it, oldest first. */
export const EVERYTHING = { order: 'earliest_first', after: null, limit: 1000 } as const

/** What stands at the head of a meter's feed. */
export type SurveyedMeter = { place: FeedMeter; channels: Map<string, ChannelFacts> }

/**
 * Reads all months of a meter once, before they are told: a ReadingType, which stands first and has one multiplier, is about all of
 * them. Should a month come between that needs another one, the feed ends in a RangeError and not in a wrong number.
 * base: the address of all resources.
 */
export async function surveyMeter(
  reading: Reading,
  meter: AskedMeter,
  { base, now }: { base: string; now: Date },
): Promise<SurveyedMeter> {
  const channels = new Map<string, ChannelFacts>()
  let updated = 0
  for await (const { row, blocks } of readAllMonths(reading, EVERYTHING, [meter])) {
    updated = Math.max(updated, momentOf(row.updated))
    for (const block of blocks) surveyChannel(channels, block)
  }
  const { authorizationUid, meterUid, facts, zone } = meter
  const moment = updated === 0 ? momentOf(now) : epochSeconds(updated)
  return { place: { base, authorizationUid, meterUid, facts, zone, updated: moment }, channels }
}
