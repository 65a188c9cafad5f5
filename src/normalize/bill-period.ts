import type { Wire } from '../espi/resources.ts'
import type { EpochSeconds } from '../units/epoch-seconds.ts'
import { localMidnight, midnightOf } from '../units/local-days.ts'
import type { NormalizeOptions } from './options.ts'

const HALF_DAY = 43_200

/**
 * A billing period as local midnights, end exclusive; null when there is none.
 *
 * `local-midnight`: the start is a true moment, the duration often forgets that a day of the period had 23 or 25 hours, so both
 * ends go to the nearest local midnight. `utc-midnight`: the date at UTC is meant as a local date (SCE: a fixed shift of 7 or 8
 * hours against its own readings).
 */
export function billPeriod(
  period: Wire<'UsageSummary'>['billingPeriod'],
  options: NormalizeOptions,
): { start: EpochSeconds; end: EpochSeconds } | null {
  if (period === null || period.start === null || period.duration === null || period.duration <= 0) return null
  const { start, duration } = period
  if (start < 0 || start + duration > 4_102_444_800) return null
  const toMidnight = options.billPeriod === 'utc-midnight' ? fromUtcDate : nearestMidnight
  const ends = { start: toMidnight(start, options.timezone), end: toMidnight(start + duration, options.timezone) }
  return ends.end > ends.start ? ends : null
}

function nearestMidnight(epoch: number, timezone: string): EpochSeconds {
  return localMidnight(epoch + HALF_DAY, timezone)
}

function fromUtcDate(epoch: number, timezone: string): EpochSeconds {
  return midnightOf(new Date(epoch * 1000).toISOString().slice(0, 10), timezone)
}
