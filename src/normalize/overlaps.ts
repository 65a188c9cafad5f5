import { longerWins } from '../model/longer-wins.ts'
import type { Rows } from './read-rows.ts'
import { warn, type WarningCounts } from './warnings.ts'

const HOUR = 3600
/** Readings looked at for each one that is there; months over days over hours over quarters take far fewer. */
const WORK = 64

/** True for two lengths of one kind: a day of 23 hours and one of 25, 899 seconds and 900; not an hour and a quarter of it. */
export function alike(a: number, b: number): boolean {
  return !(a > 0) || !(b > 0) || Math.max(a, b) < 1.5 * Math.min(a, b)
}

/** The most common length; 0 when none is given. */
export function mostCommon(duration: Float64Array): number {
  const seen = new Map<number, number>()
  for (const value of duration) if (value > 0) seen.set(value, (seen.get(value) ?? 0) + 1)
  let best = 0
  for (const [value, count] of seen) if (count > (seen.get(best) ?? 0)) best = value
  return best
}

/**
 * The same usage told in several lengths (hours and their quarters) counts once. order: rows by start, the longer first.
 *
 * Of a reading and the shorter ones within it the rule of model/longer-wins.ts leaves one. What only reaches into the next
 * reading is no second telling but a wrong length, which correctDurations sets right: also an hour too much (a clock that was
 * turned forward), or the one long reading among short ones.
 */
export function leaveOutNested(rows: Rows, order: readonly number[], counts: WarningCounts): number[] {
  const holders = order.flatMap((row, at) => (reachesOver(rows, order, at) ? [{ row, at }] : []))
  if (holders.length === 0) return [...order]
  const usual = mostCommon(rows.duration.subarray(0, rows.count))
  const lengths = countLengths(rows, order)
  const out = new Set<number>()
  let work = WORK * order.length
  for (const { row, at } of holders.sort((a, b) => length(rows, a.row) - length(rows, b.row) || b.at - a.at)) {
    const { inside, steps } = within(rows, order, at, { out, most: work })
    work -= steps
    if (inside !== null && (inside.length === 0 || isWrongLength(rows, row, inside, usual, lengths))) continue
    if (
      inside !== null &&
      longerWins(
        toldOf(rows, row),
        inside.map((one) => toldOf(rows, one)),
      )
    ) {
      warn(counts, 'finer_readings_left_out', inside.length)
      for (const one of inside) out.add(one)
    } else {
      if (inside !== null && sumOf(rows, inside) !== rows.value[row]) warn(counts, 'lengths_disagree')
      warn(counts, 'coarser_readings_left_out')
      out.add(row)
    }
  }
  return order.filter((row) => !out.has(row))
}

const startOf = (rows: Rows, row: number | undefined): number => rows.start[row ?? -1] ?? NaN
const length = (rows: Rows, row: number | undefined): number => rows.duration[row ?? -1] || 0
const endOf = (rows: Rows, row: number | undefined): number => startOf(rows, row) + length(rows, row)
const qualityOf = (rows: Rows, row: number): number => rows.quality[row] ?? 0
const toldOf = (rows: Rows, row: number) => ({
  start: startOf(rows, row),
  end: endOf(rows, row),
  quality: qualityOf(rows, row),
})
const sumOf = (rows: Rows, some: readonly number[]): number =>
  some.reduce((sum, row) => sum + (rows.value[row] ?? 0), 0)

/** Ends after the next one begins; readings without a length are points and never do. */
function reachesOver(rows: Rows, order: readonly number[], at: number): boolean {
  return startOf(rows, order[at + 1]) < endOf(rows, order[at])
}

function endsWithin(rows: Rows, row: number, holder: number | undefined): boolean {
  return length(rows, row) > 0 && endOf(rows, row) <= endOf(rows, holder)
}

type Inside = { inside: number[] | null; steps: number }

/** What is left of the readings within one; null when looking takes too many steps. */
function within(
  rows: Rows,
  order: readonly number[],
  at: number,
  { out, most }: { out: ReadonlySet<number>; most: number },
): Inside {
  const holder = order[at]
  const inside: number[] = []
  let next = at + 1
  for (; startOf(rows, order[next]) < endOf(rows, holder); next++) {
    if (next - at > most) return { inside: null, steps: next - at }
    const row = order[next]
    if (row !== undefined && !out.has(row) && endsWithin(rows, row, holder)) inside.push(row)
  }
  return { inside, steps: next - at }
}

function countLengths(rows: Rows, order: readonly number[]): Map<number, number> {
  const lengths = new Map<number, number>()
  for (const row of order) lengths.set(length(rows, row), (lengths.get(length(rows, row)) ?? 0) + 1)
  return lengths
}

/** The first place in it is free and just as long as readings are: that is its own, and it is the length that is wrong. */
function isWrongLength(
  rows: Rows,
  row: number,
  inside: readonly number[],
  usual: number,
  lengths: ReadonlyMap<number, number>,
): boolean {
  if (startOf(rows, inside[0]) - startOf(rows, row) !== usual) return false
  return length(rows, row) - usual === HOUR || lengths.get(length(rows, row)) === 1
}
