import type { Columns } from './series-block.ts'

/** Columns with, for each reading, the number of the raw feed that it came from. */
export type Sourced = { columns: Columns; source: Float64Array }

/** added, replaced: readings that are new, or took the place of another; lost: those that came from an older feed than what stands. */
type Told = { all: Sourced; added: number; replaced: number; lost: number }

/**
 * Merges readings into all that was told before, by start and length. Of two readings of one start and length the one with the
 * higher quality rank stands, of equal ranks the one of the later feed (the greater number, but for those of `later`, which were
 * written after this one and came first); a feed that is decoded again replaces its own. So any order, split or overlap of
 * feeds gives the same state. An equal reading of a later
 * feed only moves `source`. arePoints: each start has one, whatever its length.
 */
export function mergeTold(
  known: Sourced,
  told: Columns,
  { feed, arePoints, later }: { feed: number; arePoints: boolean; later?: ReadonlySet<number> | undefined },
): Told {
  if (known.source.length === 0 && known.columns.exponent >= told.exponent) return firstTold(known, told, feed)
  const exponent = Math.min(known.columns.exponent, told.exponent)
  const old = atExponent(known.columns, exponent)
  const next = atExponent(told, exponent)
  const out = emptyColumns(old.start.length + next.start.length, {
    ...{ exponent, currency: next.currency ?? old.currency, cost: old.cost ?? next.cost, tou: old.tou ?? next.tou },
  })
  const source = new Float64Array(out.start.length)
  // A day is told of a month: what lies before it and after it stays as it is.
  const first = positionOf(old.start, next.start[0] ?? Infinity)
  const last = Math.max(first, positionOf(old.start, (next.start.at(-1) ?? -Infinity) + 1))
  copyReadings(out, 0, sliceColumns(old, 0, first))
  source.set(known.source.subarray(0, first))
  let [added, replaced, lost, length] = [0, 0, 0, first]
  for (let i = first, j = 0; i < last || j < next.start.length; length++) {
    const order = compareRows(old, i, next, j, arePoints)
    let wins = order > 0
    if (wins) added++
    else if (order === 0) {
      const rank = (next.quality[j] ?? 0) - (old.quality[i] ?? 0)
      const equal = rank === 0 && isEqual(old, i, next, j)
      const was = known.source[i] ?? 0
      wins = rank > 0 || (rank === 0 && feed >= was && later?.has(was) !== true)
      if (wins && !equal) replaced++
      if (!wins && rank === 0 && !equal) lost++
    }
    if (wins) copyReading(out, length, next, j)
    else copyReading(out, length, old, i)
    source[length] = wins ? feed : (known.source[i] ?? 0)
    if (order <= 0) i++
    if (order >= 0) j++
  }
  copyReadings(out, length, sliceColumns(old, last, old.start.length))
  source.set(known.source.subarray(last), length)
  length += old.start.length - last
  const columns = withoutEmpty(sliceColumns(out, 0, length))
  return { all: { columns, source: source.subarray(0, length) }, added, replaced, lost }
}

/** Where nothing was told before, as in a first delivery, everything stands as it comes; no copy is made of it. */
function firstTold(known: Sourced, told: Columns, feed: number): Told {
  const added = told.start.length
  const columns = withoutEmpty({ ...told, currency: told.currency ?? known.columns.currency })
  return { all: { columns, source: new Float64Array(added).fill(feed) }, added, replaced: 0, lost: 0 }
}

/** Which of two readings comes first; past the end of a column nothing does. */
export function compareRows(a: Columns, i: number, b: Columns, j: number, arePoints = false): number {
  const [one, other] = [a.start[i] ?? Infinity, b.start[j] ?? Infinity]
  if (one !== other) return one < other ? -1 : 1
  return arePoints ? 0 : (a.duration[i] ?? 0) - (b.duration[j] ?? 0)
}

/** The chosen rows. */
export function pickRows({ columns, source }: Sourced, isPicked: (row: number) => boolean): Sourced {
  const rows = [...source.keys()].filter(isPicked)
  const out = emptyColumns(rows.length, columns)
  for (const [at, row] of rows.entries()) copyReading(out, at, columns, row)
  return { columns: withoutEmpty(out), source: Float64Array.from(rows, (row) => source[row] ?? 0) }
}

/** The same quantities in units of another exponent. */
export const atExponent = (columns: Columns, exponent: number): Columns => ({
  ...columns,
  exponent,
  value: rescale(columns.value, columns.exponent - exponent),
})

/** Columns to be filled; cost and time of use where the ones given have them, and nothing in them yet. */
export function emptyColumns(
  length: number,
  { exponent, currency, cost, tou }: Pick<Columns, 'exponent' | 'currency' | 'cost' | 'tou'>,
): Columns {
  return {
    exponent,
    start: new Float64Array(length),
    duration: new Uint32Array(length),
    value: new Float64Array(length),
    quality: new Uint8Array(length),
    cost: cost && new Float64Array(length).fill(Number.NaN),
    tou: tou && new Uint8Array(length),
    currency,
  }
}

export function copyReading(to: Columns, at: number, from: Columns, position: number): void {
  to.start[at] = from.start[position] ?? 0
  to.duration[at] = from.duration[position] ?? 0
  to.value[at] = from.value[position] ?? 0
  to.quality[at] = from.quality[position] ?? 0
  if (to.cost !== null && from.cost !== null) to.cost[at] = from.cost[position] ?? Number.NaN
  if (to.tou !== null && from.tou !== null) to.tou[at] = from.tou[position] ?? 0
}

/** All of some readings, to position `at`. */
function copyReadings(to: Columns, at: number, from: Columns): void {
  to.start.set(from.start, at)
  to.duration.set(from.duration, at)
  to.value.set(from.value, at)
  to.quality.set(from.quality, at)
  if (from.cost !== null) to.cost?.set(from.cost, at)
  if (from.tou !== null) to.tou?.set(from.tou, at)
}

export function isEqual(a: Columns, i: number, b: Columns, j: number): boolean {
  return (
    a.duration[i] === b.duration[j] &&
    a.value[i] === b.value[j] &&
    Object.is(a.cost?.[i] ?? Number.NaN, b.cost?.[j] ?? Number.NaN) &&
    (a.tou?.[i] ?? 0) === (b.tou?.[j] ?? 0)
  )
}

/** A column that no reading fills is null, so that the result does not tell how it came about. */
export function withoutEmpty(columns: Columns): Columns {
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
