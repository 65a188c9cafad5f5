import { type ContentKind, type Entry, isContentKind, type WireFeed } from '../espi/entry.ts'
import { FeedRejected } from '../espi/errors.ts'
import { parseBytes } from '../espi/parse.ts'
import { sumColumn } from '../espi/readings.ts'
import { RESOURCES } from '../espi/resources.ts'
import { type Reading, resolveLinks, type Summary, type UsagePointTree } from '../espi/resolve-links.ts'
import type { Warning } from '../model/decoded-feed.ts'
import { normalizeFeed } from '../normalize/normalize-feed.ts'
import { addExact, type Exact, formatExact, parseExact } from '../units/exact.ts'
import { measureTimes, type Times } from './inspect-times.ts'

/** What one file holds, as sent: nothing repaired, scaled, ordered or left out. The names are the JSON's. */
export type InspectReport = {
  file: string
  ok: boolean
  error: { code: string; message: string; offset: number } | null
  warnings: Warning[]
  entries: number
  resources: Record<string, number>
  series: SeriesReport[]
  bills: BillReport[]
}

export type SeriesReport = {
  usage_point: string | null
  reading_type: string | null
  uom: number | null
  power_of_ten_multiplier: number | null
  flow_direction: number | null
  commodity: number | null
  interval_length: number | null
  readings: number
  sum_raw: string
  cost_sum_raw: string | null
} & Times

export type BillReport = {
  usage_point: string | null
  start: number | null
  end: number | null
  bill_last_period: string | null
  consumption: string | null
  lines: number
  lines_sum: string
}

const KINDS: ContentKind[] = ['IntervalBlock', ...Object.keys(RESOURCES)].filter(isContentKind)

/** Reads a file's bytes into a report. A file that cannot be read is `ok: false` with the reason; nothing is thrown. */
export function inspectBytes(file: string, bytes: Uint8Array): InspectReport {
  try {
    return describe(file, parseBytes(bytes))
  } catch (error) {
    if (!(error instanceof FeedRejected)) throw error
    return rejected(file, { code: error.code, message: error.message, offset: error.offset })
  }
}

/** The report of a file that is no Green Button file. */
export function rejected(file: string, error: { code: string; message: string; offset: number }): InspectReport {
  return { file, ok: false, error, warnings: [], entries: 0, resources: countResources([]), series: [], bills: [] }
}

function describe(file: string, feed: WireFeed): InspectReport {
  const { usagePoints } = resolveLinks(feed.entries)
  return {
    file,
    ok: true,
    error: null,
    warnings: findWarnings(feed),
    entries: new Set(feed.entries.filter(({ bare }) => !bare).map(({ startOffset }) => startOffset)).size,
    resources: countResources(feed.entries),
    series: usagePoints.flatMap((tree) =>
      tree.readings.filter(({ blocks }) => blocks.length > 0).map((reading) => describeSeries(tree, reading)),
    ),
    bills: usagePoints.flatMap((tree) => tree.summaries.map((summary) => describeBill(tree, summary))),
  }
}

function countResources(entries: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = { IntervalReading: 0 }
  for (const kind of KINDS) counts[kind] = 0
  const add = (name: string, count: number): void => void (counts[name] = (counts[name] ?? 0) + count)
  for (const { content, problem } of entries) {
    if (problem !== null) add(problem.kind, 1)
    else if (content?.kind === 'IntervalBlock') {
      add('IntervalBlock', content.value.blocks.length)
      add('IntervalReading', content.value.count)
    } else if (content !== null) add(content.kind, 1)
  }
  return counts
}

/** The file's own time zone is not known here, so that one check is left out. */
function findWarnings(feed: WireFeed): Warning[] {
  const options = { timezone: 'UTC', currency: 'USD', billPeriod: 'local-midnight' } as const
  const { warnings, quarantined } = normalizeFeed(feed.entries, options, feed.heads)
  const left = quarantined.map(({ code, message }) => ({ code: `entry_left_out_${code}`, count: 1, message }))
  return [...warnings.filter(({ code }) => code !== 'time_zone_differs'), ...left]
}

function describeSeries(tree: UsagePointTree, reading: Reading): SeriesReport {
  const { type, blocks } = reading
  const sums = (name: 'value' | 'cost'): Exact | null =>
    blocks.map(({ readings }) => sumColumn(readings, name)).reduce(addOrKeep, null)
  const cost = sums('cost')
  return {
    usage_point: tree.entry?.self ?? null,
    reading_type: reading.typeHref,
    uom: type?.uom ?? null,
    power_of_ten_multiplier: type?.powerOfTenMultiplier ?? null,
    flow_direction: type?.flowDirection ?? null,
    commodity: type?.commodity ?? null,
    interval_length: type?.intervalLength ?? null,
    readings: blocks.reduce((sum, { readings }) => sum + readings.count, 0),
    sum_raw: formatExact(sums('value') ?? ZERO),
    cost_sum_raw: cost === null ? null : formatExact(cost),
    ...measureTimes(reading),
  }
}

const ZERO: Exact = { digits: 0n, exponent: 0 }

function addOrKeep(sum: Exact | null, next: Exact | null): Exact | null {
  return sum === null ? next : next === null ? sum : addExact(sum, next)
}

function describeBill(tree: UsagePointTree, { value }: Summary): BillReport {
  const start = value.billingPeriod?.start ?? null
  const duration = value.billingPeriod?.duration ?? null
  const amounts = value.costAdditionalDetailLastPeriod.map(({ amount }) =>
    amount === null ? null : parseExact(amount),
  )
  return {
    usage_point: tree.entry?.self ?? null,
    start,
    end: start === null || duration === null ? null : start + duration,
    bill_last_period: value.billLastPeriod,
    consumption: value.overallConsumptionLastPeriod?.value ?? null,
    lines: amounts.length,
    lines_sum: formatExact(amounts.reduce(addOrKeep, null) ?? ZERO),
  }
}
