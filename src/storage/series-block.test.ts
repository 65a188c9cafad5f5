import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { monthStart } from '../units/local-days.ts'
import { sliceColumns } from './merge-columns.ts'
import { type Columns, decodeBlock, encodeBlock, encodeTail } from './series-block.ts'

const safe = fc.oneof(
  fc.integer({ min: -5000, max: 50_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
)
const reading = fc.record({
  step: fc.oneof(fc.constant(900), fc.integer({ min: 1, max: 4_000_000 })),
  duration: fc.oneof(fc.constant(900), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  value: safe,
  quality: fc.integer({ min: 0, max: 255 }),
  cost: fc.oneof(fc.constant(Number.NaN), safe),
  tou: fc.integer({ min: 0, max: 255 }),
})
const columns = fc
  .record({
    first: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    readings: fc.array(reading, { maxLength: 400 }),
    exponent: fc.integer({ min: -12, max: 12 }),
    hasCost: fc.boolean(),
    hasTou: fc.boolean(),
    currency: fc.option(fc.constantFrom('USD', 'CAD', '')),
  })
  .map(({ first, readings, exponent, hasCost, hasTou, currency }): Columns => {
    let at = first
    return {
      exponent,
      start: Float64Array.from(readings, ({ step }) => (at += step)),
      duration: Uint32Array.from(readings, ({ duration }) => duration),
      value: Float64Array.from(readings, ({ value }) => value + 0), // no -0
      quality: Uint8Array.from(readings, ({ quality }) => quality),
      cost: hasCost ? Float64Array.from(readings, ({ cost }) => cost + 0) : null,
      tou: hasTou ? Uint8Array.from(readings, ({ tou }) => tou) : null,
      currency,
    }
  })

/** What bytes say; they are refused with an error of whoever finds the fault first. */
function readOrRefused(block: Buffer): Columns | 'refused' {
  try {
    return decodeBlock(block)
  } catch (error) {
    if (error instanceof Error) return 'refused'
    throw error
  }
}

/** Quarter hours from one local midnight to another; a home with a base load, an evening peak and some noise. */
function home(from: number, until: number): Columns {
  const readings = (until - from) / 900
  const start = Float64Array.from({ length: readings }, (_, at) => from + at * 900)
  let noise = 7
  const value = start.map((at) => {
    noise = (noise * 16_807) % 2_147_483_647
    const hour = (at / 3600) % 24
    return Math.round(80 + 250 * Math.exp(-((hour - 3) ** 2) / 8) + (noise % 60)) * 100
  })
  const quality = new Uint8Array(readings).fill(4)
  return {
    exponent: -3,
    start,
    duration: new Uint32Array(readings).fill(900),
    value,
    quality,
    cost: null,
    tou: null,
    currency: null,
  }
}

describe('a series block', () => {
  test('unpacks to exactly what was packed', () => {
    fc.assert(
      fc.property(columns, (given) => {
        expect(decodeBlock(encodeBlock(given))).toEqual(given)
      }),
      { numRuns: 300 },
    )
  })

  test('may be empty', () => {
    const empty = home(0, 0)
    expect(decodeBlock(encodeBlock(empty))).toEqual(empty)
  })

  test.each([
    ['March, 23 hours on one day', 2026 * 12 + 2, 2972],
    ['November, 25 hours on one day', 2026 * 12 + 10, 2884],
    ['a leap February', 2028 * 12 + 1, 2784],
  ])('holds %s in at most 2 bytes a reading', (_, month, readings) => {
    const zone = 'America/Los_Angeles'
    const given = home(monthStart(month, zone), monthStart(month + 1, zone))
    expect(given.start.length).toBe(readings)
    const block = encodeBlock(given)
    expect(decodeBlock(block)).toEqual(given)
    expect(block.length / readings).toBeLessThan(2)
  })

  test('keeps a few odd values apart, so that they cost a few bytes and not one more for every reading', () => {
    const good = home(0, 2976 * 900)
    const odd = { ...good, value: good.value.map((value, at) => (at % 75 === 7 ? value + 37 : value)) }
    const block = encodeBlock(odd)
    expect(decodeBlock(block)).toEqual(odd)
    expect(block.length - encodeBlock(good).length).toBeLessThan(40 * 4)
  })

  test('has a version for each way to write values: narrow steps, exceptions among them, wide steps', () => {
    const steps = (least: number, most: number) =>
      fc.array(fc.integer({ min: least, max: most }), { minLength: 60, maxLength: 300 })
    const walk = (by: readonly number[], scale: number): Columns => {
      const shape = home(0, by.length * 900)
      let value = 0
      return { ...shape, value: shape.value.map((_, at) => (value += (by[at] ?? 0) * scale)) }
    }
    const wide = fc
      .tuple(steps(0, 2 ** 36), fc.boolean())
      .map(([by]) => by.map((one, at) => (at % 2 ? -64 - one : 64 + one)))
    fc.assert(
      fc.property(steps(-64, 63), wide, fc.constantFrom(1, 100, 1000), (narrow, broad, scale) => {
        const [first, third] = [walk(narrow, scale), walk(broad, scale)]
        const second = { ...first, value: first.value.map((value, at) => value * 1000 + (at === 9 ? 7 : 0)) }
        expect([first, second, third].map((given) => decodeBlock(encodeBlock(given)))).toEqual([first, second, third])
        expect(encodeBlock(third)[0]).toBe(3)
      }),
      { numRuns: 100 },
    )
  })

  test.each([
    [
      1,
      [91_200, 0, 5500, -300],
      '0128b52ffd241ef1000004050080a6b9a30d8407028c150184070404020301040164a00e9f0e6e738b4c88fc',
    ],
    [
      2,
      Array.from({ length: 40 }, (_, at) => 91_200 + at * 100 + (at === 7 ? 37 : 0)),
      '0228b52ffd243ded0000b828050080a6b9a30d84072784072804286401074aa00e0201003fa009a6093770',
    ],
    [
      3,
      [91_200, 0, 5_000_000, -300],
      '0328b52ffd242631010004052080a6b9a30d8407028c1501840704040203010401640003201fa0a507078686000001010d9b71bf',
    ],
  ])('of version %i, written long ago, is read', (version, values, written) => {
    const block = Buffer.from(written, 'hex')
    expect(block[0]).toBe(version)
    expect([...decodeBlock(block).value]).toEqual(values)
  })

  test.each([0, 4, 255])('of version %i is refused', (version) => {
    const block = encodeBlock(home(0, 9000))
    block[0] = version
    expect(() => decodeBlock(block)).toThrow(RangeError)
  })

  test('refuses what it could not give back', () => {
    const good = home(0, 9000)
    expect(() => encodeBlock({ ...good, value: good.value.slice(1) })).toThrow(RangeError)
    expect(() => encodeBlock({ ...good, value: good.value.map(() => 0.5) })).toThrow(RangeError)
    expect(() => encodeBlock({ ...good, value: good.value.map(() => 2 ** 53) })).toThrow(RangeError)
    expect(() => encodeBlock({ ...good, start: good.start.map(() => 0) })).toThrow(RangeError)
    expect(() => encodeBlock({ ...good, start: good.start.toReversed() })).toThrow(RangeError)
  })

  test('with a changed byte is never read as another series', () => {
    const given = home(0, 90_000)
    const block = encodeBlock(given)
    for (let at = 0; at < block.length; at += 3) {
      const changed = Buffer.from(block)
      changed[at] = (changed[at] ?? 0) ^ 0x10
      expect([given, 'refused']).toContainEqual(readOrRefused(changed))
    }
  })

  test('with tails before it is what they are together', () => {
    const given = home(0, 180_000)
    const [first, second, third] = [
      sliceColumns(given, 0, 50),
      sliceColumns(given, 50, 51),
      sliceColumns(given, 51, 200),
    ]
    expect(decodeBlock(Buffer.concat([encodeTail(second), encodeTail(third), encodeBlock(first)]))).toEqual(given)
  })

  test('with a changed byte in a tail is never read as another series', () => {
    const given = home(0, 90_000)
    const block = Buffer.concat([encodeTail(sliceColumns(given, 50, 100)), encodeBlock(sliceColumns(given, 0, 50))])
    for (let at = 0; at < block.length; at++) {
      const changed = Buffer.from(block)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      expect([given, 'refused']).toContainEqual(readOrRefused(changed))
    }
  })
})
