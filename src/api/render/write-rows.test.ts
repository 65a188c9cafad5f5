import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseExact, addExact } from '../../units/exact.ts'
import type { Direction } from '../../model/series.ts'
import type { Unit } from '../../units/quantity.ts'
import { decimalText } from './decimals.ts'
import { renderColumns } from './interval-columns.ts'
import { netColumns } from './net-columns.ts'
import { type Line, type MonthChannel, visitReadings } from './net-readings.ts'
import { renderReadings } from './readings.ts'
import { localTimes } from './times.ts'
import { apiUnit } from './units.ts'
import { NUMBER_BYTES, placeDecimal } from './write-decimal.ts'
import { writeRows } from './write-rows.ts'

const zones = fc.constantFrom('America/Los_Angeles', 'America/Phoenix', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC')

/** Readings around the days on which clocks change, some missing, of any size and sign. */
const column = fc.record({
  exponent: fc.integer({ min: -9, max: 4 }),
  values: fc.array(
    fc.option(fc.oneof(fc.integer({ min: -99_999, max: 99_999_999 }), fc.constant(0), fc.maxSafeInteger()), {
      nil: null,
    }),
    { maxLength: 60 },
  ),
})
const from = fc.constantFrom(1_772_928_000, 1_793_491_200, 1_767_225_600, 1_709_164_800)
const step = fc.constantFrom(300, 900, 1800, 3600, 86_400)

type Given = { exponent: number; values: (number | null)[] }

function channelOf(
  direction: Direction,
  unit: Unit,
  { exponent, values }: Given,
  first: number,
  every: number,
): MonthChannel {
  const rows = values.flatMap((value, at) => (value === null ? [] : [{ start: first + at * every, value }]))
  return {
    channel: { commodity: 'electricity', direction, quantified: 'energy', unit },
    starts: rows[0]?.start ?? 0,
    ends: (rows.at(-1)?.start ?? 0) + every,
    columns: {
      exponent,
      start: Float64Array.from(rows, ({ start }) => start),
      duration: new Uint32Array(rows.length).fill(every),
      value: Float64Array.from(rows, ({ value }) => value),
      quality: new Uint8Array(rows.length),
    },
  }
}

const lines = fc
  .record({
    delivered: column,
    received: fc.option(column, { nil: null }),
    net: fc.option(column, { nil: null }),
    from,
    step,
    unit: fc.constantFrom<Unit>('Wh', 'therm', 'J'),
  })
  .map(({ delivered, received, net, from: first, step: every, unit }): Line => ({
    part: null,
    unit,
    delivered: channelOf('delivered', unit, delivered, first, every),
    received: received && channelOf('received', unit, received, first, every),
    net: net && channelOf('net', unit, net, first, every),
  }))

test('bytes tell what texts tell: every time and every digit', () => {
  const property = fc.property(lines, zones, (line, zone) => {
    const local = localTimes(zone)
    const { name } = apiUnit(line.unit)
    const expected: string[] = []
    let missing = 0
    visitReadings(line, (start, end, net) => {
      if (net === null) missing++
      else
        expected.push(
          `{"start":"${local(start)}","end":"${local(end)}","kwh":${name === 'kwh' ? net : null},"datapoints":[{"type":"net","unit":"${name}","value":${net}}]}`,
        )
    })
    const options = { lines: [line], from: null, until: null, withDirections: false, zone }
    const { pieces, told, withheld } = renderReadings(options)
    expect(Buffer.concat(Array.from(pieces, copy)).toString()).toBe(expected.join(','))
    expect([told, withheld]).toEqual([expected.length, missing])
  })
  fc.assert(property, { numRuns: 500 })
})

/** A piece is good until the next is asked for. */
const copy = (piece: Uint8Array): Uint8Array => Uint8Array.from(piece)

test('many readings come in pieces of bounded size', () => {
  const line = channelOf(
    'delivered',
    'Wh',
    { exponent: -3, values: Array.from({ length: 11_904 }, (_, at) => at) },
    0,
    900,
  )
  const columns = netColumns({ part: null, unit: 'Wh', delivered: line, received: null, net: null })
  if (columns === null) throw new Error('a line of one channel has columns')
  const shape = { before: '', between: '/', behind: [' ', '\n'] }
  const pieces = Array.from(writeRows(columns, shape, { from: null, until: null, zone: 'UTC' }), copy)
  expect(pieces.length).toBeGreaterThan(2)
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
  const rows = Buffer.concat(pieces).toString().split('\n')
  expect(rows).toHaveLength(11_905)
  expect(rows[1]).toBe('1970-05-04T23:30:00.000000+00:00/1970-05-04T23:45:00.000000+00:00 0.011902')
})

test('what several write at a time lies apart, also after one was left halfway', () => {
  const shape = { before: '', between: '/', behind: [' ', '\n'] }
  const span = { from: null, until: null, zone: 'UTC' }
  const columnsOf = (first: number) => {
    const given = { exponent: 0, values: Array.from({ length: 3000 }, (_, at) => first + at) }
    const columns = netColumns({
      ...{ part: null, unit: 'Wh', received: null, net: null },
      delivered: channelOf('delivered', 'Wh', given, 0, 900),
    })
    if (columns === null) throw new Error('a line of one channel has columns')
    return columns
  }
  const left = writeRows(columnsOf(0), shape, span)
  left.next()
  left.return()
  const writers = [100_000, 500_000].map((first) => writeRows(columnsOf(first), shape, span))
  const texts = ['', '']
  for (let isDone = false; !isDone;) {
    const next = writers.map((writer) => writer.next())
    for (const [place, { value }] of next.entries()) texts[place] += value ? Buffer.from(value).toString() : ''
    isDone = next.every(({ done }) => done)
  }
  expect(texts.map((text) => text.split('\n').map((row) => row.split(' ')[1]))).toEqual(
    [100_000, 500_000].map((first) => [
      ...Array.from({ length: 3000 }, (_, at) => decimalText(first + 2999 - at, -3)),
      undefined,
    ]),
  )
})

test('a number in bytes is the exact one', () => {
  const bytes = new Uint8Array(NUMBER_BYTES)
  const property = fc.property(
    fc.oneof(fc.maxSafeInteger(), fc.integer()),
    fc.integer({ min: -15, max: 0 }),
    (value, exponent) => {
      const from = placeDecimal(bytes, value, exponent)
      expect(Buffer.from(bytes.subarray(from)).toString()).toBe(decimalText(value, exponent))
    },
  )
  fc.assert(property, { numRuns: 2000 })
})

type Told = {
  exponent: number
  starts: [first: number, step: number, count: number][]
  durations: [seconds: number, count: number][]
  values: (number | null)[]
}

test('columns tell the times and the sum of the rows', () => {
  const property = fc.property(lines, (line) => {
    const columns = netColumns(line)
    if (columns === null) return
    const text = renderColumns(columns, { unit: null, part: null, from: null, until: null })
    expect(text === null).toBe(columns.start.length === 0)
    if (text === null) return
    const told: Told = JSON.parse(Buffer.from(text).toString())
    expect(Object.keys(told)).toEqual(['unit', 'part', 'exponent', 'starts', 'durations', 'values'])
    const { exponent, starts, durations, values } = told
    expect(values).toEqual(Array.from(columns.value, (value) => (Number.isNaN(value) ? null : value + 0)))
    expect(
      starts.flatMap(([first, every, count]) => Array.from({ length: count }, (_, at) => first + at * every)),
    ).toEqual([...columns.start])
    expect(durations.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length)
    let sum = parseExact('0') ?? { digits: 0n, exponent: 0 }
    visitReadings(line, (_start, _end, net) => {
      const reading = net === null ? null : parseExact(net)
      if (reading) sum = addExact(sum, reading)
    })
    const all = values.reduce((before, value) => before + BigInt(value ?? 0), 0n)
    const least = Math.min(exponent, sum.exponent)
    expect(all * 10n ** BigInt(exponent - least)).toBe(sum.digits * 10n ** BigInt(sum.exponent - least))
  })
  fc.assert(property, { numRuns: 300 })
})
