import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Bill } from '../model/bill.ts'
import { type Direction, QUALITY } from '../model/series.ts'
import { childUid } from '../model/uid.ts'
import { readBills } from '../storage/bills.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { differenceOf, reconcileBills } from './reconcile-bills.ts'
import { storeFeed } from './store-feed.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
})

const bill: Bill = {
  usagePoint: 'u',
  commodity: 'electricity',
  start: epochSeconds(0),
  end: epochSeconds(7200),
  statementDate: null,
  total: null,
  totalFrom: null,
  currency: 'USD',
  volume: { value: 700, exponent: 0, unit: 'Wh' },
  tariff: null,
  readCycle: null,
  lines: [],
  demand: [],
  tou: [],
  tiers: [],
  suppliers: [],
  quality: null,
  warnings: [],
}

function hours(direction: Direction, ...values: number[]) {
  return {
    channel: { commodity: 'electricity', direction, quantified: 'energy', unit: 'Wh' } as const,
    exponent: -3,
    start: Float64Array.from(values, (_value, at) => at * 3600),
    duration: Uint32Array.from(values, () => 3600),
    value: Float64Array.from(values, (value) => value * 1000),
  }
}

it('intervals that add up to the bill do not differ', () => {
  expect(differenceOf(bill, [hours('delivered', 300, 400)])).toBe(0)
})

it('with solar the bill is about delivered minus received', () => {
  expect(differenceOf(bill, [hours('delivered', 500, 400), hours('received', 150, 50)])).toBe(0)
})

it('a difference is told as a share of the bill', () => {
  expect(differenceOf(bill, [hours('delivered', 300, 470)])).toBeCloseTo(0.1, 10)
})

it.each([
  ['intervals with a gap', { ...bill }, [hours('delivered', 700)]],
  ['no intervals', { ...bill }, []],
  ['a bill without a volume', { ...bill, volume: null }, [hours('delivered', 300, 400)]],
  [
    'another unit',
    { ...bill, volume: { value: 7, exponent: 0, unit: 'therm' as const } },
    [hours('delivered', 300, 400)],
  ],
])('nothing is said of %s', (_what, given, series) => {
  expect(differenceOf(given, series)).toBeNull()
})

it('bills are held against stored months, whole ones and cut ones, and only those named', async () => {
  const { db } = database
  const uid = await seedAuthorization(db, await seedCompany(db))
  const [first, day, days] = [Date.parse('2026-03-01T08:00:00Z') / 1000, 86_400, 92]
  const series = {
    ...hours('delivered', ...Array.from({ length: days }, () => 1000)),
    usagePoint: 'u',
    start: Float64Array.from({ length: days }, (_, at) => first + at * day),
    duration: new Uint32Array(days).fill(day),
    quality: new Uint8Array(days).fill(QUALITY.validated),
    cost: null,
    tou: null,
    currency: null,
  }
  const bills = [
    [0, 31, 31_000], // March as it is stored
    [31, 50, 19_000],
    [50, 61, 20_000],
    [61, 92, 32_000], // May
    [92, 120, 1000], // no readings yet
  ].map(([from = 0, to = 0, value = 0]) => {
    const [start, end] = [epochSeconds(first + from * day), epochSeconds(first + to * day)]
    return { ...bill, start, end, volume: { value, exponent: 0, unit: 'Wh' as const } }
  })
  const feed = {
    updated: null,
    meters: [],
    series: [series],
    bills,
    billingAccounts: [],
    warnings: [],
    quarantined: [],
  }
  const now = new Date('2026-11-25T12:00:00Z')
  const dataClasses = ['meters', 'intervals', 'bills'] as const
  const options = { timezone: 'America/Los_Angeles', dataClasses, now, source: childUid(uid, 1000) }
  const { billUids } = await db.operator((tx) => storeFeed(tx, uid, feed, options))
  const noted = async (only: readonly string[] | null): Promise<number[]> =>
    await db.operator(async (tx) => {
      await reconcileBills(tx, uid, { only, now })
      return (await readBills(tx, uid)).map(({ notes }) => notes.length)
    })
  expect(await noted(billUids.slice(0, 3))).toEqual([0, 0, 1, 0, 0])
  expect(await noted(null)).toEqual([0, 0, 1, 1, 0])
  expect(await noted(null)).toEqual([0, 0, 1, 1, 0])
})
