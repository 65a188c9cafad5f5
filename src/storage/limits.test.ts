import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { dayAround } from './daily-reset.ts'
import { recordFailure, recordSuccess } from './breaker.ts'
import { listLimits } from './limit-rows.ts'
import { claimSlot } from './limits.ts'
import { type LimitState, type Quota, takeSlot, type Urgency } from './take-slot.ts'

const quota: Quota = {
  perSecond: 1,
  perHour: 2000,
  perDay: 20_000,
  dayStarts: { hour: 17, timezone: 'America/Los_Angeles' },
}
const free: Quota = { perSecond: null, perHour: null, perDay: null, dayStarts: null }
const now = new Date('2026-11-25T12:00:00Z')
const after = (ms: number): Date => new Date(now.getTime() + ms)

describe('the limiter', () => {
  let database: TestDatabase
  let registrationUid: Uid
  beforeAll(async () => {
    database = await testDatabase()
  })
  beforeEach(async () => {
    ;({ registrationUid } = await seedCompany(database.db))
  })
  afterAll(async () => {
    await database.close()
  })
  const claim = async (at: Date, given = quota, urgency: Urgency = 'present') =>
    await database.db.operator((tx) => claimSlot(tx, registrationUid, { quota: given, urgency, now: at }))

  test('grants claims that are made at once more than a second apart, and none further ahead than two seconds', async () => {
    const slots = await Promise.all(Array.from({ length: 20 }, async () => await claim(now)))
    const granted = slots.flatMap((slot) => (slot.granted ? [slot.at.getTime() - now.getTime()] : []))
    expect(granted.toSorted((a, b) => a - b)).toEqual([0, 1050])
    expect(await claim(after(50))).toEqual({ granted: false, retryAt: after(100), reason: 'second' })
    expect(await claim(after(100))).toEqual({ granted: true, at: after(2100) })
  })

  test('leaves a fifth to customers who are present, and more of the day to new data than to history', async () => {
    const ten = { ...free, perDay: 10 }
    const granted = async (urgency: Urgency, asked: number): Promise<number> => {
      let count = 0
      for (let i = 0; i < asked; i++) if ((await claim(now, ten, urgency)).granted) count++
      return count
    }
    expect(await granted('history', 9)).toBe(6)
    expect(await granted('fresh', 9)).toBe(2)
    expect(await granted('present', 9)).toBe(2)
    expect(await claim(now, ten, 'present')).toMatchObject({ granted: false, reason: 'day' })
  })

  test('counts every claim that it grants at once', async () => {
    const slots = await Promise.all(Array.from({ length: 20 }, async () => await claim(now, { ...free, perHour: 7 })))
    expect(slots.filter(({ granted }) => granted).length).toBeLessThanOrEqual(7)
    for (let more = 0; more < 8; more++) await claim(now, { ...free, perHour: 7 })
    const [state] = (await database.db.operator((tx) => listLimits(tx))).filter(
      (row) => row.registrationUid === registrationUid,
    )
    expect(state).toMatchObject({ hourUsed: 7, dayUsed: 7 })
  })

  test('opens the breaker after five failures in a row, lets one trial through, and closes on success', async () => {
    const fail = async (at: Date, until: Date | null = null) =>
      await database.db.operator((tx) => recordFailure(tx, registrationUid, { now: at, until }))
    for (let failures = 1; failures < 5; failures++) expect(await fail(now)).toBeNull()
    expect(await fail(now)).toEqual(after(30_000))
    expect(await claim(after(29_999), free)).toEqual({ granted: false, retryAt: after(30_000), reason: 'breaker' })
    const trials = await Promise.all(Array.from({ length: 5 }, async () => await claim(after(30_000), free)))
    expect(trials.filter(({ granted }) => granted)).toHaveLength(1)
    expect(await fail(after(31_000))).toEqual(after(91_000))
    expect(await claim(after(91_000), free)).toMatchObject({ granted: true })
    await database.db.operator((tx) => recordSuccess(tx, registrationUid))
    expect(await claim(after(91_001), free)).toMatchObject({ granted: true })
    expect(await claim(after(91_001), free)).toMatchObject({ granted: true })
  })

  test('waits as long as the utility asks, at the first failure too', async () => {
    const until = after(120_000)
    await database.db.operator((tx) => recordFailure(tx, registrationUid, { now, until }))
    expect(await claim(after(119_999), free)).toMatchObject({ granted: false, reason: 'breaker', retryAt: until })
    expect(await claim(until, free)).toMatchObject({ granted: true })
  })
})

test("three days of greed across a clock change break no limit of second, any sixty minutes, or the utility's day", () => {
  const tenth = { ...quota, perHour: 200, perDay: 2000 }
  const from = Date.parse('2026-10-30T09:17:23Z')
  let state = fresh(new Date(from))
  const sent: number[] = []
  for (let at = from; at < from + 3 * 86_400_000;) {
    const { slot, next } = takeSlot(state, tenth, greedy(new Date(at)))
    state = next
    if (slot.granted) sent.push(slot.at.getTime())
    at = slot.granted ? at + 7 : Math.max(slot.retryAt.getTime(), at + 1)
  }
  const days = Map.groupBy(sent, (at) => dayAround(new Date(at), tenth.dayStarts).from.getTime())
  expect(Math.max(...[...days.values()].map((day) => day.length))).toBe(2000)
  const apart = (requests: number): number => Math.min(...sent.slice(requests).map((at, i) => at - (sent[i] ?? 0)))
  expect(apart(1)).toBeGreaterThanOrEqual(1000)
  expect(apart(200)).toBeGreaterThanOrEqual(3_600_000)
  expect(sent.length).toBeGreaterThan(6000)
})

test('a clock that was a day ahead for a while does not stop the requests of that day', () => {
  const ahead = takeSlot(fresh(now), { ...quota, perHour: 1 }, greedy(after(86_400_000)))
  expect(takeSlot(ahead.next, { ...quota, perHour: 1 }, greedy(now)).slot).toEqual({ granted: true, at: now })
})

const greedy = (at: Date) => ({ urgency: 'present', now: at, aheadMs: 2000 }) as const

function fresh(at: Date): LimitState {
  return {
    nextSlot: at,
    minutes: {},
    hourUsed: 0,
    dayStarts: at,
    dayUsed: 0,
    failures: 0,
    openUntil: null,
    trialUntil: null,
    freshFrom: null,
    historyFrom: null,
  }
}

test("the day turns at the utility's hour, on the days of 23 and 25 hours too", () => {
  const hours = (day: string): number => {
    const { from, to } = dayAround(new Date(day), quota.dayStarts)
    return (to.getTime() - from.getTime()) / 3_600_000
  }
  expect(dayAround(new Date('2026-11-26T00:59:59Z'), quota.dayStarts).to).toEqual(new Date('2026-11-26T01:00:00Z'))
  expect(dayAround(new Date('2026-11-26T01:00:00Z'), quota.dayStarts).from).toEqual(new Date('2026-11-26T01:00:00Z'))
  expect(['2026-10-31T12:00:00Z', '2026-11-01T12:00:00Z', '2026-03-08T12:00:00Z'].map(hours)).toEqual([24, 25, 23])
  expect(dayAround(now, null)).toEqual({ from: new Date('2026-11-25T00:00:00Z'), to: new Date('2026-11-26T00:00:00Z') })
})
