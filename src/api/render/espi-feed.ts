import { blank } from '../../espi/blank.ts'
import type { ContentKind } from '../../espi/entry.ts'
import { entryBelow } from '../../espi/write/entry-below.ts'
import type { WrittenEntry } from '../../espi/write/write-feed.ts'
import type { MeterFacts } from '../../model/meter.ts'
import { channelKey } from '../../model/series.ts'
import type { Uid } from '../../model/uid.ts'
import type { ListedBill } from '../../storage/list-bill-page.ts'
import type { ReadMonth } from '../read-months.ts'
import { type EpochSeconds, epochSeconds } from '../../units/epoch-seconds.ts'
import { monthStart } from '../../units/local-days.ts'
import { type ChannelFacts, channelId, readingTypeOf } from './espi-channel.ts'
import { SERVICE } from './espi-codes.ts'
import { localTimeOf } from './espi-local-time.ts'
import { type ReadingSpan, renderReadings } from './espi-readings.ts'
import { cut, renderSummary } from './espi-summary.ts'

/**
 * One meter's place in the tree of resources. base: the address of all resources, as utilityapi.md 10.2 has it; updated: when
 * anything of the meter changed last.
 */
export type FeedMeter = {
  base: string
  authorizationUid: Uid
  meterUid: Uid
  facts: MeterFacts
  zone: string
  updated: EpochSeconds
}

/** What every feed of a meter has: its usage point, its local time, and a MeterReading with its type for each channel. */
export function meterEntries(meter: FeedMeter, channels: readonly ChannelFacts[]): WrittenEntry[] {
  const about = (title: string) => ({ title, published: meter.updated, updated: meter.updated })
  const { base, authorizationUid, meterUid, zone } = meter
  const timeId = `TIMEZONE_${authorizationUid}_${meterUid}`
  const time = entryBelow(
    { parent: base, id: timeId },
    { kind: 'LocalTimeParameters', value: localTimeOf(zone, meter.updated) },
    about('Local time'),
  )
  const holds: ContentKind[] = ['MeterReading', 'UsageSummary']
  const point = entryBelow(
    { ...pointPlace(meter), holds, sees: [time.self] },
    { kind: 'UsagePoint', value: usagePointOf(meter, channels) },
    about('Usage point'),
  )
  return [point, time, ...channels.flatMap((facts) => channelEntries(meter, point.self, facts))]
}

function channelEntries(meter: FeedMeter, parent: string, facts: ChannelFacts): WrittenEntry[] {
  const { base, authorizationUid, meterUid, updated } = meter
  const id = channelId(facts.channel)
  const title = `${facts.channel.quantified} ${facts.channel.direction}`
  const about = { title, published: updated, updated }
  const type = entryBelow(
    { parent: base, id: `${authorizationUid}_${meterUid}_${id}` },
    { kind: 'ReadingType', value: readingTypeOf(facts) },
    about,
  )
  const value = blank('MeterReading')
  const place = { parent, id, holds: ['IntervalBlock'], sees: [type.self] } as const
  return [entryBelow(place, { kind: 'MeterReading', value }, about), type]
}

/**
 * The readings of one month, an entry for each channel with a block for each local day. Its id is that of its first moment, so that a
 * month that has grown replaces what it was.
 */
export function monthEntries(
  meter: FeedMeter,
  { row, blocks, context }: Pick<ReadMonth, 'row' | 'blocks'> & { context: ReadingSpan },
  channels: ReadonlyMap<string, ChannelFacts>,
): WrittenEntry[] {
  const id = String(monthStart(row.month, meter.zone))
  const about = { title: 'Readings', published: momentOf(row.created), updated: momentOf(row.updated) }
  return blocks.flatMap((block) => {
    const facts = channels.get(channelKey(block.channel))
    const value = facts ? renderReadings(block, facts, context) : null
    if (!facts || !value) return []
    const parent = `${pointAddress(meter)}/MeterReading/${encodeURIComponent(channelId(facts.channel))}`
    return [entryBelow({ parent, id }, { kind: 'IntervalBlock', value }, about)]
  })
}

export function billEntry(meter: FeedMeter, { billUid, facts, created, updated }: ListedBill): WrittenEntry {
  const about = { title: 'Bill', published: momentOf(created), updated: momentOf(updated) }
  const place = { parent: pointAddress(meter), id: billUid }
  return entryBelow(place, { kind: 'UsageSummary', value: renderSummary(facts) }, about)
}

function pointPlace({ base, authorizationUid, meterUid }: FeedMeter) {
  return { parent: `${base}/Subscription/${authorizationUid}`, id: meterUid }
}

function pointAddress(meter: FeedMeter): string {
  const { parent, id } = pointPlace(meter)
  return `${parent}/UsagePoint/${id}`
}

/** A moment of the platform in whole seconds. */
export function momentOf(date: Date): EpochSeconds {
  return epochSeconds(Math.floor(date.getTime() / 1000))
}

function usagePointOf({ facts }: FeedMeter, [first]: readonly ChannelFacts[]) {
  const commodity = facts.commodity ?? first?.channel.commodity ?? null
  const kind = commodity === null ? null : (SERVICE[commodity] ?? null)
  const tariffProfile = cut(facts.serviceTariff)
  return {
    ...blank('UsagePoint'),
    ServiceCategory: kind === null ? null : { kind },
    status: facts.status === 'active' ? 1 : facts.status === 'inactive' ? 0 : null,
    serviceDeliveryPoint:
      tariffProfile === null ? null : { name: null, tariffProfile, customerAgreement: null, tariffRiderRefs: null },
    readCycle: cut(facts.readCycle),
  }
}
