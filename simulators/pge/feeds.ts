import { type Bill, billsOf } from '../world/bills.ts'
import { type Agreement, meterOn } from '../world/household.ts'
import { billedUntil, publishedDays, type Shared } from '../world/ledger.ts'
import { dayOf, midnight } from '../world/local-days.ts'
import { billedPeriods } from '../world/periods.ts'
import { dayReadings } from '../world/readings.ts'
import type { World } from '../world/world.ts'
import { isOpen, holds, type Window } from '../kit/window.ts'
import { usageSummaryEntry } from './summary-xml.ts'
import {
  type Block,
  type Channel,
  channelsOf,
  intervalBlockEntry,
  localTimeEntry,
  type Making,
  mappingsContent,
  mappingsEntry,
  meterReadingEntry,
  readingTypeEntry,
  usagePointEntry,
} from './usage-xml.ts'
import { feedEnd, feedStart } from './xml.ts'

/** Which part of an agreement's readings an answer holds. */
export type Selection = {
  window: Window
  updated: Window
  days: readonly number[]
  /** Days of single usage points in addition. */
  changed: Readonly<Record<string, readonly number[]>>
}

export const everything: Selection = {
  window: { min: null, max: null },
  updated: { min: null, max: null },
  days: [],
  changed: {},
}

/**
 * Whole-day blocks with a reading that starts in the window, both ends included, which is why a window that ends at
 * midnight brings the day after as well. Days listed in `days` come in addition.
 */
export function* blocksOf(
  world: World,
  shared: Shared,
  of: { channel: Channel; selection: Selection },
): Generator<Block> {
  const { channel, selection } = of
  const { agreement, flow, meter } = channel
  const { window, updated } = selection
  const days = [...selection.days, ...(selection.changed[agreement.id] ?? [])]
  const published = publishedDays(world, agreement, shared.asOf, shared.firstDay)
  const from = window.min === null ? published.from : Math.max(published.from, dayOf(window.min))
  const until = window.max === null ? published.until : Math.min(published.until, dayOf(window.max) + 1)
  const billed = billedUntil(agreement, shared.asOf)
  const wanted = new Set(days.filter((day) => day >= published.from && day < published.until))
  for (let day = from; day < until; day++) wanted.add(day)
  for (const day of [...wanted].sort((a, b) => a - b)) {
    if (meter !== null && meterOn(agreement, day) !== meter) continue
    const news = isOpen(updated) ? [] : changesOfDay(world, { agreement, day, asOf: shared.asOf })
    if (!isOpen(updated) && !news.some((at) => holds(updated, at))) continue
    const readings = dayReadings(world, agreement, { day, flow, asOf: shared.asOf, billed: day < billed })
    if (readings.starts.length === 0) continue
    if (!days.includes(day) && !readings.starts.some((start) => holds(window, start))) continue
    yield { channel, day, readings }
  }
}

/** The change log of a day: when it was published, billed and corrected. */
export function changesOfDay(
  world: World,
  { agreement, day, asOf }: { agreement: Agreement; day: number; asOf: number },
): number[] {
  const period = billedPeriods(agreement, asOf).find((p) => day >= p.start && day < p.end)
  const corrections = world.corrections.filter((c) => c.usagePoint === agreement.id && c.day === day && c.at <= asOf)
  return [midnight(day + world.lagDays), ...(period ? [period.issuedAt] : []), ...corrections.map((c) => c.at)]
}

/** The change log of a bill: when it was made, made again, and changed by a correction of its readings. */
const changesOfBill = (world: World, agreement: Agreement, { bill, asOf }: { bill: Bill; asOf: number }): number[] => [
  bill.period.issuedAt,
  ...world.rebills
    .filter((r) => r.usagePoint === agreement.id && r.periodStart === bill.period.start && r.at <= asOf)
    .map((r) => r.at),
  ...world.corrections
    .filter((c) => c.usagePoint === agreement.id && c.day >= bill.period.start && c.day < bill.period.end)
    .map((c) => c.at)
    .filter((at) => at <= asOf),
]

export type Part = { subscription: string; shared: Shared; agreements: readonly Agreement[] }

export const hasBlocks = (world: World, parts: readonly Part[], selection: Selection): boolean =>
  parts.some((part) =>
    part.agreements.some((agreement) =>
      channelsOf(agreement, false).some((channel) => !blocksOf(world, part.shared, { channel, selection }).next().done),
    ),
  )

/** A batch feed, piece by piece: time parameters, per usage point its channels, last the code mappings. */
export function* batchFeed(
  world: World,
  making: Making,
  options: { parts: readonly Part[]; selection: Selection; self: string; mappingsOutsideEntry: boolean },
): Generator<string> {
  yield feedStart('batch', { title: 'Green Button Usage Feed', self: options.self, ms: making.ms })
  yield localTimeEntry(making)
  for (const { subscription, shared, agreements } of options.parts) {
    for (const agreement of agreements) {
      for (const channel of channelsOf(agreement, making.places.withMeter)) {
        yield readingTypeEntry(making, agreement, channel.flow)
        if (channel.flow === 1) yield usagePointEntry(making, subscription, agreement)
        yield meterReadingEntry(making, subscription, channel)
        for (const block of blocksOf(world, shared, { channel, selection: options.selection }))
          yield intervalBlockEntry(making, subscription, block)
        yield '\n\t'
      }
    }
  }
  yield options.mappingsOutsideEntry ? mappingsContent() : mappingsEntry(making)
  yield feedEnd
}

/** Bills of one usage point whose period meets the window, newest first. */
export const summaryEntries = (
  world: World,
  making: Making,
  of: { part: Part; agreement: Agreement; selection: Selection; thousands: boolean },
): { id: string; text: string }[] => {
  const { window, updated } = of.selection
  const { asOf, firstDay = 0 } = of.part.shared
  return billsOf(world, of.agreement, asOf)
    .filter((bill) => bill.period.start >= firstDay)
    .filter(
      (bill) =>
        (window.max === null || midnight(bill.period.start) <= window.max) &&
        (window.min === null || midnight(bill.period.end) > window.min),
    )
    .filter((bill) => changesOfBill(world, of.agreement, { bill, asOf }).some((at) => holds(updated, at)))
    .reverse()
    .map((bill) => ({
      id: String(bill.period.issuedAt * 1000),
      text: usageSummaryEntry(making, of.part.subscription, {
        agreement: of.agreement,
        bill,
        costs: of.part.shared.costs,
        thousands: of.thousands,
      }),
    }))
}
