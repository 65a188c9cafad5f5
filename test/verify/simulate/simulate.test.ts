import './one-thread.ts'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { sized } from '../size.ts'
import { type Ground, openGround } from './ground.ts'
import { type Outcome, runSeed } from './run-seed.ts'

/** SIMULATE_SEED=n runs that seed alone and prints its trace. SIMULATE_FROM=n and SIMULATE_COUNT=n run a piece of them. */
const ONE = process.env['SIMULATE_SEED']
const FROM = Number(ONE ?? process.env['SIMULATE_FROM'] ?? 1)
const SEEDS = ONE ? 1 : Number(process.env['SIMULATE_COUNT'] ?? sized(1000, 8))

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(async () => {
  await ground.close()
})

function told({ seed, problems, trace }: Outcome): string {
  return [...trace, `seed ${seed}, to replay: SIMULATE_SEED=${seed} npm run verify -- simulate`, ...problems].join('\n')
}

it('runs a seed twice in the same way, whatever ran before it', async () => {
  const first = await runSeed(ground, FROM)
  await runSeed(ground, FROM + 1)
  const again = await runSeed(ground, FROM)
  expect(again.trace).toEqual(first.trace)
  expect(again.hash).toBe(first.hash)
})

it('holds what must hold, whatever the seed', async () => {
  const failed: number[] = []
  const faults = new Map<string, number>()
  let [turns, requests] = [0, 0]
  const began = performance.now()
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    const outcome = await runSeed(ground, seed)
    turns += outcome.turns
    requests += outcome.requests
    for (const [kind, count] of Object.entries(outcome.faults)) faults.set(kind, (faults.get(kind) ?? 0) + count)
    if (ONE || outcome.problems.length > 0) console.log(told(outcome))
    if (outcome.problems.length > 0) failed.push(seed)
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${SEEDS} seeds, ${turns} turns, ${requests} requests in ${seconds} s; what was done to them:`)
  console.log(Object.fromEntries([...faults].toSorted(([a], [b]) => a.localeCompare(b))))
  expect(failed).toEqual([])
})
