import type { Entry, FeedHead, WireFeed } from '../espi/entry.ts'
import { resolveLinks, UNNAMED, type UsagePointTree } from '../espi/resolve-links.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import type { Series } from '../model/series.ts'
import type { EpochSeconds } from '../units/epoch-seconds.ts'
import { createRoom, type Room } from '../units/folded-column.ts'
import { normalizeBills } from './bills.ts'
import { readCustomers } from './customers.ts'
import { normalizeMeters } from './meters.ts'
import type { NormalizeOptions } from './options.ts'
import { checkPrices, checkUsage } from './plausibility.ts'
import { normalizeSeries } from './series.ts'
import { checkZone } from './time-zone.ts'
import { listWarnings, warn, type WarningCounts } from './warnings.ts'

/**
 * Everything that a feed says, in our words: meters, series, bills and billing accounts, with what was odd about it.
 *
 * Pure: the same entries give the same result. Units and multipliers are applied once, money never scaled; nothing is filled
 * in, net is never split or added. Faults that all utilities share are mended here and counted; one utility's own faults are
 * mended before, by its repairs. Entries that could not be read are listed in `quarantined`.
 */
export function normalizeFeed(
  entries: readonly Entry[],
  options: NormalizeOptions,
  heads: readonly FeedHead[] = [],
): DecodedFeed {
  const steps = normalizeInSteps({ heads: [...heads], entries: [...entries] }, options, AS_THEY_ARE)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * What is done to a usage point before its readings are normalized, and to each of its series then. room: memory for the columns
 * of its series, until they are closed.
 */
export type Handling<S> = {
  open: (tree: UsagePointTree) => UsagePointTree
  close: (series: Series) => S
  room: (tree: UsagePointTree) => Room
}
const AS_THEY_ARE: Handling<Series> = { open: (tree) => tree, close: (series) => series, room: createRoom }

/**
 * The same with a break when links are resolved and before each usage point, so that a caller can let other work have its turn,
 * and hold the readings of one usage point at a time.
 */
export function* normalizeInSteps<S>(
  { heads, entries }: WireFeed,
  options: NormalizeOptions,
  { open, close, room }: Handling<S>,
): Generator<undefined, DecodedFeed<S>, undefined> {
  const counts: WarningCounts = new Map()
  const { usagePoints, rules, ambiguous } = resolveLinks(entries)
  yield
  for (const [rule, count] of rules) if (rule !== 'standard' && rule !== 'none') warn(counts, `links_by_${rule}`, count)
  warn(counts, 'ambiguous_reading_type', ambiguous)
  const unnamed = usagePoints.filter(
    ({ key, readings, summaries }) => key === UNNAMED && readings.length + summaries.length > 0,
  )
  warn(counts, 'usage_point_unnamed', unnamed.length)
  countEntries(entries, counts)
  checkZone(entries, options.timezone, counts)
  const customers = readCustomers(entries)
  const series: S[] = []
  const implausible: WarningCounts = new Map()
  for (const tree of usagePoints) {
    yield
    for (const one of normalizeSeries(open(tree), { ...options, room: room(tree) }, counts)) {
      checkUsage(one, implausible)
      series.push(close(one))
    }
  }
  yield
  const bills = usagePoints.flatMap((tree) => normalizeBills(tree, options, counts))
  checkPrices(bills, implausible)
  for (const [code, count] of implausible) warn(counts, code, count)
  return {
    meters: normalizeMeters(usagePoints, customers.agreements),
    series,
    bills,
    billingAccounts: customers.billingAccounts,
    warnings: listWarnings(counts),
    quarantined: entries.flatMap(({ self, problem }) =>
      problem === null ? [] : [{ href: self, code: problem.code, message: problem.message }],
    ),
    updated: newest(heads) ?? newest(entries),
  }
}

function countEntries(entries: readonly Entry[], counts: WarningCounts): void {
  let empty = 0
  let unknown = 0
  for (const entry of entries) {
    if (entry.content === null && entry.problem === null) empty++
    for (const { count } of entry.unknown) unknown += count
  }
  warn(counts, 'entries_without_content', empty)
  warn(counts, 'unknown_elements', unknown)
}

function newest(items: readonly { updated: EpochSeconds | null }[]): EpochSeconds | null {
  let latest: EpochSeconds | null = null
  for (const { updated } of items) if (updated !== null && (latest === null || updated > latest)) latest = updated
  return latest
}
