import { Temporal } from 'temporal-polyfill'

/** Local time at which a utility counts a new day; null where it does not say: then UTC midnight. */
export type DayStart = { hour: number; timezone: string } | null

/** The last moment, not after `now`, at which the day's count began, and the next one. Right on days of 23 and 25 hours. */
export function dayAround(now: Date, dayStart: DayStart): { from: Date; to: Date } {
  const { hour, timezone } = dayStart ?? { hour: 0, timezone: 'UTC' }
  const local = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timezone)
  const reset = (days: number): Date =>
    new Date(
      local.toPlainDate().add({ days }).toZonedDateTime({ timeZone: timezone, plainTime: { hour } }).epochMilliseconds,
    )
  const today = reset(0)
  return today <= now ? { from: today, to: reset(1) } : { from: reset(-1), to: today }
}
