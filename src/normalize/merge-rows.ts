import { alike, leaveOutNested } from './overlaps.ts'
import type { Rows } from './read-rows.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * The rows to keep, by start ascending, each start once. Of several with one start the better quality stays, then the one
 * whose entry was updated later, then the later one in the feed: a utility's later delivery replaces its earlier one. Readings
 * of different lengths are weighed by leaveOutNested; points in time (registers) have none. null: all, as they stand.
 */
export function mergeRows(rows: Rows, points: boolean, counts: WarningCounts): Uint32Array | null {
  const ascends = isAscending(rows)
  if (ascends && (points || !reachesOver(rows))) return null
  const order = new Uint32Array(rows.count)
  for (let row = 0; row < rows.count; row++) order[row] = row
  if (!ascends) order.sort((a, b) => at(rows.start, a) - at(rows.start, b) || a - b)
  const merged: number[] = []
  for (let from = 0; from < order.length;) {
    const start = at(rows.start, order[from] ?? -1)
    let to = from + 1
    while (to < order.length && at(rows.start, order[to] ?? -1) === start) to++
    if (to === from + 1) merged.push(order[from] ?? 0)
    else merged.push(...mergeOneStart(rows, order.subarray(from, to), points, counts))
    from = to
  }
  return Uint32Array.from(points ? merged : oneEach(rows, leaveOutNested(rows, merged, counts)))
}

/** One winner for each length that the readings of one start have, the longest first. */
function mergeOneStart(rows: Rows, some: Uint32Array, points: boolean, counts: WarningCounts): number[] {
  const winners: number[] = []
  for (const row of some) {
    const place = winners.findIndex((one) => points || alike(at(rows.duration, one), at(rows.duration, row)))
    const holder = winners[place]
    if (holder === undefined) {
      if (winners.length < MOST_LENGTHS) winners.push(row)
      continue
    }
    const same = rows.value[holder] === rows.value[row] && rows.duration[holder] === rows.duration[row]
    warn(counts, same ? 'repeated_starts' : 'conflicting_starts')
    if (wins(rows, row, holder)) winners[place] = row
  }
  return winners.sort((a, b) => at(rows.duration, b) - at(rows.duration, a))
}

/** Minutes to months are five lengths; a feed with more of them at one start is made to cost time. */
const MOST_LENGTHS = 16

/** After the lengths were weighed a start may still come twice where it was a length that was wrong: the shorter stays. */
function oneEach(rows: Rows, order: readonly number[]): number[] {
  return order.filter((row, index) => at(rows.start, order[index + 1] ?? -1) !== at(rows.start, row))
}

/** A reading that ends after the next one begins. */
function reachesOver(rows: Rows): boolean {
  for (let row = 1; row < rows.count; row++)
    if (at(rows.start, row - 1) + at(rows.duration, row - 1) > at(rows.start, row)) return true
  return false
}

const at = (column: Float64Array, row: number): number => column[row] ?? NaN

/** True when no start comes twice and none is out of order, as in most feeds. */
export function isAscending({ start, count }: Rows): boolean {
  for (let row = 1; row < count; row++) if (at(start, row) <= at(start, row - 1)) return false
  return true
}

function wins(rows: Rows, challenger: number, holder: number): boolean {
  const quality = (rows.quality[challenger] ?? 0) - (rows.quality[holder] ?? 0)
  if (quality !== 0) return quality > 0
  return at(rows.updated, challenger) >= at(rows.updated, holder)
}
