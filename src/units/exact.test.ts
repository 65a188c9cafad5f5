import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { addExact, formatExact, parseExact, toUnits } from './exact.ts'

it('what is written is read, digit for digit', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.integer({ min: -20, max: 6 }),
      (digits, exponent) => {
        const text = formatExact({ digits, exponent })
        const read = parseExact(text)
        expect(read && formatExact(read)).toBe(text)
      },
    ),
  )
})

it.each([
  ['23.40', '23.4'],
  ['-0.5', '-0.5'],
  ['+007', '7'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['-0', '0'],
  [' 12\n', '12'],
])('%j is %s', (text, expected) => {
  const read = parseExact(text)
  expect(read && formatExact(read)).toBe(expected)
})

it.each(['', '.', '-', '1e3', '1,0', '0x1', 'NaN', '1 2', '--1', '9'.repeat(65)])('%j is no number', (text) => {
  expect(parseExact(text)).toBeNull()
})

it('sums lose nothing', () => {
  const sum = ['0.1', '0.2', '-0.3', '9007199254740993']
    .map((text) => parseExact(text) ?? { digits: 0n, exponent: 0 })
    .reduce(addExact)
  expect(formatExact(sum)).toBe('9007199254740993')
})

it('a number in units says whether it had to be rounded, half away from zero', () => {
  expect(toUnits({ digits: 2345n, exponent: -2 }, -1)).toEqual({ value: 235, exact: false })
  expect(toUnits({ digits: -2345n, exponent: -2 }, -1)).toEqual({ value: -235, exact: false })
  expect(toUnits({ digits: 39n, exponent: 0 }, -5)).toEqual({ value: 3_900_000, exact: true })
  expect(toUnits({ digits: 10n ** 20n, exponent: 0 }, 0)).toBeNull()
  expect(toUnits({ digits: 0n, exponent: 99 }, -99)).toEqual({ value: 0, exact: true })
})
