import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { backoffMs, parseRetryAfter } from './backoff.ts'

test('the wait is anywhere from nothing to a bound that doubles, up to a limit', () => {
  const longest = (attempt: number): number =>
    backoffMs(attempt, { random: () => 0.999_999, baseMs: 1000, limitMs: 60_000 })
  expect([1, 2, 3, 4].map(longest)).toEqual([999, 1999, 3999, 7999])
  expect(longest(1000)).toBe(59_999)
  expect(backoffMs(5, { random: () => 0 })).toBe(0)
})

test('a Retry-After is never undercut, and never followed for longer than its limit', () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.nat(10_000_000),
      fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
      (attempt, retryAfterMs, random) => {
        const wait = backoffMs(attempt, {
          random: () => random,
          retryAfterMs,
          limitMs: 1000,
          retryAfterLimitMs: 5_000_000,
        })
        expect(wait).toBeGreaterThanOrEqual(Math.min(retryAfterMs, 5_000_000))
        expect(wait).toBeLessThan(5_001_000)
      },
    ),
  )
})

test('a Retry-After is read as seconds or as a date, and anything else is none', () => {
  const now = new Date('2026-11-25T12:00:00Z')
  expect(parseRetryAfter('120', now)).toBe(120_000)
  expect(parseRetryAfter('Wed, 25 Nov 2026 12:00:30 GMT', now)).toBe(30_000)
  expect(parseRetryAfter('Wed, 25 Nov 2026 11:00:00 GMT', now)).toBe(0)
  for (const none of [null, undefined, '', 'soon', '-1', '1.5', '2026-11-25', '99999999999']) {
    expect(parseRetryAfter(none, now)).toBeNull()
  }
})
