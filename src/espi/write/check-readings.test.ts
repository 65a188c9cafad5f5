import { expect, it } from 'vitest'

import type { Readings } from '../readings.ts'
import { checkReadings } from './check-readings.ts'

const block = { start: 0, duration: 900, uom: null, currency: null, from: 0, to: 1 }
const one: Readings = {
  count: 1,
  blocks: [block],
  start: Float64Array.of(0),
  duration: Float64Array.of(900),
  value: Float64Array.of(5),
  cost: null,
  quality: null,
  tou: null,
  tier: null,
  cpp: null,
  multiplier: null,
  odd: { value: new Map(), cost: new Map() },
}
const odd = new Map([[0, { digits: 5n, exponent: -1 }]])

it('readings that the schemas can hold pass', () => {
  expect(() => checkReadings(one)).not.toThrow()
  expect(() => checkReadings({ ...one, multiplier: Float64Array.of(NaN) })).not.toThrow()
})

it.each<[string, Partial<Readings>, string]>([
  ['a decimal value', { odd: { value: odd, cost: new Map() } }, 'IntervalReading.value takes whole numbers'],
  ['a decimal cost', { odd: { value: new Map(), cost: odd } }, 'IntervalReading.cost takes whole numbers'],
  [
    'a value beyond 48 bits',
    { value: Float64Array.of(140_737_488_355_329) },
    'IntervalReading.value takes whole numbers from',
  ],
  [
    'a cost below 48 bits',
    { cost: Float64Array.of(-140_737_488_355_329) },
    'IntervalReading.cost takes whole numbers from',
  ],
  ['an endless value', { value: Float64Array.of(Infinity) }, 'IntervalReading.value takes'],
  ['a fraction of a second', { start: Float64Array.of(0.5) }, 'IntervalReading.start takes'],
  ['a negative duration', { duration: Float64Array.of(-1) }, 'IntervalReading.duration takes'],
  ['a duration beyond 32 bits', { duration: Float64Array.of(4_294_967_296) }, 'IntervalReading.duration takes'],
  ['a negative quality', { quality: Float64Array.of(-1) }, 'IntervalReading.quality takes'],
  ['a tou beyond 16 bits', { tou: Float64Array.of(32_768) }, 'IntervalReading.tou takes'],
  ['a tier below 16 bits', { tier: Float64Array.of(-32_769) }, 'IntervalReading.tier takes'],
  ['a cpp beyond 16 bits', { cpp: Float64Array.of(32_768) }, 'IntervalReading.cpp takes'],
  ['a multiplier', { multiplier: Float64Array.of(-3) }, 'a multiplier stands in the ReadingType'],
  ['a start without a duration', { duration: Float64Array.of(NaN) }, 'IntervalReading.timePeriod takes'],
  ['a duration without a start', { start: Float64Array.of(NaN) }, 'IntervalReading.timePeriod takes'],
  ['a column that is too short', { value: new Float64Array() }, 'value has not as many rows'],
  [
    'a block with a start alone',
    { blocks: [{ ...block, duration: null }] },
    'IntervalBlock.interval takes a start and a duration',
  ],
  [
    'a block of half a second',
    { blocks: [{ ...block, duration: 0.5 }] },
    'IntervalBlock.interval takes a start of whole seconds',
  ],
  ['a unit in a block', { blocks: [{ ...block, uom: 72 }] }, 'unit and currency stand in the ReadingType'],
  ['a currency in a block', { blocks: [{ ...block, currency: 840 }] }, 'unit and currency stand in the ReadingType'],
  ['blocks that overlap', { blocks: [block, block] }, 'blocks take rows one after another'],
  ['a row without a block', { blocks: [{ ...block, to: 0 }] }, 'every row belongs to a block'],
  ['no block at all', { blocks: [] }, 'an entry holds one block or more'],
])('%s is a RangeError', (_name, change, message) => {
  expect(() => checkReadings({ ...one, ...change })).toThrow(RangeError)
  expect(() => checkReadings({ ...one, ...change })).toThrow(message)
})
