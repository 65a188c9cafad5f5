import type { Series } from '../model/series.ts'

/** A day's reading may be told while the day runs, by a clock that is not quite ours. */
const AHEAD_SECONDS = 2 * 86_400

/**
 * A series without the readings that end more than two days after `now`: nothing has been measured there, and once stored
 * no later feed would replace them. `dropped`: how many there were.
 */
export function dropFuture(series: Series, now: Date): { series: Series; dropped: number } {
  const { start, duration, value, quality, cost, tou } = series
  const latest = now.getTime() / 1000 + AHEAD_SECONDS
  let kept = start.length
  while (kept > 0 && (start[kept - 1] ?? 0) + (duration[kept - 1] ?? 0) > latest) kept--
  if (kept === start.length) return { series, dropped: 0 }
  const past = {
    start: start.subarray(0, kept),
    duration: duration.subarray(0, kept),
    value: value.subarray(0, kept),
    quality: quality.subarray(0, kept),
    cost: cost?.subarray(0, kept) ?? null,
    tou: tou?.subarray(0, kept) ?? null,
  }
  return { series: { ...series, ...past }, dropped: start.length - kept }
}
