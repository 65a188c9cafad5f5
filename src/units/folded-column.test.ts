import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { createRoom, foldColumn, unfoldColumn } from './folded-column.ts'

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeNat(),
  fc.double().map((one) => one + 0),
  fc.constantFrom(NaN, 0, -1, 255, 256, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32),
)
const line = fc
  .tuple(fc.integer(), fc.integer({ min: -900, max: 86_400 }), fc.nat(40))
  .map(([first, step, length]) => Array.from({ length }, (_, at) => first + at * step))
const small = fc.array(fc.integer({ min: 0, max: 255 }))
const column = fc.oneof(fc.array(number), line, small)

it('columns that share memory come back number for number', () => {
  fc.assert(
    fc.property(fc.array(column), (columns) => {
      const room = createRoom()
      const folded = columns.map((numbers) => foldColumn(Float64Array.from(numbers), room))
      for (const [at, numbers] of columns.entries()) {
        const back = new Float64Array(numbers.length)
        unfoldColumn(folded[at] ?? { first: 0, step: 0 }, back)
        expect([...back].every((one, row) => Object.is(one, numbers[row]))).toBe(true)
      }
    }),
  )
})

it('a day of readings takes some five bytes a reading', () => {
  const room = createRoom()
  const day = (number: (at: number) => number): Float64Array => Float64Array.from({ length: 96 }, (_, at) => number(at))
  expect(
    foldColumn(
      day((at) => 1_735_718_400 + at * 900),
      room,
    ),
  ).toEqual({ first: 1_735_718_400, step: 900 })
  expect(
    foldColumn(
      day(() => 900),
      room,
    ),
  ).toEqual({ first: 900, step: 0 })
  foldColumn(
    day((at) => 30_000 + ((at * 7919) % 9000) * 100),
    room,
  )
  foldColumn(
    day((at) => (at % 40 === 0 ? 8 : 19)),
    room,
  )
  expect(room.at).toBe(96 * 5)
})

it('a column is put aside as it is: changing it later changes nothing', () => {
  const numbers = Float64Array.of(3, 1, 2)
  const folded = foldColumn(numbers, createRoom())
  numbers.fill(7)
  unfoldColumn(folded, numbers)
  expect([...numbers]).toEqual([3, 1, 2])
})
