import { expect, it } from 'vitest'

import type { Bill } from '../model/bill.ts'
import { currencyE5 } from '../units/currency-e5.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { mergeBill } from './merge-bill.ts'

const bare: Bill = {
  usagePoint: 'NB6WRU',
  commodity: 'electricity',
  start: epochSeconds(1000),
  end: epochSeconds(2000),
  ...{
    statementDate: null,
    total: null,
    totalFrom: null,
    currency: 'USD',
    volume: null,
    tariff: null,
    readCycle: null,
  },
  ...{ lines: [], demand: [], tou: [], tiers: [], suppliers: [], quality: null, warnings: [] },
}
const lines: Bill['lines'] = [
  {
    name: 'Fee',
    kind: 'other',
    itemKind: 4,
    amount: currencyE5(500),
    quantity: null,
    unitCost: null,
    start: null,
    end: null,
  },
]
const withTotal: Bill = {
  ...bare,
  total: currencyE5(500),
  totalFrom: 'statement',
  volume: { value: 7, exponent: 0, unit: 'Wh' },
}
const withLines: Bill = { ...bare, total: currencyE5(500), totalFrom: 'lines', lines, tariff: 'TOU' }

it('a total and the lines of one bill make one bill, in either order', () => {
  const merged = { ...withTotal, lines, tariff: 'TOU' }
  expect(mergeBill(withTotal, withLines)).toEqual(merged)
  expect(mergeBill(withLines, withTotal)).toEqual(merged)
})

it('a re-bill with another total stands as it is', () => {
  const rebill: Bill = { ...withTotal, total: currencyE5(400) }
  expect(mergeBill(withLines, rebill)).toEqual(rebill)
})

it('a bill of another period keeps nothing of the one that it replaces', () => {
  const moved: Bill = { ...withTotal, end: epochSeconds(2500) }
  expect(mergeBill(withLines, moved)).toEqual(moved)
})

it('the same part again changes nothing', () => {
  const merged = mergeBill(withTotal, withLines)
  expect(mergeBill(merged, withLines)).toEqual(merged)
  expect(mergeBill(merged, withTotal)).toEqual(merged)
})
