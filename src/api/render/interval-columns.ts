import type { NetColumns } from './net-columns.ts'

/**
 * Readings of one line in columns: about an eighth of the bytes of rows. unit: the API's. starts: runs of [first start, step,
 * how many], epoch seconds. durations: runs of [seconds, how many]. values: whole numbers of `10 ** exponent` of the unit,
 * null where the net is not known; ascending by time, as rows are not.
 */
export type RenderedColumns = {
  unit: string | null
  part: string | null
  exponent: number
  starts: [first: number, step: number, count: number][]
  durations: [seconds: number, count: number][]
  values: (number | null)[]
}

/** The columns of a line whose readings lie in a span (null: open). */
export function renderColumns(
  { exponent, start, duration, value }: NetColumns,
  { unit, part, from, until }: { unit: string | null; part: string | null; from: number | null; until: number | null },
): RenderedColumns {
  const columns: RenderedColumns = { unit, part, exponent, starts: [], durations: [], values: [] }
  for (let at = 0; at < start.length; at++) {
    const begins = start[at] ?? 0
    const lasts = duration[at] ?? 0
    if ((from !== null && begins < from) || (until !== null && begins + lasts > until)) continue
    addStart(columns.starts, begins)
    const durations = columns.durations.at(-1)
    if (durations?.[0] === lasts) durations[1]++
    else columns.durations.push([lasts, 1])
    const net = value[at] ?? Number.NaN
    columns.values.push(Number.isNaN(net) ? null : net)
  }
  return columns
}

/** A run of one reading has no step yet: the second one gives it. */
function addStart(starts: RenderedColumns['starts'], begins: number): void {
  const run = starts.at(-1)
  if (run && run[2] === 1) [run[1], run[2]] = [begins - run[0], 2]
  else if (run && run[0] + run[1] * run[2] === begins) run[2]++
  else starts.push([begins, 0, 1])
}
