import { addLocalDays, localDate, midnightOf } from '../units/local-days.ts'

/** Local date of a moment in a zone, YYYY-MM-DD. */
export function dateIn(zone: string, moment: Date): string {
  return localDate(Math.floor(moment.getTime() / 1000), zone)
}

/** The same day `months` months later (earlier when negative); the month's last day where that day does not exist. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number)
  const first = new Date(Date.UTC(year, month - 1 + months, 1))
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  first.setUTCDate(Math.min(day, length))
  return first.toISOString().slice(0, 10)
}

/** The moment at which a local date begins. Throws RangeError on a date that does not exist. */
export function startOf(date: string, zone: string): Date {
  return new Date(midnightOf(date, zone) * 1000)
}

/** The moment at which a local date has ended: the next local midnight. */
export function endOf(date: string, zone: string): Date {
  return new Date(addLocalDays(midnightOf(date, zone), 1, zone) * 1000)
}

/** The last local date before an end as endOf gives it. */
export function lastDateBefore(end: Date, zone: string): string {
  return dateIn(zone, new Date(end.getTime() - 1000))
}
