import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { bareMeter } from '../../../src/model/meter.ts'
import type { Channel, Series } from '../../../src/model/series.ts'
import { childUid, type Uid } from '../../../src/model/uid.ts'
import { deleteAuthorizationData } from '../../../src/storage/delete-data.ts'
import { gapsOf } from '../../../src/storage/coverage.ts'
import { mergeManySeries } from '../../../src/storage/merge-many-series.ts'
import { upsertMeters } from '../../../src/storage/meters.ts'
import { readBlocks, readSeries } from '../../../src/storage/series.ts'
import { sized } from '../size.ts'
import { cutSeries, feeds, oracle, type Told } from './feeds.ts'
import { type MeterKit, NOTHING, NOW, openMeterKit } from './meter-kit.ts'
import { exactSum, expectSame, KWH, PACIFIC } from './series-kit.ts'

const RUNS = { numRuns: sized(1000, 30) }
let kit: MeterKit
let newMeter: MeterKit['newMeter']
let database: MeterKit['database']

beforeAll(async () => {
  kit = await openMeterKit()
  ;({ newMeter, database } = kit)
})
afterAll(async () => {
  await kit.close()
})

const readingsOf = ([series]: readonly Series[]) =>
  [...(series?.start ?? [])].map((start, row) => ({
    start,
    value: series?.value[row],
    quality: series?.quality[row],
  }))

test('P1: collecting twice changes nothing', async () => {
  const property = fc.asyncProperty(feeds, async (told) => {
    const meter = await newMeter()
    await meter.merge(told)
    const before = await meter.rows()
    for (const merged of await meter.merge(told)) expect(merged).toEqual(NOTHING)
    expect(await meter.rows()).toEqual(before)
  })
  await fc.assert(property, RUNS)
})

test('P2: any order of overlapping windows gives one result', async () => {
  const property = fc.asyncProperty(feeds, fc.infiniteStream(fc.nat()), async (told, random) => {
    const meter = await newMeter()
    const order = new Map(told.map((one) => [one, random.next().value]))
    await meter.merge(told.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)))
    expect(readingsOf(await meter.read())).toEqual(oracle(told))
  })
  await fc.assert(property, RUNS)
})

test('P3: any splitting of a window gives one result', async () => {
  const property = fc.asyncProperty(feeds, fc.infiniteStream(fc.nat()), async (told, random) => {
    const meter = await newMeter()
    const split = told.flatMap(({ feed, series }) => {
      const cut = random.next().value % (series.start.length + 1)
      const other = random.next().value % (cut + 1)
      const parts = [
        cutSeries(series, cut, series.start.length),
        cutSeries(series, 0, cut),
        cutSeries(series, other, cut),
      ]
      return parts.map((part) => ({ feed, series: part }))
    })
    await meter.merge(split)
    expect(readingsOf(await meter.read())).toEqual(oracle(told))
  })
  await fc.assert(property, RUNS)
})

test('P4: a newer correction wins, an older one never, whichever comes last', async () => {
  const property = fc.asyncProperty(feeds, fc.boolean(), async (told, isLate) => {
    const meter = await newMeter()
    const [first] = told
    if (!first) return
    const corrected = { feed: 90, series: { ...first.series, value: first.series.value.map((value) => value + 1) } }
    await meter.merge(isLate ? [first, corrected] : [corrected, first])
    expect((await meter.read())[0]?.value ?? new Float64Array()).toEqual(corrected.series.value)
  })
  await fc.assert(property, RUNS)
})

test('P5: an equal re-delivery by a later feed, however cut, keeps version and time', async () => {
  const property = fc.asyncProperty(feeds, fc.nat(), async (told, at) => {
    const meter = await newMeter()
    await meter.merge(told)
    const before = await meter.versions()
    const [stored] = await meter.read()
    if (!stored) return
    const cut = at % (stored.start.length + 1)
    const again = [stored, cutSeries(stored, 0, cut), cutSeries(stored, cut, stored.start.length)]
    for (const merged of await meter.merge(again.map((series) => ({ feed: 99, series }))))
      expect(merged).toEqual(NOTHING)
    expect(await meter.versions()).toEqual(before)
  })
  await fc.assert(property, RUNS)
})

test('P6: gaps are exactly the spans that no feed told', async () => {
  const property = fc.asyncProperty(feeds, async (told) => {
    const meter = await newMeter()
    await meter.merge(told)
    const [stored] = await meter.read()
    const known = new Set(told.flatMap(({ series }) => [...series.start]))
    const [first, last] = [Math.min(...known), Math.max(...known)]
    const missing: number[] = []
    for (let hour = first; hour < last; hour += 3600) if (!known.has(hour)) missing.push(hour)
    const gaps = gapsOf(stored?.start ?? [], stored?.duration ?? [])
    expect(
      gaps.flatMap(([from, to]) => Array.from({ length: (to - from) / 3600 }, (_, at) => from + at * 3600)),
    ).toEqual(missing)
    const { coverage, count } = await meter.counted()
    expect(coverage.slice(1).map(([from], at) => [coverage[at]?.[1], from])).toEqual(gaps)
    expect(count).toBe(known.size)
  })
  await fc.assert(property, RUNS)
})

test('P9: a re-encoded usage point makes no new meter', async () => {
  const property = fc.asyncProperty(
    fc.uniqueArray(
      fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0') && text.isWellFormed()),
      { minLength: 2, maxLength: 4 },
    ),
    async (names) => {
      const { uid, meterUid } = await newMeter()
      for (const name of names) {
        const facts = { ...bareMeter(name, 'electricity'), serviceIdentifier: 'S-1' }
        const [meter] = await database.db.operator((tx) =>
          upsertMeters(tx, uid, [facts], { now: NOW, completeList: true }),
        )
        expect(meter?.meterUid).toBe(meterUid)
      }
    },
  )
  await fc.assert(property, RUNS)
})

test('P11: channels never mix', async () => {
  const property = fc.asyncProperty(feeds, feeds, feeds, async (delivered, received, net) => {
    const meter = await newMeter()
    await meter.merge(delivered)
    await meter.merge(received, { ...KWH, direction: 'received' })
    await meter.merge(net, { ...KWH, direction: 'net', part: 'a/b' })
    const stored = await meter.read()
    const of = (direction: Channel['direction']) =>
      readingsOf(stored.filter(({ channel }) => channel.direction === direction))
    expect([of('delivered'), of('received'), of('net')]).toEqual([oracle(delivered), oracle(received), oracle(net)])
  })
  await fc.assert(property, RUNS)
})

test('P13, in the database: the sums of months beside the blocks are the sum of the readings', async () => {
  const property = fc.asyncProperty(feeds, async (told) => {
    const meter = await newMeter()
    await meter.merge(told)
    const [stored] = await meter.read()
    const { months, total } = await meter.monthly()
    expect(months).toBe((await database.db.operator((tx) => readBlocks(tx, meter.uid, meter.meterUid))).length)
    if (stored) expectSame(total, exactSum(stored))
  })
  await fc.assert(property, RUNS)
})

test('P15: collectors that run at once equal one that runs alone', async () => {
  const property = fc.asyncProperty(feeds, async (told) => {
    const meter = await newMeter()
    await Promise.all(told.map(async (one) => await meter.merge([one])))
    expect(readingsOf(await meter.read())).toEqual(oracle(told))
  })
  await fc.assert(property, RUNS)
})

test('P16: what was deleted and is collected again equals what is collected for the first time', async () => {
  const property = fc.asyncProperty(feeds, feeds, async (before, told) => {
    const meter = await newMeter()
    await meter.merge(before)
    await database.db.operator((tx) => deleteAuthorizationData(tx, meter.uid))
    expect(await meter.read()).toEqual([])
    const again = await recollect(meter.uid, told)
    expect(readingsOf(again)).toEqual(oracle(told))
  })
  await fc.assert(property, RUNS)
})

/** Into a new meter of the same authorization: the old one went with its data. */
async function recollect(uid: Uid, told: readonly Told[]): Promise<Series[]> {
  const { db } = database
  const [meter] = await db.operator((tx) => upsertMeters(tx, uid, [bareMeter('up-1', 'electricity')], { now: NOW }))
  const meterUid = meter?.meterUid ?? ''
  for (const { feed, series } of told) {
    const options = { zone: PACIFIC, source: childUid(uid, 2000 + feed), now: NOW }
    await db.operator((tx) => mergeManySeries(tx, uid, [{ meterUid, series }], options))
  }
  return await db.operator((tx) => readSeries(tx, uid, meterUid))
}
