import { type Channel, channelKey, QUALITY } from '../../model/series.ts'
import { gapsBetween, type Span, spansOf, unionOf } from '../../storage/coverage.ts'
import type { TracedBlock } from '../../storage/list-meter-blocks.ts'
import { addLocalDays, localDate, localMidnight } from '../../units/local-days.ts'
import { renderChannel } from './channel.ts'
import { localTimes } from './times.ts'

/** All months of one channel. covered: what its readings cover, epoch seconds. */
export type WholeChannel = { channel: Channel; blocks: TracedBlock[]; covered: Span[] }

const GAPS_LIMIT = 100
const HOUR = 3600
const NAMES = Object.entries(QUALITY)

/** The blocks of a meter by channel. */
export function wholeChannels(blocks: readonly TracedBlock[]): WholeChannel[] {
  const byKey = Map.groupBy(blocks, ({ channel }) => channelKey(channel))
  return [...byKey.values()].flatMap((mine) => {
    const [first] = mine
    const covered = unionOf(mine.flatMap(({ columns }) => spansOf(columns.start, columns.duration)))
    return first && covered.length > 0 ? [{ channel: first.channel, blocks: mine, covered }] : []
  })
}

/** Coverage, gaps, qualities and days of a clock change of one channel. */
export function renderChannelQuality({ channel, blocks, covered }: WholeChannel, zone: string) {
  const local = localTimes(zone)
  const [starts, ends] = [covered[0]?.[0] ?? 0, covered.at(-1)?.[1] ?? 0]
  const gaps = gapsBetween(covered)
  const qualities = countQualities(blocks)
  const readings = blocks.reduce((sum, { columns }) => sum + columns.start.length, 0)
  return {
    ...renderChannel(channel),
    start: local(starts),
    end: local(ends),
    readings,
    covered_share: share(covered, [starts, ends]),
    gap_count: gaps.length,
    gaps: gaps.slice(0, GAPS_LIMIT).map(([from, to]) => ({ start: local(from), end: local(to) })),
    estimated_share: (qualities['estimated'] ?? 0) / readings,
    qualities,
    clock_changes: clockChanges(covered, [starts, ends], zone),
  }
}

function countQualities(blocks: readonly TracedBlock[]): Record<string, number> {
  const counts = new Map<number, number>()
  for (const { columns } of blocks)
    for (const quality of columns.quality) counts.set(quality, (counts.get(quality) ?? 0) + 1)
  return Object.fromEntries(NAMES.flatMap(([name, rank]) => (counts.has(rank) ? [[name, counts.get(rank) ?? 0]] : [])))
}

/** How much of a span is covered, 0 to 1. */
export function share(covered: readonly Span[], span: Span): number {
  return secondsWithin(covered, span) / (span[1] - span[0])
}

function secondsWithin(covered: readonly Span[], [from, to]: Span): number {
  return covered.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0)
}

function clockChanges(covered: readonly Span[], [from, to]: Span, zone: string) {
  const days = []
  for (let day: number = localMidnight(from, zone); day < to;) {
    const next = addLocalDays(day, 1, zone)
    const hours = (next - day) / HOUR
    if (hours !== 24) {
      const coveredHours = secondsWithin(covered, [day, next]) / HOUR
      days.push({ date: localDate(day, zone), hours, covered_hours: coveredHours, is_complete: coveredHours === hours })
    }
    day = next
  }
  return days
}
