import { dateOf, dayFromDate, midnight } from './local-days.ts'
import type { Agreement } from './household.ts'

/** A billing period in local days; `end` is the first day after it. The bill is issued two days after the end. */
export type Period = { start: number; end: number; issuedAt: number }

/** Meter reading day of a month (counted from year 0): the cycle's day, or the Monday after when on a weekend. */
export const readingDay = (month: number, cycle: number): number => {
  const day = dayFromDate(Math.floor(month / 12), (month % 12) + 1, cycle)
  const { weekday } = dateOf(day)
  return weekday === 6 ? day + 2 : weekday === 0 ? day + 1 : day
}

const monthOf = (day: number): number => {
  const { year, month } = dateOf(day)
  return year * 12 + month - 1
}

/** First day of the oldest of `months` periods that are closed and billed on `today`. */
export const historyStart = (today: number, cycle: number, months: number): number => {
  let month = monthOf(today)
  while (readingDay(month, cycle) + 2 > today) month--
  return readingDay(month - months, cycle)
}

/** All periods of the agreement whose bill is issued by `until` (epoch seconds), oldest first. */
export const billedPeriods = (agreement: Agreement, until: number): Period[] => {
  const periods: Period[] = []
  let start = agreement.firstDay
  for (let month = monthOf(start); ; month++) {
    let end = readingDay(month, agreement.cycle)
    if (end < start + 12) continue // a first meter reading this early is left for the next month
    const last = agreement.endDay !== null && agreement.endDay <= end
    if (agreement.endDay !== null && last) end = agreement.endDay
    const period = { start, end, issuedAt: midnight(end + 2) }
    if (period.issuedAt > until || end <= start) return periods
    periods.push(period)
    if (last) return periods
    start = end
  }
}
