import { expect, test } from 'vitest'

import { NOT_YET, PLACES, SCENARIOS } from './checklist.ts'

test('each of the 40 places of the checklist has a scenario, but for those that the product does not have yet', () => {
  const there = new Set(SCENARIOS.map(({ no }) => no))
  const missing = Array.from({ length: PLACES }, (_, at) => at + 1).filter((no) => !there.has(no))
  expect(missing).toEqual(Object.keys(NOT_YET).map(Number))
})
