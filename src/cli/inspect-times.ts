import type { Reading } from '../espi/resolve-links.ts'

/** start, end: epoch seconds. Counts over the readings by time: holes, starts inside an earlier reading, starts seen before. */
export type Times = {
  start: number | null
  end: number | null
  gaps: number
  overlaps: number
  repeated_starts: number
}

/**
 * Counts over spans in the order of their starts: a repeated start is that of the one before; an overlap is another start before
 * the latest end so far; a gap is a start after it. Readings without a length (register reads) have no gap after them.
 */
export function measureTimes(some: readonly Span[]): Times {
  const spans = some.toSorted((a, b) => a.start - b.start || a.end - b.end)
  const times: Times = { start: spans[0]?.start ?? null, end: null, gaps: 0, overlaps: 0, repeated_starts: 0 }
  let previous: Span | undefined
  let reach = -Infinity
  for (const span of spans) {
    if (previous !== undefined && span.start === previous.start) times.repeated_starts++
    else if (previous !== undefined && span.start < reach) times.overlaps++
    else if (previous !== undefined && span.start > reach && previous.end > previous.start) times.gaps++
    reach = Math.max(reach, span.end)
    previous = span
  }
  if (spans.length > 0) times.end = reach
  return times
}

export type Span = { start: number; end: number; value: number }

/**
 * Every reading that has a time, in feed order; value is NaN where missing. One without a time stands at its place in the block;
 * one without a duration has the type's interval length.
 */
export function readSpans({ blocks, type }: Reading): Span[] {
  const length = type?.intervalLength ?? null
  const spans: Span[] = []
  for (const { readings } of blocks) {
    for (const block of readings.blocks) {
      for (let row = block.from; row < block.to; row++) {
        const own = readings.start[row] ?? NaN
        const start =
          Number.isNaN(own) && block.start !== null && length !== null ? block.start + (row - block.from) * length : own
        if (Number.isNaN(start)) continue
        const duration = readings.duration[row] ?? NaN
        spans.push({
          start,
          end: start + (Number.isNaN(duration) ? (length ?? 0) : duration),
          value: readings.value[row] ?? NaN,
        })
      }
    }
  }
  return spans
}
