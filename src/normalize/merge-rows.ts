import type { Rows } from './read-rows.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * The rows to keep, by start ascending, each start once. Of several with one start the better quality stays, then the one
 * whose entry was updated later, then the later one in the feed: a utility's later delivery replaces its earlier one.
 */
export function mergeRows(rows: Rows, counts: WarningCounts): Uint32Array {
  const order = new Uint32Array(rows.count)
  for (let row = 0; row < rows.count; row++) order[row] = row
  if (!isAscending(rows)) order.sort((a, b) => at(rows.start, a) - at(rows.start, b) || a - b)
  let kept = 0
  for (const row of order) {
    const last = kept === 0 ? -1 : (order[kept - 1] ?? -1)
    if (last < 0 || rows.start[last] !== rows.start[row]) order[kept++] = row
    else {
      const same = rows.value[last] === rows.value[row] && rows.duration[last] === rows.duration[row]
      warn(counts, same ? 'repeated_starts' : 'conflicting_starts')
      if (wins(rows, row, last)) order[kept - 1] = row
    }
  }
  return order.slice(0, kept)
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
