import type { Columns } from './series-block.ts'

/** Columns with, for each reading, the number of the raw feed that it came from. */
export type Sourced = { columns: Columns; source: Float64Array }

/**
 * added: starts that were not known. changed: readings that another replaced. lost: readings that were told by an older feed
 * than the ones that stand. isSame: nothing was added or replaced.
 */
export type Merged = Sourced & { added: number; changed: number; lost: number; isSame: boolean }

/**
 * Merges readings by their start. Of two readings of one start the one with the higher quality rank stands, of equal ranks
 * the one of the later feed (the greater number), whatever came first; a feed that is decoded again replaces its own.
 * So any order, split or overlap of feeds gives the same state. An equal reading of a later feed only moves `source`.
 */
export function mergeColumns(known: Sourced, told: Columns, feed: number): Merged {
  const exponent = Math.min(known.columns.exponent, told.exponent)
  const old = { ...known.columns, value: rescale(known.columns.value, known.columns.exponent - exponent) }
  const next = { ...told, value: rescale(told.value, told.exponent - exponent) }
  const out = emptyColumns(old.start.length + next.start.length, { exponent, currency: next.currency ?? old.currency })
  const source = new Float64Array(out.start.length)
  let [added, changed, lost, length] = [0, 0, 0, 0]
  for (let i = 0, j = 0; i < old.start.length || j < next.start.length; length++) {
    const oldStart = old.start[i] ?? Infinity
    const nextStart = next.start[j] ?? Infinity
    let wins = nextStart < oldStart
    if (wins) added++
    else if (oldStart === nextStart) {
      const rank = (next.quality[j] ?? 0) - (old.quality[i] ?? 0)
      const equal = rank === 0 && isEqual(old, i, next, j)
      wins = rank > 0 || (rank === 0 && feed >= (known.source[i] ?? 0))
      if (wins && !equal) changed++
      if (!wins && rank === 0 && !equal) lost++
    }
    if (wins) copyReading(out, length, next, j)
    else copyReading(out, length, old, i)
    source[length] = wins ? feed : (known.source[i] ?? 0)
    if (oldStart <= nextStart) i++
    if (nextStart <= oldStart) j++
  }
  const columns = withoutEmpty(sliceColumns(out, 0, length))
  return { columns, source: source.subarray(0, length), added, changed, lost, isSame: added + changed === 0 }
}

/** Columns to be filled; no cost and no time of use until a reading has one. */
function emptyColumns(length: number, { exponent, currency }: Pick<Columns, 'exponent' | 'currency'>): FullColumns {
  return {
    exponent,
    start: new Float64Array(length),
    duration: new Uint32Array(length),
    value: new Float64Array(length),
    quality: new Uint8Array(length),
    cost: new Float64Array(length).fill(Number.NaN),
    tou: new Uint8Array(length),
    currency,
  }
}

type FullColumns = Columns & { cost: Float64Array; tou: Uint8Array }

function copyReading(to: FullColumns, at: number, from: Columns, position: number): void {
  to.start[at] = from.start[position] ?? 0
  to.duration[at] = from.duration[position] ?? 0
  to.value[at] = from.value[position] ?? 0
  to.quality[at] = from.quality[position] ?? 0
  if (from.cost !== null) to.cost[at] = from.cost[position] ?? Number.NaN
  if (from.tou !== null) to.tou[at] = from.tou[position] ?? 0
}

function isEqual(a: Columns, i: number, b: Columns, j: number): boolean {
  return (
    a.duration[i] === b.duration[j] &&
    a.value[i] === b.value[j] &&
    Object.is(a.cost?.[i] ?? Number.NaN, b.cost?.[j] ?? Number.NaN) &&
    (a.tou?.[i] ?? 0) === (b.tou?.[j] ?? 0)
  )
}

/** A column that no reading fills is null, so that the result does not tell how it came about. */
function withoutEmpty(columns: Columns): Columns {
  const { cost, tou } = columns
  return {
    ...columns,
    cost: cost?.every(Number.isNaN) ? null : cost,
    tou: tou?.every((code) => code === 0) ? null : tou,
  }
}

/** The same quantities at an exponent that is smaller by `by`. Throws RangeError where that is not exact any more. */
export function rescale(value: Float64Array, by: number): Float64Array {
  if (by === 0) return value
  const factor = 10 ** by
  return value.map((unscaled) => {
    const scaled = unscaled * factor
    if (!Number.isSafeInteger(scaled)) throw new RangeError(`${unscaled} is too large to be scaled by 10 ** ${by}`)
    return scaled
  })
}

/** The readings from position `from` to `to` (exclusive), as views. */
export function sliceColumns(columns: Columns, from: number, to: number): Columns {
  return {
    ...columns,
    start: columns.start.subarray(from, to),
    duration: columns.duration.subarray(from, to),
    value: columns.value.subarray(from, to),
    quality: columns.quality.subarray(from, to),
    cost: columns.cost?.subarray(from, to) ?? null,
    tou: columns.tou?.subarray(from, to) ?? null,
  }
}

/** The position of the first reading at or after a moment. */
export function positionOf(start: Float64Array, moment: number): number {
  let low = 0
  let high = start.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((start[middle] ?? Infinity) < moment) low = middle + 1
    else high = middle
  }
  return low
}
