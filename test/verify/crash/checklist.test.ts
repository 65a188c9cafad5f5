import { expect, test } from 'vitest'

import { PLACES, SCENARIOS } from './checklist.ts'

test('each of the 40 places of the checklist has a scenario', () => {
  expect([...new Set(SCENARIOS.map(({ no }) => no))]).toEqual(Array.from({ length: PLACES }, (_, at) => at + 1))
})
