import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseExact } from '../../units/exact.ts'
import { decimalText, differenceText, moneyNumber } from './decimals.ts'
import { apiQuantity, quotientText } from './units.ts'

const value = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
const exponent = fc.integer({ min: -9, max: 6 })
const power = (a: number, by: number): bigint => BigInt(a) * 10n ** BigInt(by)

/** Digits at 10 ** -12, to compare exactly. */
function digits(text: string): bigint {
  const exact = parseExact(text)
  if (!exact) throw new Error(`no number: ${text}`)
  return exact.digits * 10n ** BigInt(exact.exponent + 12)
}

test('a number in text is the exact one, and valid JSON', () => {
  fc.assert(
    fc.property(value, exponent, (number, by) => {
      const text = decimalText(number, by)
      expect(digits(text)).toBe(power(number, by + 12))
      expect(text).toBe(by < 0 ? text.replace(/(\.\d*[1-9])0+$|\.0+$/, '$1') : text)
      expect(() => JSON.parse(text)).not.toThrow()
    }),
  )
})

test('a difference is exact at any two exponents', () => {
  fc.assert(
    fc.property(value, exponent, value, exponent, (a, aBy, b, bBy) => {
      const text = differenceText(a, aBy, b, bBy, -3)
      expect(digits(text)).toBe(power(a, aBy + 9) - power(b, bBy + 9))
    }),
  )
})

test('the sums that floats get wrong come out right', () => {
  expect(differenceText(3, -1, 1, -1, 0)).toBe('0.2')
  expect(moneyNumber(19_478_000)).toBe(194.78)
  expect([moneyNumber(1), moneyNumber(-30_000_000), moneyNumber(110)]).toEqual([0.00001, -300, 0.0011])
})

test('quantities are in the units that clients know', () => {
  expect(apiQuantity({ value: 837_000_000, exponent: -3, unit: 'Wh' })).toEqual({ volume: 837, unit: 'kwh' })
  expect(apiQuantity({ value: 5_250, exponent: 0, unit: 'W' })).toEqual({ volume: 5.25, unit: 'kw' })
  expect(apiQuantity({ value: 123_456, exponent: 0, unit: 'BTU' })).toEqual({ volume: 1.23456, unit: 'therms' })
  expect(apiQuantity({ value: 2_592_000, exponent: 0, unit: 's' })).toEqual({ volume: 30, unit: 'days' })
  expect(apiQuantity({ value: 1, exponent: 6, unit: 'J' })).toEqual({ volume: 0.277778, unit: 'kwh' })
  expect(quotientText(-1, 6, 3_600_000n)).toBe('-0.277778')
})
