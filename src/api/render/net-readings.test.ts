import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { type Channel, channelKey, type Direction } from '../../model/series.ts'
import { addExact, type Exact, formatExact } from '../../units/exact.ts'
import { chooseLines, type MonthChannel, visitReadings } from './net-readings.ts'

const channelOf = (direction: Direction, given: Partial<Channel> = {}): Channel => ({
  commodity: 'electricity',
  direction,
  quantified: 'energy',
  unit: 'Wh',
  ...given,
})

/** One column of a day of hours: some are missing, values of any size and sign. */
const column = fc.record({
  exponent: fc.integer({ min: -6, max: 3 }),
  values: fc.array(fc.option(fc.oneof(fc.integer(), fc.maxSafeInteger()), { nil: null }), { maxLength: 24 }),
})

type Column = { exponent: number; values: (number | null)[] }

function toChannel(direction: Direction, { exponent, values }: Column): MonthChannel {
  const rows = values.flatMap((value, hour) => (value === null ? [] : [{ start: hour * 3600, value }]))
  return {
    channel: channelOf(direction),
    starts: rows[0]?.start ?? 0,
    ends: (rows.at(-1)?.start ?? -3600) + 3600,
    columns: {
      exponent,
      start: Float64Array.from(rows, ({ start }) => start),
      duration: new Uint32Array(rows.length).fill(3600),
      value: Float64Array.from(rows, ({ value }) => value),
      quality: new Uint8Array(rows.length),
    },
  }
}

/** The same told the plain way: hour by hour, with big integers. */
function expected(delivered: Column, received: Column, net: Column): unknown[] {
  const at = ({ exponent, values }: Column, hour: number, sign = 1n): Exact | null => {
    const value = values[hour] ?? null
    return value === null ? null : { digits: BigInt(value) * sign, exponent: exponent - 3 }
  }
  const reaches = ({ values }: Column, hour: number) =>
    values.slice(0, hour + 1).some((value) => value !== null) && values.slice(hour).some((value) => value !== null)
  const found: unknown[] = []
  for (let hour = 23; hour >= 0; hour--) {
    const [forward, reverse, own] = [at(delivered, hour), at(received, hour, -1n), at(net, hour)]
    if (!forward && !reverse && !own) continue
    let told = own
    if (forward && reverse) told = addExact(forward, reverse)
    else if (forward && !reaches(received, hour)) told = forward
    else if (reverse && !reaches(delivered, hour)) told = reverse
    found.push([hour * 3600, told && formatExact(told), forward && formatExact(forward)])
  }
  return found
}

test('net is exact and newest first, whatever is missing where', () => {
  fc.assert(
    fc.property(column, column, column, (delivered, received, net) => {
      const channels = [toChannel('delivered', delivered), toChannel('received', received), toChannel('net', net)]
      const found: unknown[] = []
      for (const line of chooseLines(channels))
        visitReadings(line, (start, end, told, forward) => {
          expect(end - start).toBe(3600)
          found.push([start, told, forward])
        })
      expect(found).toEqual(expected(delivered, received, net))
    }),
    { numRuns: 300 },
  )
})

test('usage is told once: energy before volume, one unit, and nothing that is no usage', () => {
  const channels = [
    channelOf('none', { commodity: 'gas', quantified: 'volume', unit: 'ft3' }),
    channelOf('none', { commodity: 'gas', unit: 'therm' }),
    channelOf('none', { commodity: 'gas', quantified: 'register', unit: 'therm' }),
    channelOf('none', { commodity: 'gas', quantified: 'temperature', unit: 'degC' }),
  ].map((channel): MonthChannel => ({ ...toChannel('none', { exponent: 0, values: [1] }), channel }))
  const lines = chooseLines(channels)
  expect(lines).toHaveLength(1)
  expect(lines[0]?.net && channelKey(lines[0].net.channel)).toBe('gas/none/energy/therm')
  expect(chooseLines(channels.slice(2))).toEqual([])
})

test('two directions of different lengths are not subtracted', () => {
  const long = toChannel('received', { exponent: 0, values: [5] })
  long.columns.duration[0] = 7200
  const [line] = chooseLines([toChannel('delivered', { exponent: 0, values: [9] }), long])
  const found: unknown[] = []
  if (line) visitReadings(line, (...reading) => void found.push(reading))
  expect(found).toEqual([[0, 3600, null, '0.009', '0.005']])
})
