import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { differenceOf } from '../../../src/collection/reconcile-bills.ts'
import type { Bill } from '../../../src/model/bill.ts'
import { gapsOf } from '../../../src/storage/coverage.ts'
import { type Columns, decodeBlock, encodeBlock } from '../../../src/storage/series-block.ts'
import { splitByDay } from '../../../src/storage/series-sums.ts'
import { epochSeconds } from '../../../src/units/epoch-seconds.ts'
import { addExact, formatExact } from '../../../src/units/exact.ts'
import { addLocalDays, midnightOf } from '../../../src/units/local-days.ts'
import { sampleBill } from '../../api-fixture.ts'
import { sized } from '../size.ts'
import {
  decodeText,
  espiOf,
  exactSum,
  expectSame,
  faces,
  PACIFIC,
  readingsBetween,
  type Row,
  seriesOf,
} from './series-kit.ts'

const RUNS = { numRuns: sized(1000, 30) }
const zones = fc.constantFrom(PACIFIC, 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Phoenix')
const days = fc.constantFrom('2024-02-28', '2026-03-07', '2026-03-28', '2026-10-03', '2026-10-31', '2026-12-31')
const values = fc.oneof(fc.integer({ min: -100_000, max: 10_000_000 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }))

/** Hours of some days, some missing, with costs on some. */
const series = fc
  .record({
    date: days,
    zone: zones,
    exponent: fc.integer({ min: -6, max: 0 }),
    rows: fc.array(
      fc.option(fc.record({ value: values, cost: fc.option(fc.nat(10 ** 7), { nil: undefined }) }), { nil: null }),
      { minLength: 1, maxLength: 80 },
    ),
  })
  .map(({ date, zone, exponent, rows }) => {
    const from = midnightOf(date, zone)
    const told: Row[] = rows.flatMap((row, at) => {
      if (row === null) return []
      const { value, cost } = row
      return [{ start: from + at * 3600, value, ...(cost === undefined ? {} : { cost }) }]
    })
    return { zone, series: seriesOf(told, { exponent }) }
  })

test('P7: a sum is one in the block, in JSON, in CSV and in Green Button XML', () => {
  const property = fc.property(series, ({ zone, series: given }) => {
    const { usagePoint: _usagePoint, channel: _channel, ...columns } = given
    expectSame(exactSum(decodeBlock(encodeBlock(columns))), exactSum(given))
    const told = faces([given], zone)
    expect(told.starts).toHaveLength(given.start.length)
    expectSame(told.jsonSum, { ...exactSum(given), exponent: given.exponent - 3 })
    expect(told.csvSum).toEqual(told.jsonSum)
    const [decoded] = decodeText(espiOf([given]))
    expectSame(exactSum(decoded ?? seriesOf([])), exactSum(given))
  })
  fc.assert(property, RUNS)
})

test('P8: what is written as Green Button and read again is the same', () => {
  const property = fc.property(series, ({ series: given }) => {
    if (given.start.length === 0) return
    const [decoded] = decodeText(espiOf([given]))
    const { start, duration, value, quality, exponent, channel, cost } = given
    expect(decoded).toMatchObject({ start, duration, value, quality, exponent, channel })
    expect(decoded?.cost ?? null).toEqual(cost)
  })
  fc.assert(property, RUNS)
})

test('P10: a meter exchange makes one boundary: no gap, no overlap, every reading from its own meter', () => {
  const property = fc.property(
    days,
    fc.integer({ min: 1, max: 47 }),
    fc.integer({ min: -3, max: 0 }),
    (date, hour, exponent) => {
      const from = midnightOf(date, PACIFIC)
      const moment = from + hour * 3600
      const before = readingsBetween(from, moment, 3600)
      const after = readingsBetween(moment, from + 48 * 3600, 3600, { exponent })
      const decoded = decodeText(espiOf([before, after]))
      expect(decoded).toHaveLength(1)
      const [joined = before] = decoded
      expect([...joined.start]).toEqual([...before.start, ...after.start])
      expect(gapsOf(joined.start, joined.duration)).toEqual([])
      expectSame(exactSum(joined), addExact(exactSum(before), exactSum(after)))
    },
  )
  fc.assert(property, RUNS)
})

test('P12: multiplier and unit apply once, exact in decimal', () => {
  const property = fc.property(
    fc.oneof(values, fc.maxSafeInteger()),
    fc.integer({ min: -9, max: 6 }),
    (value, exponent) => {
      const decoded = decodeText(
        espiOf([seriesOf([{ start: midnightOf('2026-06-15', PACIFIC), value }], { exponent })]),
      )
      const expected = formatExact({ digits: BigInt(value), exponent: exponent - 3 })
      expect(faces(decoded, PACIFIC).values).toEqual([expected])
    },
  )
  fc.assert(property, RUNS)
})

test('P13: the totals of local days add up, with as many readings as each day has', () => {
  const property = fc.property(
    days,
    zones,
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(300, 900, 1800),
    (date, zone, count, step) => {
      const from = midnightOf(date, zone)
      const to = addLocalDays(from, count, zone)
      const given = readingsBetween(from, to, step)
      const found = splitByDay(given, zone)
      expect(found).toHaveLength(count)
      expectSame(found.map(({ total }) => total).reduce(addExact), exactSum(given))
      for (const [at, { readings }] of found.entries()) {
        const [begins, ends] = [addLocalDays(from, at, zone), addLocalDays(from, at + 1, zone)]
        expect(readings).toBe((ends - begins) / step)
      }
    },
  )
  fc.assert(property, RUNS)
})

test('P14: a bill and the intervals of its period agree, or their difference is told', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 1, max: 10 ** 6 }), { minLength: 2, maxLength: 60 }),
    fc.double({ min: 0.5, max: 1.5, noNaN: true }),
    (given, factor) => {
      const from = midnightOf('2026-03-07', PACIFIC)
      const readings = seriesOf(given.map((value, at) => ({ start: from + at * 3600, value })))
      const sum = given.reduce((all, value) => all + value, 0)
      const value = Math.round(sum * factor)
      const bill: Bill = {
        ...sampleBill,
        start: epochSeconds(from),
        end: epochSeconds(from + given.length * 3600),
        volume: { value, exponent: -3, unit: 'Wh' },
      }
      expect(differenceOf(bill, [readings])).toBeCloseTo(Math.abs(sum - value) / value, 9)
      const holed = seriesOf(given.slice(1).map((one, at) => ({ start: from + (at + 1) * 3600, value: one })))
      expect(differenceOf(bill, [holed])).toBe(null)
    },
  )
  fc.assert(property, RUNS)
})

const safe = fc.oneof(
  fc.integer({ min: -5000, max: 50_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, -(2 ** 52)),
)
const columns = fc
  .record({
    first: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    readings: fc.array(
      fc.record({
        step: fc.integer({ min: 1, max: 4_000_000 }),
        value: safe,
        quality: fc.integer({ min: 0, max: 5 }),
        cost: fc.oneof(fc.constant(Number.NaN), safe),
      }),
      { maxLength: 120 },
    ),
    exponent: fc.oneof(fc.integer({ min: -12, max: 12 }), fc.integer({ min: -30_000, max: 30_000 })),
    hasCost: fc.boolean(),
  })
  .map(({ first, readings, exponent, hasCost }): Columns => {
    let at = first
    return {
      exponent,
      start: Float64Array.from(readings, ({ step }) => (at += step)),
      duration: Uint32Array.from(readings, ({ step }) => step),
      value: Float64Array.from(readings, ({ value }) => value + 0),
      quality: Uint8Array.from(readings, ({ quality }) => quality),
      cost: hasCost ? Float64Array.from(readings, ({ cost }) => cost + 0) : null,
      tou: null,
      currency: null,
    }
  })

test('a block gives back what was packed: both ends of the safe integers, costs, any exponent', () => {
  fc.assert(
    fc.property(columns, (given) => {
      expect(decodeBlock(encodeBlock(given))).toEqual(given)
    }),
    RUNS,
  )
})

test('odd values are exceptions: exact, and few bytes each', () => {
  const odd = fc.uniqueArray(fc.record({ at: fc.nat(2975), rest: fc.integer({ min: -99, max: 99 }) }), {
    maxLength: 60,
    selector: ({ at }) => at,
  })
  const property = fc.property(odd, fc.constantFrom(100, 1000), (exceptions, step) => {
    const { usagePoint: _usagePoint, channel: _channel, ...even } = readingsBetween(0, 2976 * 900, 900)
    const given = { ...even, value: even.value.map((value) => value * step) }
    const plain = encodeBlock(given).length
    for (const { at, rest } of exceptions) given.value[at] = (given.value[at] ?? 0) + rest
    const block = encodeBlock(given)
    expect(decodeBlock(block)).toEqual(given)
    expect(block.length - plain).toBeLessThan(160 + 6 * exceptions.length)
  })
  fc.assert(property, RUNS)
})

const VERSIONS = [1, 2, 3]

test('a block of an unknown version, or with a damaged byte, is never read as another series', () => {
  const property = fc.property(columns, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, place, change) => {
    const block = encodeBlock(given)
    const at = place % block.length
    block[at] = (block[at] ?? 0) ^ change
    let read: Columns | null = null
    try {
      read = decodeBlock(block)
    } catch {
      return
    }
    // Versions differ in what they may hold: a block that holds none of it is the same in two of them.
    expect(at > 0 || VERSIONS.some((version) => version === block[0])).toBe(true)
    expect(read).toEqual(given)
  })
  fc.assert(property, RUNS)
})
