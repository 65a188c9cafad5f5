import { assert, constantFrom, integer, property } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, it } from 'vitest'

import { addLocalDays, localDate, localMidnight, midnightOf, monthOf, monthStart, offsetAt } from './local-days.ts'

const PACIFIC = 'America/Los_Angeles'
const ZONES = [
  PACIFIC,
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'UTC',
  'Asia/Kolkata',
]
const epoch = (text: string): number => Date.parse(text) / 1000

it('a spring day has 23 hours and an autumn day has 25', () => {
  const spring = midnightOf('2026-03-08', PACIFIC)
  const autumn = midnightOf('2026-11-01', PACIFIC)
  expect(addLocalDays(spring, 1, PACIFIC) - spring).toBe(23 * 3600)
  expect(addLocalDays(autumn, 1, PACIFIC) - autumn).toBe(25 * 3600)
})

it('a local midnight is the one people would name', () => {
  expect(localMidnight(epoch('2026-07-01T06:59:59Z'), PACIFIC)).toBe(epoch('2026-06-30T07:00:00Z'))
  expect(localMidnight(epoch('2026-07-01T07:00:00Z'), PACIFIC)).toBe(epoch('2026-07-01T07:00:00Z'))
  expect(monthStart(2026 * 12, PACIFIC)).toBe(epoch('2026-01-01T08:00:00Z'))
  expect(monthOf(epoch('2026-01-01T07:59:59Z'), PACIFIC)).toBe(2025 * 12 + 11)
})

it('where midnight is skipped, the day begins at the end of the gap', () => {
  expect(midnightOf('2018-11-04', 'America/Sao_Paulo')).toBe(epoch('2018-11-04T03:00:00Z'))
})

it('agrees with Temporal at any moment in any zone', () => {
  const seconds = integer({ min: epoch('1971-01-01T00:00:00Z'), max: epoch('2099-12-31T00:00:00Z') })
  assert(
    property(seconds, constantFrom(...ZONES), (at, zone) => {
      const zoned = Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(zone)
      expect(offsetAt(at, zone)).toBe(zoned.offsetNanoseconds / 1e9)
      expect(localMidnight(at, zone)).toBe(zoned.startOfDay().epochMilliseconds / 1000)
      expect(localDate(at, zone)).toBe(zoned.toPlainDate().toString())
      expect(midnightOf(localDate(at, zone), zone)).toBe(localMidnight(at, zone))
    }),
    { numRuns: 500 },
  )
})

it.each(['2026-02-30', '2026-13-01', 'yesterday', '2026-1-1', ''])('%s is no date', (text) => {
  expect(() => midnightOf(text, PACIFIC)).toThrow(RangeError)
})
