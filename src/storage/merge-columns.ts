import type { Columns } from './series-block.ts'

/** Columns with, for each reading, the number of the raw feed that it came from. */
export type Sourced = { columns: Columns; source: Float64Array }

/** added: starts that were not known. changed: readings that another replaced. isSame: nothing is to be written at all. */
export type Merged = Sourced & { added: number; changed: number; isSame: boolean }

/**
 * Merges readings by their start. Of two readings of one start the one with the higher quality rank stands, of equal ranks
 * the one of the later feed (the greater number), whatever came first; a feed that is decoded again replaces its own.
 * So any order, split or overlap of feeds gives the same state. An equal reading of a later feed only moves `source`.
 */
export function mergeColumns(known: Sourced, told: Columns, feed: number): Merged {
  const exponent = Math.min(known.columns.exponent, told.exponent)
  const old = { ...known.columns, value: rescale(known.columns.value, known.columns.exponent - exponent) }
  const next = { ...told, value: rescale(told.value, told.exponent - exponent) }
  const picked: Pick[] = []
  let added = 0
  let changed = 0
  let moved = 0
  for (let i = 0, j = 0; i < old.start.length || j < next.start.length;) {
    const oldStart = old.start[i] ?? Infinity
    const nextStart = next.start[j] ?? Infinity
    if (oldStart < nextStart) {
      picked.push({ from: old, at: i, source: known.source[i] ?? 0 })
      i++
      continue
    }
    if (nextStart < oldStart) {
      picked.push({ from: next, at: j, source: feed })
      added++
      j++
      continue
    }
    const source = known.source[i] ?? 0
    const rank = (next.quality[j] ?? 0) - (old.quality[i] ?? 0)
    const wins = rank > 0 || (rank === 0 && feed >= source)
    const equal = rank === 0 && isEqual(old, i, next, j)
    if (wins && !equal) changed++
    if (wins && equal && feed > source) moved++
    picked.push(wins ? { from: next, at: j, source: feed } : { from: old, at: i, source })
    i++
    j++
  }
  const currency = next.currency ?? old.currency
  return { ...collect(picked, exponent, currency), added, changed, isSame: added + changed + moved === 0 }
}

type Pick = { from: Columns; at: number; source: number }

function isEqual(a: Columns, i: number, b: Columns, j: number): boolean {
  return (
    a.duration[i] === b.duration[j] &&
    a.value[i] === b.value[j] &&
    Object.is(a.cost?.[i] ?? Number.NaN, b.cost?.[j] ?? Number.NaN) &&
    (a.tou?.[i] ?? 0) === (b.tou?.[j] ?? 0)
  )
}

/** A column that no reading fills is null, so that the result does not tell how it came about. */
function collect(picked: Pick[], exponent: number, currency: string | null): Sourced {
  const cost = Float64Array.from(picked, ({ from, at }) => from.cost?.[at] ?? Number.NaN)
  const tou = Uint8Array.from(picked, ({ from, at }) => from.tou?.[at] ?? 0)
  const columns = {
    exponent,
    start: Float64Array.from(picked, ({ from, at }) => from.start[at] ?? 0),
    duration: Uint32Array.from(picked, ({ from, at }) => from.duration[at] ?? 0),
    value: Float64Array.from(picked, ({ from, at }) => from.value[at] ?? 0),
    quality: Uint8Array.from(picked, ({ from, at }) => from.quality[at] ?? 0),
    cost: cost.every(Number.isNaN) ? null : cost,
    tou: tou.every((code) => code === 0) ? null : tou,
    currency,
  }
  return { columns, source: Float64Array.from(picked, ({ source }) => source) }
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
