import { expect, it } from 'vitest'

import type { Bill } from '../model/bill.ts'
import type { Direction } from '../model/series.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { differenceOf } from './reconcile-bills.ts'

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
