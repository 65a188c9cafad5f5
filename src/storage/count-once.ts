import { longerWins } from '../model/longer-wins.ts'
import type { Sourced } from './merge-columns.ts'

const HOUR = 3600
/** No bill and no index spans more; such a length is a fault and hides nothing. */
export const LONGEST = 400 * 86_400

/**
 * Which of all readings that were told of one channel are shown (1), so that the same usage in several lengths counts once;
 * the others stay beneath (0). A function of what was told alone, whatever came first.
 *
 * In: by start, then by length. Readings of about one length that overlap are two tellings of one: the better quality is
 * shown, then the later feed. Of a longer reading and shorter ones the rule of model/longer-wins.ts shows one, so
 * that nothing of two lengths is ever mixed inside one reading. The same rule as in one feed (normalize/overlaps.ts), except for wrong lengths, which only a feed as a whole can tell: an overlap that is small stands.
 */
export function countOnce(all: Sourced): Uint8Array {
  const { start } = all.columns
  const shown = new Uint8Array(start.length)
  for (let from = 0; from < start.length;) {
    let end = endOf(all, from)
    let to = from + 1
    for (; to < start.length && (start[to] ?? 0) < end; to++) end = Math.max(end, endOf(all, to))
    if (to === from + 1) shown[from] = 1
    else for (const row of weigh(all, from, to)) shown[row] = 1
    from = to
  }
  return shown
}

/** True when a reading ends after the next one begins. */
export function overlaps({ start, duration }: Sourced['columns']): boolean {
  for (let row = 1; row < start.length; row++)
    if ((start[row - 1] ?? 0) + Math.max(1, duration[row - 1] ?? 0) > (start[row] ?? 0)) return true
  return false
}

const startOf = ({ columns }: Sourced, row: number): number => columns.start[row] ?? 0
const qualityOf = ({ columns }: Sourced, row: number): number => columns.quality[row] ?? 0
/** What has no length is a moment. */
const lengthOf = ({ columns }: Sourced, row: number): number => Math.max(1, columns.duration[row] ?? 0)
const endOf = (all: Sourced, row: number): number => startOf(all, row) + lengthOf(all, row)
const toldOf = (all: Sourced, row: number) => ({
  start: startOf(all, row),
  end: endOf(all, row),
  quality: qualityOf(all, row),
})

/** Of readings that hang together, those to show, by start: from the shortest lengths to the longest. */
function weigh(all: Sourced, from: number, to: number): number[] {
  const rows = Array.from({ length: to - from }, (_, at) => from + at).toSorted(
    (a, b) => lengthOf(all, a) - lengthOf(all, b) || a - b,
  )
  let shown: number[] = []
  for (let at = 0; at < rows.length;) {
    const shortest = lengthOf(all, rows[at] ?? 0)
    let next = at
    while (next < rows.length && lengthOf(all, rows[next] ?? 0) < 1.5 * shortest) next++
    const level = rows.slice(at, next).toSorted((a, b) => a - b)
    shown = weighLengths(all, shown, bestOf(all, level))
    at = next
  }
  return shown
}

/** Two readings overlap by more than a clock that was changed, or a second too much, explains. */
function tellsTwice(all: Sourced, a: number, b: number): boolean {
  const overlap = Math.min(endOf(all, a), endOf(all, b)) - Math.max(startOf(all, a), startOf(all, b))
  return overlap > HOUR || 3 * overlap > Math.min(lengthOf(all, a), lengthOf(all, b))
}

/** Of readings of about one length, ascending, those to show: the best first, and what does not tell the same again. */
function bestOf(all: Sourced, level: number[]): number[] {
  if (!level.some((row, at) => at > 0 && tellsTwice(all, level[at - 1] ?? row, row))) return level
  const best: number[] = []
  for (const row of level.toSorted((a, b) => compareWorth(all, a, b))) {
    const at = positionIn(best, row)
    // The lengths are alike, so that only close neighbors can tell the same.
    if (!best.slice(Math.max(0, at - 2), at + 3).some((one) => tellsTwice(all, one, row))) best.splice(at, 0, row)
  }
  return best
}

function compareWorth(all: Sourced, a: number, b: number): number {
  return (
    qualityOf(all, b) - qualityOf(all, a) ||
    (all.source[b] ?? 0) - (all.source[a] ?? 0) ||
    lengthOf(all, a) - lengthOf(all, b) ||
    a - b
  )
}

/** The place of a row among ascending ones; rows ascend as their starts do. */
function positionIn(rows: readonly number[], row: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle] ?? Infinity) < row) low = middle + 1
    else high = middle
  }
  return low
}

/** Each longer reading against the shorter ones in it; all by start. */
function weighLengths(all: Sourced, shorter: readonly number[], longer: readonly number[]): number[] {
  if (shorter.length === 0) return longer.filter((row) => lengthOf(all, row) <= LONGEST)
  const out = new Set<number>()
  let first = 0
  for (const row of longer) {
    while (first < shorter.length && endOf(all, shorter[first] ?? 0) <= startOf(all, row)) first++
    const inside: number[] = []
    for (let at = first; at < shorter.length && startOf(all, shorter[at] ?? 0) < endOf(all, row); at++) {
      const one = shorter[at] ?? 0
      if (!out.has(one) && tellsTwice(all, one, row)) inside.push(one)
    }
    const isStaying =
      lengthOf(all, row) <= LONGEST &&
      longerWins(
        toldOf(all, row),
        inside.map((one) => toldOf(all, one)),
      )
    if (isStaying) for (const one of inside) out.add(one)
    else out.add(row)
  }
  return [...shorter, ...longer].filter((row) => !out.has(row)).toSorted((a, b) => a - b)
}
