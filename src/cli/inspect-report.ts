import { type ContentKind, type Entry, isContentKind } from '../espi/entry.ts'
import { FeedRejected } from '../espi/errors.ts'
import { RESOURCES } from '../espi/resources.ts'
import { resolveLinks, type Summary, type UsagePointTree } from '../espi/resolve-links.ts'
import type { Warning } from '../model/decoded-feed.ts'
import { normalizeFeed } from '../normalize/normalize-feed.ts'
import { formatExact, parseExact } from '../units/exact.ts'
import { type Contents, readContents, readingsOf } from './inspect-contents.ts'
import { addOrKeep, describeSeries, type Group, groupReadings, type SeriesReport, ZERO } from './inspect-series.ts'
import { FileUnreadable } from './open-file.ts'

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

export type BillReport = {
  usage_point: string | null
  start: number | null
  end: number | null
  bill_last_period: string | null
  consumption: string | null
  lines: number
  lines_sum: string
}

/** A report, with the readings behind its series for drawing them; empty where they were too many to keep. */
export type Inspected = { report: InspectReport; groups: Group[] }

/** Reads a body into a report. One that cannot be read is `ok: false` with the reason; only faults of ours are thrown. */
export async function inspectBody(file: string, source: AsyncIterable<Uint8Array> | Uint8Array): Promise<Inspected> {
  try {
    return describe(file, await readContents(source))
  } catch (error) {
    if (error instanceof FeedRejected) return rejected(file, error)
    if (error instanceof FileUnreadable) return rejected(file, { code: error.code, message: error.message, offset: 0 })
    throw error
  }
}

function rejected(file: string, { code, message, offset }: NonNullable<InspectReport['error']>): Inspected {
  const error = { code, message, offset }
  const nothing = { warnings: [], entries: 0, resources: countResources([]), series: [], bills: [] }
  return { report: { file, ok: false, error, ...nothing }, groups: [] }
}

function describe(file: string, contents: Contents): Inspected {
  const { entries, whole } = contents
  const { usagePoints } = resolveLinks(asSent(contents))
  const groups = groupReadings(usagePoints)
  const report = {
    file,
    ok: true,
    error: null,
    warnings: findWarnings(contents),
    entries: new Set(entries.filter(({ bare }) => !bare).map(({ startOffset }) => startOffset)).size,
    resources: countResources(entries),
    series: groups.map((group) => describeSeries(group, contents)),
    bills: usagePoints.flatMap((tree) => tree.summaries.map((summary) => describeBill(tree, summary))),
  }
  return { report, groups: whole ? groups : [] }
}

/** With what could be read of blocks that are left out elsewhere: what was sent is counted here. */
function asSent(contents: Contents): Entry[] {
  return contents.entries.map((entry) => {
    if (!entry.problem?.readings) return entry
    const shown: Entry = { ...entry, content: { kind: 'IntervalBlock', value: entry.problem.readings } }
    const sums = contents.sums.get(entry)
    if (sums !== undefined) contents.sums.set(shown, sums)
    return shown
  })
}

const FIRST: ContentKind[] = ['UsagePoint', 'MeterReading', 'ReadingType', 'IntervalBlock']
const NEXT: ContentKind[] = [
  'UsageSummary',
  'ElectricPowerUsageSummary',
  'LocalTimeParameters',
  'Authorization',
  'ApplicationInformation',
  'Customer',
  'CustomerAccount',
  'CustomerAgreement',
  'ServiceLocation',
  'Meter',
]
const REST = Object.keys(RESOURCES).filter(isContentKind)

function countResources(entries: readonly Entry[]): Record<string, number> {
  const names = [...FIRST, 'IntervalReading', ...NEXT, ...REST]
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]))
  const add = (name: string, count: number): void => void (counts[name] = (counts[name] ?? 0) + count)
  for (const entry of entries) {
    const readings = readingsOf(entry)
    const kind = entry.content?.kind ?? entry.problem?.kind
    if (readings !== null) {
      add('IntervalBlock', readings.blocks.length)
      add('IntervalReading', readings.count)
    } else if (kind !== undefined) add(kind, 1)
  }
  return counts
}

/** The file's own time zone is not known here, so that one check is left out. */
function findWarnings({ entries, whole }: Contents): Warning[] {
  const options = { timezone: 'UTC', currency: 'USD', billPeriod: 'local-midnight' } as const
  const checked = whole ? entries : entries.filter((entry) => readingsOf(entry) === null)
  const { warnings, quarantined } = normalizeFeed(checked, options)
  const left = new Map<string, Warning>()
  for (const { code, message } of quarantined) {
    const known = left.get(message) ?? { code: `entry_left_out_${code}`, count: 0, message }
    left.set(message, { ...known, count: known.count + 1 })
  }
  const unchecked = { code: 'readings_not_checked', count: 1, message: TOO_MANY }
  return [
    ...warnings.filter(({ code }) => code !== 'time_zone_differs'),
    ...left.values(),
    ...(whole ? [] : [unchecked]),
  ]
}

const TOO_MANY = 'The file has more than a million readings; they were counted and summed, not looked at for faults.'

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
