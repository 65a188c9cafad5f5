import { Temporal } from 'temporal-polyfill'

import { type EpochSeconds, epochSeconds } from './epoch-seconds.ts'

/** A month of a calendar: year * 12 + (month - 1). 24310 is November 2025. */
export type Month = number

const DAY = 86_400
const UNTIL = Temporal.Instant.from('2101-01-01T00:00:00Z').epochMilliseconds

/** Offsets of a zone in a span of time: offset[i] holds from at[i] (epoch seconds) until at[i + 1]. */
type Offsets = { at: number[]; offset: number[] }
/** Seconds of a span: a mean year. All years of a zone at once are measured to hold other work for 170 ms, one year for 2. */
const SPAN = 31_556_952
const LAST_SPAN = Math.floor(UNTIL / 1000 / SPAN)
const zones = new Map<string, Offsets[]>()

/** Seconds that local time is ahead of UTC at a moment, daylight saving included. Throws RangeError on an unknown zone. */
export function offsetAt(epoch: number, zone: string): number {
  const { at, offset } = offsetsOf(zone, Math.min(Math.max(Math.floor(epoch / SPAN), 0), LAST_SPAN) || 0)
  let low = 0
  let high = at.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((at[middle] ?? Infinity) <= epoch) low = middle
    else high = middle - 1
  }
  return offset[low] ?? 0
}

/** The first moment of the local day that contains `epoch`. */
export function localMidnight(epoch: number, zone: string): EpochSeconds {
  return dayStart(Math.floor((epoch + offsetAt(epoch, zone)) / DAY), zone)
}

/** The local midnight `days` calendar days after (before, when negative) the local day that contains `epoch`. */
export function addLocalDays(epoch: number, days: number, zone: string): EpochSeconds {
  return dayStart(Math.floor((epoch + offsetAt(epoch, zone)) / DAY) + days, zone)
}

/** The local date of a moment, YYYY-MM-DD. */
export function localDate(epoch: number, zone: string): string {
  return new Date((epoch + offsetAt(epoch, zone)) * 1000).toISOString().slice(0, 10)
}

/** The local midnight that begins a date YYYY-MM-DD. Throws RangeError on a date that does not exist. */
export function midnightOf(date: string, zone: string): EpochSeconds {
  const days = Date.parse(`${date}T00:00:00Z`) / 1000 / DAY
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !Number.isInteger(days)) throw new RangeError(`not a date: ${date}`)
  if (new Date(days * DAY * 1000).toISOString().slice(0, 10) !== date) throw new RangeError(`not a date: ${date}`)
  return dayStart(days, zone)
}

/** The month of the zone's calendar that contains a moment. */
export function monthOf(epoch: number, zone: string): Month {
  const local = new Date((epoch + offsetAt(epoch, zone)) * 1000)
  return local.getUTCFullYear() * 12 + local.getUTCMonth()
}

/** The local midnight that begins a month. */
export function monthStart(month: Month, zone: string): EpochSeconds {
  return dayStart(Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000 / DAY, zone)
}

/** The first moment of local day number `day` (days since 1970-01-01); where midnight is skipped, the end of the gap. */
function dayStart(day: number, zone: string): EpochSeconds {
  const local = day * DAY
  // The offset before midnight decides when both would do; in a gap that gives a moment past the transition's start.
  const before = offsetAt(local - offsetAt(local - DAY, zone) - 1, zone)
  const guess = local - before
  const after = offsetAt(guess, zone)
  if (after === before) return epochSeconds(guess)
  const corrected = local - after
  return epochSeconds(offsetAt(corrected, zone) === after ? corrected : guess)
}

function offsetsOf(zone: string, span: number): Offsets {
  const spans = zones.get(zone) ?? []
  const known = spans[span]
  if (known) return known
  const until = span === LAST_SPAN ? UNTIL : (span + 1) * SPAN * 1000
  let moment = Temporal.Instant.fromEpochMilliseconds(span * SPAN * 1000).toZonedDateTimeISO(zone)
  const table: Offsets = { at: [-Infinity], offset: [moment.offsetNanoseconds / 1e9] }
  for (;;) {
    const next = moment.getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds > until) break
    table.at.push(Math.floor(next.epochMilliseconds / 1000))
    table.offset.push(next.offsetNanoseconds / 1e9)
    moment = next
  }
  spans[span] = table
  zones.set(zone, spans)
  return table
}
