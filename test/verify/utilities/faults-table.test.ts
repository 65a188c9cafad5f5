import { expect, it } from 'vitest'

import { modes } from '../../../simulators/kit/faults.ts'
import { nameOf } from './faults-scenario.ts'
import { demo, pge, pgeUsage, sce } from './faults-table.ts'

const all = [...pge, ...pgeUsage, ...sce, ...demo]

it('every fault mode of the simulators is met somewhere', () => {
  const met = new Set(all.map(({ mode }) => mode))
  expect(modes.map(({ name }) => name).filter((name) => !met.has(name))).toEqual([])
})

it('140 scenarios at least end in one of the five states, and none is there twice', () => {
  expect(all.filter(({ end }) => end !== 'unharmed').length).toBeGreaterThanOrEqual(140)
  const names = all.map((scenario) => `${scenario.utility} ${nameOf(scenario)}`)
  expect(names.length).toBe(new Set(names).size)
})
