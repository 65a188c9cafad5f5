import { expect, test } from 'vitest'

import { planKills } from './kill-plan.ts'

test('a seed draws the same kills again, of every process, and another seed draws others', () => {
  const size = { kills: 200, workers: 4 }
  const plan = planKills(7, size)
  expect(planKills(7, size)).toEqual(plan)
  expect(planKills(8, size)).not.toEqual(plan)
  expect(new Set(plan.map(({ victim }) => victim))).toEqual(new Set([0, 1, 2, 3, 'server']))
})
