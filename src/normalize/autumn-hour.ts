import { offsetAt } from '../units/local-days.ts'
import { isAscending } from './merge-rows.ts'
import type { Rows } from './read-rows.ts'
import { warn, type WarningCounts } from './warnings.ts'

const HOUR = 3600

/**
 * Puts back the hour that some custodians lose when clocks go back: they stamp both hours after 1 a.m. as the second, so that
 * one hour is missing and the next comes twice. Of two readings with one start in that hour the first in the feed moves an
 * hour back, if nothing stands there while the hour before that is present; it is not dropped.
 */
export function restoreAutumnHour(rows: Rows, timezone: string, counts: WarningCounts): Rows {
  if (isAscending(rows)) return rows
  const firstRow = new Map<number, number>()
  const repeated: number[] = []
  for (let row = 0; row < rows.count; row++) {
    const start = rows.start[row] ?? NaN
    const first = firstRow.get(start)
    if (first === undefined) firstRow.set(start, row)
    else if (isSecondHour(start, timezone) && (rows.duration[row] ?? 0) <= HOUR) repeated.push(first)
  }
  const moved = new Set(repeated.filter((row) => isLost(rows.start[row] ?? NaN, rows.duration[row] ?? HOUR, firstRow)))
  if (moved.size === 0) return rows
  warn(counts, 'autumn_hour_restored', moved.size)
  return { ...rows, start: rows.start.map((start, row) => (moved.has(row) ? start - HOUR : start)) }
}

/** True within the hour after clocks went back by one: an hour before, local time was an hour further ahead. */
export function isSecondHour(start: number, timezone: string): boolean {
  return offsetAt(start - HOUR, timezone) - offsetAt(start, timezone) === HOUR
}

/** The hour before is empty, but not because the data begin here: an interval before it is there. */
function isLost(start: number, duration: number, known: Map<number, number>): boolean {
  return !known.has(start - HOUR) && (known.has(start - 2 * HOUR) || known.has(start - HOUR - duration))
}
