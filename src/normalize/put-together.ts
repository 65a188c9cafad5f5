import type { Channel } from '../model/series.ts'
import { alike } from './overlaps.ts'
import { appendRows, rescaleRows, type Rows } from './read-rows.ts'
import { warn, type WarningCounts } from './warnings.ts'

/** One MeterReading in our words, before those of one channel are put together. */
export type Part = {
  channel: Channel
  rows: Rows
  intervalLength: number | null
  name: string | null
  /** Time of use, tier and critical peak of its type: one start in two of them is not one reading. */
  share: string
}

/** Joins the parts of one channel; those of one length that report at the same time stay apart. */
export function putTogether(parts: Part[], counts: WarningCounts): Part[] {
  if (parts.length < 2) return parts
  if (parts[0]?.channel.quantified === 'register')
    return interleave(parts) ? apart(parts, counts) : [join(parts, counts)]
  if (!overlap(parts)) return [join(parts, counts)]
  const finest = Math.min(...parts.map(typicalDuration))
  const fine = parts.filter((part) => alike(typicalDuration(part), finest))
  if (fine.length < 2 || !overlap(fine)) return [join(parts, counts)]
  const coarse = parts.filter((part) => !fine.includes(part))
  warn(
    counts,
    'coarser_readings_left_out',
    coarse.reduce((sum, { rows }) => sum + rows.count, 0),
  )
  return apart(fine, counts)
}

/** A part's name is a number where two parts of one name would be taken for one. */
function apart(parts: Part[], counts: WarningCounts): Part[] {
  warn(counts, 'several_meters', parts.length)
  const names = parts.map(({ name }) => name)
  const unique = new Set(names).size === names.length
  return parts.map((part, index) => ({
    ...part,
    channel: { ...part.channel, part: (unique ? part.name : null) ?? String(index + 1) },
  }))
}

/** Two indexes that are read in turn are two registers; one that follows the other may be the same. */
function interleave(parts: Part[]): boolean {
  const spans = parts.map(({ rows }) => ({
    from: rows.start.subarray(0, rows.count).reduce((least, start) => Math.min(least, start), Infinity),
    to: rows.start.subarray(0, rows.count).reduce((most, start) => Math.max(most, start), -Infinity),
  }))
  spans.sort((a, b) => a.from - b.from)
  return spans.some(({ from }, index) => from <= (spans[index - 1]?.to ?? -Infinity))
}

function typicalDuration({ rows, intervalLength }: Part): number {
  const durations = rows.duration
    .slice(0, rows.count)
    .filter((value) => value > 0)
    .sort()
  return durations[durations.length >> 1] ?? intervalLength ?? 0
}

/** True when two parts cover one moment. A start in two parts with one value is the same reading sent twice. */
function overlap(parts: Part[]): boolean {
  const spans = parts.flatMap((part, index) =>
    Array.from({ length: part.rows.count }, (_, row) => {
      const start = part.rows.start[row] ?? 0
      const end = start + Math.max(1, part.rows.duration[row] || 1)
      return { index, start, end, value: part.rows.value[row], share: part.share }
    }),
  )
  spans.sort((a, b) => a.start - b.start)
  let open: (typeof spans)[number] | undefined
  for (const span of spans) {
    if (open !== undefined && !isSame(open, span) && span.index !== open.index && span.start < open.end) return true
    if (open === undefined || span.end > open.end) open = span
  }
  return false
}

type Told = { start: number; end: number; value: number | undefined; share: string }

function isSame(a: Told, b: Told): boolean {
  return a.start === b.start && a.end === b.end && a.value === b.value && a.share === b.share
}

/** One after the other, at the smaller of their exponents. */
function join(parts: Part[], counts: WarningCounts): Part {
  const [first, ...rest] = parts
  if (first === undefined) throw new RangeError('nothing to join')
  const exponent = Math.min(...parts.map(({ rows }) => rows.exponent))
  const scaled = (part: Part): Rows => rescaleRows(part.rows, exponent, counts)
  const rows = rest.reduce((sum, part) => appendRows(sum, scaled(part)), scaled(first))
  return { ...first, rows }
}
