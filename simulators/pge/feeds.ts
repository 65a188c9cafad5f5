import { billsOf } from '../world/bills.ts'
import { type Agreement, flowsOf } from '../world/household.ts'
import { billedUntil, publishedDays, type Shared } from '../world/ledger.ts'
import { dayOf, midnight } from '../world/local-days.ts'
import { correctionOf, dayReadings } from '../world/readings.ts'
import type { World } from '../world/world.ts'
import { isOpen, holds, type Window } from '../kit/window.ts'
import { usageSummaryEntry } from './summary-xml.ts'
import {
  type Block,
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
export type Selection = { window: Window; updated: Window; days: readonly number[] }

export const everything: Selection = { window: { min: null, max: null }, updated: { min: null, max: null }, days: [] }

/**
 * Whole-day blocks with a reading that starts in the window, both ends included, which is why a window that ends at
 * midnight brings the day after as well. Days listed in `days` come in addition.
 */
export function* blocksOf(
  world: World,
  shared: Shared,
  of: { agreement: Agreement; flow: 1 | 19; selection: Selection },
): Generator<Block> {
  const { agreement, flow, selection } = of
  const { window, updated, days } = selection
  const published = publishedDays(world, agreement, shared.asOf)
  const from = window.min === null ? published.from : Math.max(published.from, dayOf(window.min))
  const until = window.max === null ? published.until : Math.min(published.until, dayOf(window.max) + 1)
  const billed = billedUntil(agreement, shared.asOf)
  const wanted = new Set(days.filter((day) => day >= published.from && day < published.until))
  for (let day = from; day < until; day++) wanted.add(day)
  for (const day of [...wanted].sort((a, b) => a - b)) {
    if (!isOpen(updated) && !holds(updated, updatedAt(world, { agreement, day, asOf: shared.asOf }))) continue
    const readings = dayReadings(world, agreement, { day, flow, asOf: shared.asOf, billed: day < billed })
    if (readings.starts.length === 0) continue
    if (!days.includes(day) && !readings.starts.some((start) => holds(window, start))) continue
    yield { agreement, flow, day, readings }
  }
}

/** When PG&E last had something new to say about a day: published, billed or corrected. */
function updatedAt(
  world: World,
  { agreement, day, asOf }: { agreement: Agreement; day: number; asOf: number },
): number {
  const bill = billsOf(world, agreement, asOf).find((b) => day >= b.period.start && day < b.period.end)
  return Math.max(
    midnight(day + world.lagDays),
    bill?.period.issuedAt ?? 0,
    correctionOf(world, agreement, day, asOf)?.at ?? 0,
  )
}

export type Part = { subscription: string; shared: Shared; agreements: readonly Agreement[] }

export const hasBlocks = (world: World, parts: readonly Part[], selection: Selection): boolean =>
  parts.some((part) =>
    part.agreements.some((agreement) =>
      flowsOf(agreement).some((flow) => !blocksOf(world, part.shared, { agreement, flow, selection }).next().done),
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
      for (const flow of flowsOf(agreement)) {
        yield readingTypeEntry(making, agreement, flow)
        if (flow === 1) yield usagePointEntry(making, subscription, agreement)
        yield meterReadingEntry(making, subscription, { agreement, flow })
        for (const block of blocksOf(world, shared, { agreement, flow, selection: options.selection }))
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
  return billsOf(world, of.agreement, of.part.shared.asOf)
    .filter(
      (bill) =>
        (window.max === null || midnight(bill.period.start) <= window.max) &&
        (window.min === null || midnight(bill.period.end) > window.min),
    )
    .filter((bill) => holds(updated, bill.updatedAt))
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
