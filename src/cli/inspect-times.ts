import type { Reading } from '../espi/resolve-links.ts'

/** start, end: epoch seconds. Counts over the readings by time: holes, starts inside an earlier reading, starts seen before. */
export type Times = {
  start: number | null
  end: number | null
  gaps: number
  overlaps: number
  repeated_starts: number
}

/** Readings that have a time, in columns of which the first `count` rows count; value is NaN where missing. */
export type Spans = { count: number; start: Float64Array; end: Float64Array; value: Float64Array }

/**
 * Counts over spans in the order of their starts: a repeated start is that of the one before; an overlap is another start before
 * the latest end so far; a gap is a start after it. Readings without a length (register reads) have no gap after them.
 */
export function measureTimes(spans: Spans): Times {
  const { start, end } = spans
  const order = inOrder(spans)
  const times: Times = { start: null, end: null, gaps: 0, overlaps: 0, repeated_starts: 0 }
  let previous = -1
  let reach = -Infinity
  for (const row of order) {
    const from = start[row] ?? NaN
    const before = start[previous] ?? NaN
    if (from === before) times.repeated_starts++
    else if (from < reach) times.overlaps++
    else if (from > reach && (end[previous] ?? NaN) > before) times.gaps++
    reach = Math.max(reach, end[row] ?? NaN)
    previous = row
  }
  if (order.length > 0) {
    times.start = start[order[0] ?? 0] ?? null
    times.end = reach
  }
  return times
}

/** Rows by start, then end. */
function inOrder({ count, start, end }: Spans): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row)
  const compare = (a: number, b: number): number =>
    (start[a] ?? NaN) - (start[b] ?? NaN) || (end[a] ?? NaN) - (end[b] ?? NaN)
  for (let row = 1; row < count; row++) if (compare(row - 1, row) > 0) return order.sort(compare)
  return order
}

/**
 * Every reading that has a time, in feed order. One without a time stands at its place in the block; one without a duration has
 * the type's interval length.
 */
export function readSpans(some: readonly Reading[]): Spans {
  const most = some.flatMap(({ blocks }) => blocks).reduce((sum, { readings }) => sum + readings.count, 0)
  const column = (): Float64Array => new Float64Array(most)
  const spans: Spans = { count: 0, start: column(), end: column(), value: column() }
  for (const reading of some) addSpans(spans, reading)
  return spans
}

function addSpans(spans: Spans, { blocks, type }: Reading): void {
  const length = type?.intervalLength ?? null
  for (const { readings } of blocks) {
    for (const block of readings.blocks) {
      for (let row = block.from; row < block.to; row++) {
        const own = readings.start[row] ?? NaN
        const start =
          Number.isNaN(own) && block.start !== null && length !== null ? block.start + (row - block.from) * length : own
        if (Number.isNaN(start)) continue
        const duration = readings.duration[row] ?? NaN
        const at = spans.count++
        spans.start[at] = start
        spans.end[at] = start + (Number.isNaN(duration) ? (length ?? 0) : duration)
        spans.value[at] = readings.value[row] ?? NaN
      }
    }
  }
}
