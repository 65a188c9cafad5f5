/**
 * Local days of America/Los_Angeles as plain integers: a day is the number of days from 1970-01-01 to its calendar date.
 * The rule is the one of the United States since 2007: summer time from the second Sunday of March, 02:00, to the first
 * Sunday of November, 02:00. Checked against the runtime's time zone database in local-days.test.ts.
 */
export const daySeconds = 86_400

export const dayFromDate = (year: number, month: number, date: number): number =>
  Math.floor(Date.UTC(year, month - 1, date) / 86_400_000)

/** Calendar date of a day; month 1 to 12, weekday 0 (Sunday) to 6. */
export const dateOf = (day: number): { year: number; month: number; date: number; weekday: number } => {
  const at = new Date(day * 86_400_000)
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    date: at.getUTCDate(),
    weekday: (((day + 4) % 7) + 7) % 7,
  }
}

export const isoDate = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** Day of `YYYY-MM-DD`, or null when the text is not a calendar date. */
export const dayFromIso = (text: string): number | null => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (!match) return null
  const day = dayFromDate(Number(match[1]), Number(match[2]), Number(match[3]))
  return isoDate(day) === text ? day : null
}

const nthSunday = (year: number, month: number, n: number): number => {
  const first = dayFromDate(year, month, 1)
  return first + ((7 - dateOf(first).weekday) % 7) + 7 * (n - 1)
}

const changes = new Map<number, { start: number; end: number }>()

const changesOf = (year: number): { start: number; end: number } => {
  let found = changes.get(year)
  if (!found) {
    found = { start: nthSunday(year, 3, 2), end: nthSunday(year, 11, 1) }
    changes.set(year, found)
  }
  return found
}

/** Epoch seconds of the local midnight that begins the day. */
export const midnight = (day: number): number => {
  const { start, end } = changesOf(dateOf(day).year)
  return day * daySeconds + (day > start && day <= end ? 7 : 8) * 3600
}

/** Seconds in the local day: 86400, 82800 or 90000. */
export const lengthOf = (day: number): number => midnight(day + 1) - midnight(day)

/** The local day that holds the moment. */
export const dayOf = (epoch: number): number => {
  const guess = Math.floor((epoch - 8 * 3600) / daySeconds)
  return epoch >= midnight(guess + 1) ? guess + 1 : guess
}

/** Minutes on the wall clock at `epoch`, a moment of `day`: 0 to 1439; the autumn hour is seen twice. */
export const wallMinute = (epoch: number, day: number): number => {
  const elapsed = epoch - midnight(day)
  const length = lengthOf(day)
  const shift = length === daySeconds || elapsed < 2 * 3600 ? 0 : daySeconds - length
  return Math.floor((elapsed + shift) / 60)
}
