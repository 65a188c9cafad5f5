import { mostCommon } from './overlaps.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * Sets durations right in place, where the starts tell better: absent or 0 (a clock that was turned back), past the next
 * start (a clock that was turned forward), or one second short of it. `start` is ascending. Registers are points in time
 * and keep 0.
 */
export function correctDurations(
  start: Float64Array,
  duration: Float64Array,
  intervalLength: number | null,
  counts: WarningCounts,
): void {
  const usual = intervalLength !== null && intervalLength > 1 ? intervalLength : mostCommon(duration)
  for (let row = 0; row < start.length; row++) {
    const gap = row + 1 < start.length ? (start[row + 1] ?? 0) - (start[row] ?? 0) : Infinity
    const given = duration[row] ?? NaN
    const wanted = wantedDuration(given, gap, usual)
    if (wanted === given) continue
    if (given !== 0 && !Number.isNaN(given)) warn(counts, 'duration_corrected')
    duration[row] = wanted
  }
}

function wantedDuration(given: number, gap: number, usual: number): number {
  if (Number.isNaN(given) || given <= 0) return Math.min(gap, usual)
  if (given > gap || gap - given === 1) return gap
  // The last of a row of 899 seconds has no next start to reach.
  return gap === Infinity && usual - given === 1 ? usual : given
}
