import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  type Seed,
  seedAuthorization,
  seedCompany,
  type SeedOptions,
  testDatabase,
  type TestDatabase,
} from '../../test/database.ts'
import type { MeterFacts } from '../model/meter.ts'
import { type Channel, channelKey, QUALITY, type Series } from '../model/series.ts'
import { childUid } from '../model/uid.ts'
import { midnightOf } from '../units/local-days.ts'
import { gapsOf, mergeSeries, readBlocks, readSeries } from './series.ts'
import { listIntervals } from './intervals.ts'
import { type Sourced, sliceColumns } from './merge-columns.ts'
import { EMPTY, type Layers, mergeLayers } from './merge-layers.ts'
import type { Columns } from './series-block.ts'
import { sumDays, sumMonths } from './series-sums.ts'
import { upsertMeters } from './meters.ts'

const zone = 'America/Los_Angeles'
const now = new Date('2026-11-25T12:00:00Z')
const later = new Date('2026-11-26T12:00:00Z')
const channel: Channel = { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' }
let database: TestDatabase
let seed: Seed

beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(async () => {
  await database.close()
})

/** Readings of `step` seconds from one moment to another, each with the value that `valueAt` gives. */
function readings(
  from: number,
  to: number,
  options: Partial<{ step: number; value: (at: number) => number; quality: number; exponent: number }> = {},
): Series {
  const { step = 3600, value = (at) => at % 997, quality = QUALITY.validated, exponent = 0 } = options
  const start = Float64Array.from({ length: Math.max(0, (to - from) / step) }, (_, at) => from + at * step)
  return {
    usagePoint: 'up-1',
    channel,
    exponent,
    start,
    duration: new Uint32Array(start.length).fill(step),
    value: start.map(value),
    quality: new Uint8Array(start.length).fill(quality),
    cost: null,
    tou: null,
    currency: null,
  }
}

const sliceOf = (series: Series, from: number, to: number): Series => ({ ...series, ...sliceColumns(series, from, to) })

async function meter(options: SeedOptions = {}) {
  const uid = await seedAuthorization(database.db, seed, options)
  const facts = {
    usagePoint: 'up-1',
    commodity: 'electricity',
    serviceIdentifier: null,
    serviceTariff: null,
    serviceClass: null,
    serviceAddress: null,
    meterNumbers: [],
    billingContact: null,
    billingAddress: null,
    billingAccount: null,
    voltage: null,
    readCycle: null,
    programs: [],
    suppliers: [],
    otherDevices: [],
    status: null,
  } satisfies MeterFacts
  const [upserted] = await database.db.operator((tx) => upsertMeters(tx, uid, [facts], { now }))
  const meterUid = upserted?.meterUid ?? ''
  return {
    uid,
    meterUid,
    merge: async (series: Series, feed: number, at = now) =>
      await database.db.operator((tx) =>
        mergeSeries(tx, uid, meterUid, series, { zone, source: childUid(uid, feed), now: at }),
      ),
    blocks: async () => await database.db.operator((tx) => readBlocks(tx, uid, meterUid)),
    read: async (period: { from?: number; to?: number } = {}) =>
      await database.db.operator((tx) => readSeries(tx, uid, meterUid, period)),
    row: async () => (await database.admin('select * from meters where meter_uid = $1', [meterUid]))[0] ?? {},
  }
}

describe('a stored series', () => {
  const from = midnightOf('2026-02-20', zone)
  const to = midnightOf('2026-04-10', zone)

  test("comes back whole and cut to a period, in blocks of the utility's months, over the 23-hour day", async () => {
    const { merge, read, blocks, row } = await meter()
    const series = readings(from, to, { step: 900 })
    expect(await merge(series, 1)).toEqual({ added: series.start.length, changed: 0, outside: 0 })
    expect(await read()).toEqual([series])
    expect((await blocks()).map(({ columns }) => columns.start[0])).toEqual([
      from,
      midnightOf('2026-03-01', zone),
      midnightOf('2026-04-01', zone),
    ])
    expect((await blocks())[1]?.columns.start.length).toBe(2972)
    const [day] = await read({ from: midnightOf('2026-03-08', zone), to: midnightOf('2026-03-09', zone) })
    expect(day?.start.length).toBe(92)
    expect(await read({ from: to })).toEqual([])
    expect(await row()).toMatchObject({ interval_count: series.start.length, interval_coverage: [[from, to]] })
  })

  test('is untouched by an equal re-delivery, and grows its version where a reading is replaced', async () => {
    const { uid, meterUid, merge, read, blocks } = await meter()
    await merge(readings(from, to), 1)
    const before = await blocks()
    expect(await merge(readings(from, to), 1, later)).toEqual({ added: 0, changed: 0, outside: 0 })
    expect(await blocks()).toEqual(before)
    expect(await merge(readings(from, to), 2, later)).toEqual({ added: 0, changed: 0, outside: 0 })
    expect((await blocks()).map(({ version, updated }) => [version, updated])).toEqual(before.map(() => [1, now]))

    const corrected = readings(midnightOf('2026-03-08', zone), midnightOf('2026-03-09', zone), { value: () => 7 })
    expect(await merge(corrected, 3, later)).toEqual({ added: 0, changed: 23, outside: 0 })
    expect((await blocks()).map(({ version, updated }) => [version, updated])).toEqual([
      [1, now],
      [2, later],
      [1, now],
    ])
    expect((await blocks())[1]?.sources).toEqual([childUid(uid, 1), childUid(uid, 3)])
    expect((await read({ from: corrected.start[0] ?? 0, to: (corrected.start[0] ?? 0) + 82_800 }))[0]?.value).toEqual(
      corrected.value,
    )
    const intervals = await database.db.operator((tx) => listIntervals(tx, uid, meterUid))
    expect(intervals.map(({ updated }) => updated)).toEqual([now, later, now])
    expect(new Set(intervals.map(({ intervalUid }) => intervalUid)).size).toBe(3)
  })

  test('is told again without a row being written, also in windows of another cut and by a later feed', async () => {
    const { merge, meterUid } = await meter()
    const series = readings(from, to)
    const cut = (i: number, j: number): Series => ({ ...series, ...sliceColumns(series, i, j) })
    await merge(cut(0, 500), 1)
    await merge(cut(300, series.start.length), 2)
    const rows = async () => [
      await database.admin('select ctid, xmin, xmax, * from series_blocks where meter_uid = $1 order by month', [
        meterUid,
      ]),
      await database.admin('select ctid, xmin, * from intervals where meter_uid = $1 order by month', [meterUid]),
      await database.admin('select ctid, xmin, * from meters where meter_uid = $1', [meterUid]),
    ]
    const before = await rows()
    for (const [i, j] of [
      [0, 500],
      [300, series.start.length],
      [0, series.start.length],
      [17, 900],
    ] as const)
      expect(await merge(cut(i, j), 3, later)).toEqual({ added: 0, changed: 0, outside: 0 })
    expect(await rows()).toEqual(before)
  })

  test('is told again after a correction: what was there before the correction is no longer known by its hash', async () => {
    const { merge, read } = await meter()
    const hour = (value: number) => readings(from, from + 3600, { value: () => value })
    await merge(hour(1), 1)
    expect(await merge(hour(2), 2)).toMatchObject({ changed: 1 })
    expect(await merge(hour(1), 3)).toMatchObject({ changed: 1 })
    expect((await read())[0]?.value).toEqual(Float64Array.of(1))
    // An older feed that lost is not remembered either: told by a later one, it wins.
    expect(await merge(hour(5), 2)).toMatchObject({ changed: 0 })
    expect(await merge(hour(5), 4)).toMatchObject({ changed: 1 })
  })

  test('has its sums beside it: of months unpacked from nothing, of days in local time', async () => {
    const { uid, meterUid, merge } = await meter()
    await merge(readings(from, to, { value: () => 3 }), 1)
    await merge(readings(from, to, { value: () => 2 ** 52 }), 2)
    const months = { sinceMonth: 2026 * 12 + 2, untilMonth: 2026 * 12 + 3 }
    const hours = 31 * 24 - 1
    const sums = async () => await database.db.operator((tx) => sumMonths(tx, uid, meterUid, months))
    const march = { channel: channelKey(channel), month: 2026 * 12 + 2, readings: hours }
    const expected = [{ ...march, total: { digits: 2n ** 52n * BigInt(hours), exponent: 0 } }]
    expect(await sums()).toEqual(expected)
    await database.admin('update series_blocks set total = null, exponent = null where meter_uid = $1', [meterUid])
    expect(await sums()).toEqual(expected)
    const days = await database.db.operator((tx) => sumDays(tx, uid, meterUid, { ...months, zone }))
    expect(days).toHaveLength(31)
    expect(days[7]).toMatchObject({ date: '2026-03-08', readings: 23, total: { digits: 2n ** 52n * 23n } })
  })

  test('keeps the better quality whatever comes later, and the later feed whatever arrives later', async () => {
    const { merge, read } = await meter()
    const hour = (value: number, quality: number) => readings(from, from + 3600, { value: () => value, quality })
    await merge(hour(1, QUALITY.validated), 2)
    expect(await merge(hour(2, QUALITY.raw), 9)).toMatchObject({ changed: 0 })
    expect(await merge(hour(3, QUALITY.validated), 1)).toMatchObject({ changed: 0 })
    expect((await read())[0]?.value).toEqual(Float64Array.of(1))
    expect(await merge(hour(4, QUALITY.revenue), 1)).toMatchObject({ changed: 1 })
    expect((await read())[0]?.value).toEqual(Float64Array.of(4))
    // The same feed decoded again, by a better decoder.
    expect(await merge(hour(5, QUALITY.revenue), 1)).toMatchObject({ changed: 1 })
    expect((await read())[0]?.value).toEqual(Float64Array.of(5))
  })

  test('counts usage once that several feeds tell in several lengths, each reading from its own feed', async () => {
    const { merge, blocks } = await meter()
    const from = midnightOf('2026-03-01', zone)
    const hours = readings(from, from + 4 * 3600, { value: () => 4 })
    expect(await merge(hours, 1)).toMatchObject({ added: 4 })
    const quarters = readings(from + 3600, from + 3 * 3600, { step: 900, value: () => 1 })
    expect(await merge(sliceOf(quarters, 0, 7), 2)).toMatchObject({ added: 3, changed: 1 })
    expect(await merge(sliceOf(quarters, 7, 8), 3, later)).toMatchObject({ added: 3, changed: 1 })
    const [block] = await blocks()
    expect(block).toMatchObject({ version: 3, updated: later })
    expect([...(block?.columns.duration ?? [])]).toEqual([3600, ...Array(8).fill(900), 3600])
    expect(block?.sources).toHaveLength(3)
    expect([...(block?.columns.value ?? [])].reduce((sum, value) => sum + value, 0)).toBe(16)
    expect(await merge(hours, 4)).toEqual({ added: 0, changed: 0, outside: 0 })
    expect((await blocks())[0]).toEqual(block)
  })

  test('a bill of better quality over two months shows instead of their days, until better days come', async () => {
    const { uid, merge, read, row } = await meter()
    const [from, to] = [midnightOf('2026-03-20', zone), midnightOf('2026-05-10', zone)]
    const days = readings(from, to, { step: 86_400, value: () => 2, quality: QUALITY.raw })
    const bill = { ...readings(from, from + 1, { step: 1, value: () => 102, quality: QUALITY.estimated }) }
    await merge(days, 1)
    await merge({ ...bill, duration: Uint32Array.of(to - from) }, 2, later)
    expect((await read()).map(({ start, value }) => [[...start], [...value]])).toEqual([[[from], [102]]])
    expect(await row()).toMatchObject({ interval_count: 1 })
    await merge({ ...days, quality: new Uint8Array(days.start.length).fill(QUALITY.validated) }, 3, later)
    const [series] = await read()
    expect(series?.start).toHaveLength(days.start.length)
    const intervals = await database.db.operator((tx) => listIntervals(tx, uid))
    expect(intervals).toHaveLength(3)
  })

  test('a month of which nothing shows has no Interval object', async () => {
    const { uid, meterUid, merge, read } = await meter()
    const [from, to] = [midnightOf('2026-03-20', zone), midnightOf('2026-05-10', zone)]
    const bill = readings(from, from + 1, { step: 1, value: () => 102, quality: QUALITY.estimated })
    await merge({ ...bill, duration: Uint32Array.of(to - from) }, 1)
    const april = readings(midnightOf('2026-04-02', zone), midnightOf('2026-04-05', zone), { quality: QUALITY.raw })
    expect(await merge(april, 2)).toEqual({ added: 0, changed: 0, outside: 0 })
    expect((await read()).map(({ start }) => [...start])).toEqual([[from]])
    expect(await database.db.operator((tx) => listIntervals(tx, uid))).toHaveLength(1)
    const months = { sinceMonth: 0, untilMonth: 99_999 }
    const sums = await database.db.operator((tx) => sumMonths(tx, uid, meterUid, months))
    expect(sums.map(({ total }) => total.digits)).toEqual([102n])
  })

  test('keeps channels apart, joins powers of ten exactly, and lists what is missing', async () => {
    const { merge, read, row } = await meter()
    await merge(readings(from, from + 7200, { value: () => 3 }), 1)
    await merge(readings(from + 10_800, from + 14_400, { value: () => 1234, exponent: -3 }), 1)
    await merge({ ...readings(from, from + 3600), channel: { ...channel, direction: 'received', part: 'a/b' } }, 1)
    const [delivered, received] = await read()
    expect(delivered).toMatchObject({ exponent: -3, value: Float64Array.of(3000, 3000, 1234) })
    expect(received?.channel).toEqual({ ...channel, direction: 'received', part: 'a/b' })
    expect(gapsOf(delivered?.start ?? [], delivered?.duration ?? [])).toEqual([[from + 7200, from + 10_800]])
    expect(await row()).toMatchObject({
      interval_count: 3,
      interval_coverage: [
        [from, from + 7200],
        [from + 10_800, from + 14_400],
      ],
    })
  })

  test('holds nothing from before the consent reaches back', async () => {
    const start = midnightOf('2026-03-01', zone)
    const { merge, read } = await meter({ historyStart: new Date(start * 1000 + 1) })
    expect(await merge(readings(from, to), 1)).toMatchObject({ outside: 9 * 24 + 1 })
    expect((await read())[0]?.start[0]).toBe(start + 3600)
  })

  test('is the same after collectors that ran at once as after one', async () => {
    const { merge, read } = await meter()
    const series = readings(from, to)
    const cut = (i: number, j: number): Series => ({ ...series, ...sliceColumns(series, i, j) })
    await Promise.all([0, 200, 400, 600, 800, 1000].map(async (at) => await merge(cut(at, at + 400), 1 + at)))
    expect(await read()).toEqual([series])
  })
})

/** Windows of one truth that feeds saw at different times: each later feed may have corrected some readings. */
const feeds = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 1, max: 12 }),
    quality: fc.constantFrom(QUALITY.raw, QUALITY.validated, QUALITY.revenue),
    salt: fc.integer({ min: 0, max: 2 }),
    exponent: fc.constantFrom(-3, 0),
  }),
  { minLength: 1, maxLength: 6 },
)

describe('merging', () => {
  const mergeAll = (given: { columns: Columns; feed: number }[]): Layers =>
    given.reduce<Layers>((known, { columns, feed }) => mergeLayers(known, columns, feed), EMPTY)
  const columnsOf = ({ columns: { start, duration, quality, value, exponent }, source }: Sourced) => ({
    start,
    duration,
    quality,
    source,
    value: value.map((unscaled) => Math.round(unscaled * 10 ** (exponent + 3))),
  })

  test('gives one state for any order, split and repetition of the windows', () => {
    const property = fc.property(feeds, fc.infiniteStream(fc.nat()), (given, random) => {
      const whole = given.map(({ from, length, quality, salt, exponent }, at) => ({
        columns: readings(from * 3600, (from + length) * 3600, {
          quality,
          exponent,
          value: (start) => ((start / 3600 + salt) % 3) * 10 ** -exponent,
        }),
        feed: at + 1,
      }))
      const split = whole.flatMap(({ columns, feed }) => {
        const cut = (random.next().value ?? 0) % (columns.start.length + 1)
        const parts = [sliceColumns(columns, 0, cut), sliceColumns(columns, cut, columns.start.length), columns]
        return parts.map((part) => ({ columns: part, feed }))
      })
      const order = new Map(split.map((part) => [part, random.next().value ?? 0]))
      const shuffled = split.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
      expect(columnsOf(mergeAll(shuffled))).toEqual(columnsOf(mergeAll(whole)))
      expect(mergeAll([...whole, ...whole])).toMatchObject({ added: 0, changed: 0 })
    })
    fc.assert(property, { numRuns: 1000 })
  })

  test('lets what is not told apart be: gaps are exactly the missing spans', () => {
    const property = fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1 }), (hours) => {
      const sorted = hours.toSorted((a, b) => a - b)
      const start = sorted.map((hour) => hour * 3600)
      const missing = gapsOf(
        start,
        start.map(() => 3600),
      ).flatMap(([from, to]) => Array.from({ length: (to - from) / 3600 }, (_, at) => from / 3600 + at))
      const between = Array.from({ length: (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) }, (_, at) => (sorted[0] ?? 0) + at)
      expect(missing).toEqual(between.filter((hour) => !hours.includes(hour)))
    })
    fc.assert(property)
  })
})
