import { blank } from '../../espi/blank.ts'
import type { Wire } from '../../espi/resources.ts'
import { type Channel, channelKey } from '../../model/series.ts'
import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import {
  ACCUMULATION,
  COMMODITY,
  currencyNumber,
  FLOW,
  measurementKind,
  QUALITY_CODES,
  unitCode,
} from './espi-codes.ts'

/**
 * What a ReadingType has to say of a channel, over all months. exponent: the least of the months, since there is one multiplier
 * for all of them. lengths: how many readings are how long. qualities: ranks that occur.
 */
export type ChannelFacts = {
  channel: Channel
  exponent: number
  lengths: Map<number, number>
  qualities: Set<number>
  currency: string | null
}

/** Adds what a month tells. */
export function surveyChannel(known: Map<string, ChannelFacts>, { channel, columns }: MonthBlock): void {
  const key = channelKey(channel)
  const facts = known.get(key) ?? {
    channel,
    exponent: Infinity,
    lengths: new Map<number, number>(),
    qualities: new Set<number>(),
    currency: null,
  }
  known.set(key, facts)
  facts.exponent = Math.min(facts.exponent, columns.exponent)
  facts.currency ??= columns.currency
  for (const length of columns.duration) facts.lengths.set(length, (facts.lengths.get(length) ?? 0) + 1)
  for (const quality of columns.quality) facts.qualities.add(quality)
}

/** The id of a channel's MeterReading: the same in every download, whatever its period. */
export function channelId({ commodity, direction, quantified, unit, part }: Channel): string {
  return [commodity, direction, quantified, unit, ...(part === undefined ? [] : [part])].join('-')
}

/** The quality of every reading of a channel in ESPI's number; null where they differ or one has none. */
export function commonQuality({ qualities }: ChannelFacts): number | null {
  const [only, ...others] = qualities
  return only === undefined || others.length > 0 ? null : (QUALITY_CODES[only] ?? null)
}

export function readingTypeOf(facts: ChannelFacts): Wire<'ReadingType'> {
  const { channel, exponent, currency } = facts
  const [usual] = [...facts.lengths].toSorted(([, a], [, b]) => b - a)
  return {
    ...blank('ReadingType'),
    accumulationBehaviour: ACCUMULATION[channel.quantified],
    commodity: COMMODITY[channel.commodity],
    currency: currencyNumber(currency),
    defaultQuality: commonQuality(facts),
    flowDirection: FLOW[channel.direction],
    intervalLength: usual === undefined || usual[0] === 0 ? null : usual[0],
    kind: measurementKind(channel),
    phase: 0,
    powerOfTenMultiplier: exponent,
    uom: unitCode(channel.unit),
  }
}
