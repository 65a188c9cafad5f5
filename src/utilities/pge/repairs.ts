import type { WireFeed } from '../../espi/entry.ts'
import { isSecondHour } from '../../normalize/autumn-hour.ts'
import type { Repair } from '../repair.ts'
import { filterRows, mapResources } from '../repair-entries.ts'

const HOUR = 3600
const ZONE = 'America/Los_Angeles'
const SHORTEST_DAY = 23 * HOUR

/** Gas days begin one second after local midnight (fixtures/gas-days.xml); the second is no part of the day before. */
export const gasDaysStartOnTheSecond: Repair = {
  name: 'gasDaysStartOnTheSecond',
  describe: 'Daily gas readings began one second after midnight; they were moved to midnight.',
  repair: (feed) =>
    mapResources(feed, 'IntervalBlock', (readings) => {
      const late = readings.start.some((start, row) => isLate(start, readings.duration[row]))
      if (!late) return readings
      return {
        ...readings,
        start: readings.start.map((start, row) => (isLate(start, readings.duration[row]) ? start - 1 : start)),
        blocks: readings.blocks.map((block) =>
          isLate(block.start, block.duration) ? { ...block, start: (block.start ?? 1) - 1 } : block,
        ),
      }
    }),
}

function isLate(start: number | null, duration: number | null | undefined): boolean {
  return start !== null && start % HOUR === 1 && (duration ?? 0) >= SHORTEST_DAY
}

/**
 * A start that comes twice in one answer is a correction, and the later one counts, also when its quality does not say so
 * (fixtures/repeated-starts.xml). Not where clocks went back and the hour before is missing (fixtures/autumn-hour.xml).
 */
export const keepLastOfDuplicateStarts: Repair = {
  name: 'keepLastOfDuplicateStarts',
  describe: 'Readings came more than once in one answer; the last of each was kept.',
  repair: (feed) => {
    if (isAscending(feed)) return { feed, changed: 0 }
    const lastOf = new Map<string, Map<number, number>>()
    let total = 0
    for (const { up, content } of feed.entries) {
      if (content?.kind !== 'IntervalBlock') continue
      const last = lastOf.get(up ?? '') ?? new Map<number, number>()
      lastOf.set(up ?? '', last)
      for (const start of content.value.start) last.set(start, total++)
    }
    let at = 0
    let dropped = 0
    const { feed: mended } = mapResources(feed, 'IntervalBlock', (readings, { up }) => {
      const last = lastOf.get(up ?? '') ?? new Map<number, number>()
      const first = at
      at += readings.count
      const kept = filterRows(readings, (row) => staysAt(readings.start[row] ?? NaN, first + row, last))
      dropped += readings.count - kept.count
      return kept
    })
    return { feed: mended, changed: dropped }
  },
}

/**
 * True when no start can come twice, as each is later than those before it in its MeterReading. So it is in most feeds, and a
 * map of all starts is measured to take longer than parsing.
 */
function isAscending({ entries }: WireFeed): boolean {
  const latest = new Map<string, number>()
  for (const { up, content } of entries) {
    if (content?.kind !== 'IntervalBlock') continue
    let last = latest.get(up ?? '') ?? -Infinity
    for (const start of content.value.start) {
      if (start <= last) return false
      if (start > last) last = start
    }
    latest.set(up ?? '', last)
  }
  return true
}

/**
 * True for the last reading with its start, and for one without. Where clocks went back, a start that comes twice beside a
 * hole is the lost hour: normalize puts it back.
 */
function staysAt(start: number, number: number, last: ReadonlyMap<number, number>): boolean {
  if (Number.isNaN(start) || last.get(start) === number) return true
  return isSecondHour(start, ZONE) && !last.has(start - HOUR)
}

/** No moment of a utility lies beyond the year 5138 in seconds: a larger number is in milliseconds. */
const LATEST_SECONDS = 1e11
const seconds = (value: number): number => (Math.abs(value) > LATEST_SECONDS ? Math.floor(value / 1000) : value)
const secondsOrNull = (value: number | null): number | null => (value === null ? null : seconds(value))

/** Status times of summaries, and the periods of authorizations of some years, are in milliseconds (fixtures/bill.xml). */
export const millisecondTimestamps: Repair = {
  name: 'millisecondTimestamps',
  describe: 'Some times were in milliseconds; they were taken as such.',
  repair: (feed) => {
    const summaries = mapResources(feed, 'UsageSummary', (value) => {
      const statusTimeStamp = secondsOrNull(value.statusTimeStamp)
      const billingPeriod = period(value.billingPeriod)
      const same = statusTimeStamp === value.statusTimeStamp && billingPeriod === value.billingPeriod
      return same ? value : { ...value, statusTimeStamp, billingPeriod }
    })
    const authorizations = mapResources(summaries.feed, 'Authorization', (value) => {
      const authorizedPeriod = period(value.authorizedPeriod)
      const publishedPeriod = period(value.publishedPeriod)
      const expires_at = secondsOrNull(value.expires_at)
      const same =
        authorizedPeriod === value.authorizedPeriod &&
        publishedPeriod === value.publishedPeriod &&
        expires_at === value.expires_at
      return same ? value : { ...value, authorizedPeriod, publishedPeriod, expires_at }
    })
    const readings = mapResources(authorizations.feed, 'IntervalBlock', (value) =>
      value.start.some((start) => start > LATEST_SECONDS)
        ? { ...value, start: value.start.map(seconds), duration: value.duration.map((duration) => duration / 1000) }
        : value,
    )
    return { feed: readings.feed, changed: summaries.changed + authorizations.changed + readings.changed }
  },
}

/** The same object when its start is in seconds; a period in milliseconds has its duration so too. */
function period<P extends { start: number | null; duration: number | null }>(value: P | null): P | null {
  if (value === null || value.start === null || value.start <= LATEST_SECONDS) return value
  return {
    ...value,
    start: seconds(value.start),
    duration: value.duration === null ? null : Math.floor(value.duration / 1000),
  }
}
