import { afterAll, beforeAll, expect, it } from 'vitest'

import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { type Channel, QUALITY, type Series } from '../model/series.ts'
import { childUid } from '../model/uid.ts'
import { usageOfRegisters } from '../normalize/registers.ts'
import { readSeries } from '../storage/series.ts'
import { storeFeed } from './store-feed.ts'

const DAY = 86_400
const FIRST = Date.parse('2026-03-01T08:00:00Z') / 1000
const NOW = new Date('2026-11-25T12:00:00Z')
const INDEX: Channel = { commodity: 'electricity', direction: 'delivered', quantified: 'register', unit: 'Wh' }

let database: TestDatabase
let seed: Seed
beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(async () => {
  await database.close()
})

/** Reads of an index: the day, and what it said. */
type Read = [day: number, value: number]

function seriesOf(reads: readonly Read[], channel = INDEX, duration = 0): Series {
  return {
    usagePoint: 'up-1',
    channel,
    exponent: 0,
    start: Float64Array.from(reads, ([day]) => FIRST + day * DAY),
    duration: new Uint32Array(reads.length).fill(duration),
    value: Float64Array.from(reads, ([, value]) => value),
    quality: new Uint8Array(reads.length).fill(QUALITY.validated),
    cost: null,
    tou: null,
    currency: null,
  }
}

/** The usage that is there after some windows: from which day to which, and how much. */
async function usageAfter(windows: readonly (readonly Series[])[]): Promise<number[][]> {
  const { db } = database
  const uid = await seedAuthorization(db, seed)
  let meterUid = ''
  for (const [at, series] of windows.entries()) {
    const feed = {
      updated: null,
      meters: [],
      series: [...series, ...usageOfRegisters(series, new Map())],
      bills: [],
      billingAccounts: [],
      warnings: [],
      quarantined: [],
    }
    const options = { timezone: 'America/Los_Angeles', dataClasses: ['meters', 'intervals'] as const, now: NOW }
    await db.operator((tx) => storeFeed(tx, uid, feed, { ...options, source: childUid(uid, 1000 + at) }))
    const rows = await database.admin('select meter_uid from meters where authorization_uid = $1', [uid])
    meterUid = String(rows[0]?.['meter_uid'])
  }
  const stored = await db.operator((tx) => readSeries(tx, uid, meterUid))
  const usage = stored.find(({ channel }) => channel.quantified === 'energy')
  return Array.from(usage?.start ?? [], (start, row) => [
    Math.round((start - FIRST) / DAY),
    Math.round((start + (usage?.duration[row] ?? 0) - FIRST) / DAY),
    usage?.value[row] ?? NaN,
  ])
}

const JANUARY: Read[] = [
  [0, 100],
  [10, 130],
]
const FEBRUARY: Read[] = [
  [20, 170],
  [30, 180],
]
const MARCH: Read[] = [
  [40, 185],
  [50, 200],
]
const WHOLE = [
  [0, 10, 30],
  [10, 20, 40],
  [20, 30, 10],
  [30, 40, 5],
  [40, 50, 15],
]

it.each([
  ['one after the other', [JANUARY, FEBRUARY, MARCH]],
  ['newest first, as history is collected', [MARCH, FEBRUARY, JANUARY]],
  ['out of order', [MARCH, JANUARY, FEBRUARY]],
  ['one twice', [JANUARY, FEBRUARY, JANUARY, MARCH, FEBRUARY]],
])('usage between windows of an index is there: %s', async (_order, windows) => {
  expect(await usageAfter(windows.map((reads) => [seriesOf(reads)]))).toEqual(WHOLE)
})

it('an index that is read once in each window tells usage, too', async () => {
  const windows = [JANUARY, FEBRUARY].flat().map((read) => [seriesOf([read])])
  expect(await usageAfter(windows)).toEqual(WHOLE.slice(0, 3))
})

it.each([
  ['in order', [JANUARY, [[20, 5] as Read, [30, 15] as Read]]],
  ['newest first', [[[20, 5] as Read, [30, 15] as Read], JANUARY]],
])('a new meter between two windows is a gap, %s', async (_order, windows) => {
  expect(await usageAfter(windows.map((reads) => [seriesOf(reads)]))).toEqual([
    [0, 10, 30],
    [20, 30, 10],
  ])
})

it('a corrected read corrects the usage before and behind it', async () => {
  const windows = [JANUARY, FEBRUARY, [[20, 150] as Read]].map((reads) => [seriesOf(reads)])
  expect(await usageAfter(windows)).toEqual([
    [0, 10, 30],
    [10, 20, 20],
    [20, 30, 30],
  ])
})

it('beside measured usage an index is no second telling of it', async () => {
  const measured = seriesOf([[0, 7]], { ...INDEX, quantified: 'energy' }, DAY)
  const windows = [
    [seriesOf(JANUARY), measured],
    [seriesOf(FEBRUARY), measured],
  ]
  expect(await usageAfter(windows)).toEqual([[0, 1, 7]])
})
