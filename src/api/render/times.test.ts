import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { localTimes, platformTime } from './times.ts'

test('a platform time has six decimals and a numeric offset, never Z', () => {
  expect(platformTime(new Date('2026-01-01T12:30:24.653Z'))).toBe('2026-01-01T12:30:24.653000+00:00')
})

test('a local time has six decimals and the offset of its own moment', () => {
  const local = localTimes('America/Los_Angeles')
  expect(local(Date.parse('2026-01-07T08:00:00Z') / 1000)).toBe('2026-01-07T00:00:00.000000-08:00')
  expect(local(Date.parse('2026-07-07T07:00:00Z') / 1000)).toBe('2026-07-07T00:00:00.000000-07:00')
  expect(localTimes('America/St_Johns')(0)).toMatch(/T20:30:00\.000000-03:30$/)
})

test('a local time names its moment, whatever was written before it', () => {
  const zones = ['America/Los_Angeles', 'America/St_Johns', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe']
  const writers = new Map(zones.map((zone) => [zone, localTimes(zone)]))
  const seconds = fc.integer({ min: 0, max: Date.parse('2099-01-01T00:00:00Z') / 1000 })
  fc.assert(
    fc.property(seconds, fc.constantFrom(...zones), (epoch, zone) => {
      const text = writers.get(zone)?.(epoch) ?? ''
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000[+-]\d\d:\d\d$/)
      expect(Date.parse(text) / 1000).toBe(epoch)
    }),
  )
})
