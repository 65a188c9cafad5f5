import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { bareMeter } from '../model/meter.ts'
import { type Channel, channelKey, QUALITY, type Series } from '../model/series.ts'
import { childUid, type Uid } from '../model/uid.ts'
import { midnightOf } from '../units/local-days.ts'
import { readLayers } from './beneath.ts'
import { foldTails } from './fold-tails.ts'
import { sliceColumns } from './merge-columns.ts'
import { mergeSeries } from './series.ts'
import { mayFollow } from './series-append.ts'
import { upsertMeters } from './meters.ts'

const zone = 'America/Los_Angeles'
const now = new Date('2026-11-25T12:00:00Z')
const channel: Channel = { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' }
const MONTH = 2026 * 12 + 9
const FIRST = midnightOf('2026-10-01', zone)
const DAY = 86_400

let database: TestDatabase
let seed: Seed
beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(() => database.close())

/** Quarter hours of some days of October. */
function days(from: number, to: number, given: Partial<Series> = {}): Series {
  const length = ((to - from) * DAY) / 900
  const start = Float64Array.from({ length }, (_, at) => FIRST + from * DAY + at * 900)
  return {
    usagePoint: 'up-1',
    ...{ channel, exponent: -3, start, cost: null, tou: null, currency: null },
    duration: new Uint32Array(length).fill(900),
    value: start.map((at) => ((at / 900) % 997) * 100),
    quality: new Uint8Array(length).fill(QUALITY.validated),
    ...given,
  }
}

const cut = (series: Series, from: number, to = series.start.length): Series => ({
  ...series,
  ...sliceColumns(series, from, to),
})

async function newMeter() {
  const { db, admin } = database
  const uid = await seedAuthorization(db, seed)
  const [meter] = await db.operator((tx) => upsertMeters(tx, uid, [bareMeter('up-1', 'electricity')], { now }))
  const meterUid: Uid = meter?.meterUid ?? ''
  const place = { meterUid, channel: channelKey(channel), from: MONTH, to: MONTH }
  const row = async () =>
    (await admin('select * from series_blocks where meter_uid = $1 and month = $2', [meterUid, MONTH]))[0] ?? {}
  return {
    uid,
    merge: async (series: Series, feed: number) =>
      await db.operator((tx) => mergeSeries(tx, uid, meterUid, series, { zone, source: childUid(uid, feed), now })),
    hasTail: async () => (await row())['tail'] !== null,
    fold: async () => await db.operator((tx) => foldTails(tx, uid)),
    row,
    /** All that is stored of October but for how it is packed. */
    async state() {
      const [stored] = await db.operator((tx) => readLayers(tx, uid, place))
      const { readings, starts, ends, spans, version, total, exponent, sources } = await row()
      const facts = await admin('select interval_count, interval_coverage from meters where meter_uid = $1', [meterUid])
      return { ...stored, readings, starts, ends, spans, version, total, exponent, feeds: sources, facts }
    },
  }
}

/** With the numbers of feeds of another authorization, for a comparison. */
const plain = ({ sourced, feeds, ...state }: Awaited<ReturnType<Awaited<ReturnType<typeof newMeter>>['state']>>) => {
  const from = Array.isArray(feeds) ? feeds.map((uid) => Number(uid) % 1024) : []
  return { ...state, from, columns: sourced?.columns, source: sourced?.source.map((uid) => uid % 1024) }
}

test('a day that follows leaves the block alone, and adds to what stands beside it', async () => {
  const meter = await newMeter()
  await meter.merge(days(0, 3), 1)
  const before = await meter.row()
  expect(await meter.merge(days(3, 4), 2)).toEqual({ added: 96, changed: 0, outside: 0 })
  expect(await meter.merge(days(5, 6), 3)).toEqual({ added: 96, changed: 0, outside: 0 })
  const after = await meter.row()
  expect(after['block']).toEqual(before['block'])
  expect(after['spans']).toEqual([FIRST, FIRST + 4 * DAY, FIRST + 5 * DAY, FIRST + 6 * DAY].map(String))
  expect(after).toMatchObject({ readings: 480, version: 1, starts: String(FIRST), ends: String(FIRST + 6 * DAY) })
  expect(await meter.merge(days(5, 6), 4), 'the same again').toEqual({ added: 0, changed: 0, outside: 0 })
  expect(await meter.row()).toEqual(after)
})

test('days one by one are the same as all at once, until the month is over and packed', async () => {
  const [daily, whole] = [await newMeter(), await newMeter()]
  const tails: boolean[] = []
  for (let day = 0; day < 31; day++) {
    await daily.merge(days(day, day + 1), 1)
    tails.push(await daily.hasTail())
  }
  await whole.merge(days(0, 31), 1)
  const { told: _hashes, ...one } = plain(await whole.state())
  expect(plain(await daily.state())).toMatchObject(one)
  expect((await daily.row())['block']).toEqual((await whole.row())['block'])
  expect([tails[0], tails[30]]).toEqual([false, false])
})

test('what follows or not, and is replaced, stands as if it had been merged', async () => {
  const step = fc.record({
    from: fc.nat(12),
    length: fc.integer({ min: 1, max: 3 }),
    shift: fc.constantFrom(0, 0, 0, 1, -1),
    factor: fc.constantFrom(1, 1, 1, 7),
    exponent: fc.constantFrom(-3, -3, -3, -2),
    extra: fc.constantFrom('none', 'none', 'cost', 'tou', 'moment', 'long'),
  })
  const property = fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
    const [mixed, merged] = [await newMeter(), await newMeter()]
    for (const [at, { from, length, shift, factor, exponent, extra }] of steps.entries()) {
      const told = days(0, 1, { exponent })
      told.start.forEach((start, row) => (told.start[row] = start + from * DAY + shift * 900))
      told.value.forEach((value, row) => (told.value[row] = value * factor))
      const series = cut(told, 0, 20 * length)
      const { start, duration } = series
      const last = start.length - 1
      if (extra === 'cost') Object.assign(series, { cost: start.map((one) => one % 77), currency: 'USD' })
      if (extra === 'tou') series.tou = new Uint8Array(start.length).fill(2)
      if (extra === 'moment') duration[last] = 0
      if (extra === 'long') duration[last] = 2 * DAY
      await mixed.merge(series, at + 1)
      await database.admin('update series_blocks set open_from = null where authorization_uid = $1', [merged.uid])
      await merged.merge(series, at + 1)
      expect(await merged.hasTail()).toBe(false)
    }
    expect(plain(await mixed.state())).toEqual(plain(await merged.state()))
    await mixed.fold()
    expect(await mixed.hasTail()).toBe(false)
    expect((await mixed.row())['block']).toEqual((await merged.row())['block'])
  })
  await fc.assert(property, { numRuns: 15 })
})

test.each([
  ['an older feed', days(3, 4), 1],
  ['readings in other units', days(3, 4, { exponent: -2 }), 3],
  ['readings of what is there', cut(days(2, 4), 90, 192), 3],
  ['many readings at once', days(3, 9), 3],
  ['the last day of the month', days(30, 31), 3],
])('%s have the month packed', async (_what, series, feed) => {
  const meter = await newMeter()
  await meter.merge(days(0, 3), 2)
  await meter.merge(series, feed)
  expect(await meter.hasTail()).toBe(false)
  expect((await meter.state()).sourced?.source.at(-1)).toBe(Number(childUid(meter.uid, feed)))
})

test('readings over each other, or none, follow nothing', () => {
  const given = days(3, 4)
  const october = (columns: Series): boolean => mayFollow({ month: MONTH, columns }, zone)
  expect(october(given)).toBe(true)
  expect(october({ ...given, duration: given.duration.map(() => 901) })).toBe(false)
  expect(october(cut(given, 0, 0))).toBe(false)
})

test('a tail is packed before its row leaves the page', async () => {
  const meter = await newMeter()
  const sizes: number[] = []
  for (let day = 0; day < 25; day++) {
    await meter.merge(days(day, day + 1), day + 1)
    const { tail } = await meter.row()
    sizes.push(tail instanceof Uint8Array ? tail.length : 0)
  }
  expect(Math.max(...sizes)).toBeLessThan(1300)
  expect(sizes.filter((size) => size === 0).length).toBeLessThan(10)
})
