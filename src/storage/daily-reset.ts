import { addLocalDays, offsetAt } from '../units/local-days.ts'

/** Local time at which a utility counts a new day; null where it does not say: then UTC midnight. */
export type DayStart = { hour: number; timezone: string } | null

/** The last moment, not after `now`, at which the day's count began, and the next one. Right on days of 23 and 25 hours. */
export function dayAround(now: Date, dayStart: DayStart): { from: Date; to: Date } {
  const { hour, timezone } = dayStart ?? { hour: 0, timezone: 'UTC' }
  const seconds = Math.floor(now.getTime() / 1000)
  /** The reset of the local day `days` after today's. */
  const reset = (days: number): number => {
    const midnight = addLocalDays(seconds, days, timezone)
    const local = midnight + offsetAt(midnight, timezone) + hour * 3600
    return local - offsetAt(midnight + hour * 3600, timezone)
  }
  const today = reset(0) <= seconds ? 0 : -1
  return { from: new Date(reset(today) * 1000), to: new Date(reset(today + 1) * 1000) }
}
