import './one-thread.ts'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { sized } from '../size.ts'
import { type Ground, openGround } from './ground.ts'
import { type Outcome, runSeed } from './run-seed.ts'

/** SIMULATE_SEED=n runs that seed alone and prints its trace. SIMULATE_FROM=n and SIMULATE_COUNT=n run a piece of them. */
const ONE = process.env['SIMULATE_SEED']
const FROM = Number(ONE ?? process.env['SIMULATE_FROM'] ?? 1)
/** SIMULATE_STOP=1 ends at the first seed that fails. */
const STOPS = Boolean(process.env['SIMULATE_STOP'])
const SEEDS = ONE ? 1 : Number(process.env['SIMULATE_COUNT'] ?? sized(1000, 8))

/*
 * What happens within one transaction is one turn: what races there is held by the tests of src/storage. That seeds find mistakes
 * is proved by ../planted, which makes some.
 */

/** The tests of one half of the seeds, of those that are odd (1) or even (0); each half is run by a process of its own. */
export function testHalf(half: 0 | 1): void {
  const seeds = Array.from({ length: SEEDS }, (_, n) => FROM + n).filter((seed) => seed % 2 === half)
  let ground: Ground
  beforeAll(async () => {
    ground = await openGround()
  })
  afterAll(async () => {
    await ground.close()
  })

  it('runs a seed in the same way, whatever ran before it', async () => {
    const seed = FROM + half
    const first = await runSeed(ground, seed)
    await runSeed(ground, seed + 1)
    const again = await runSeed(ground, seed)
    expect(again.trace).toEqual(first.trace)
    expect(again.hash).toBe(first.hash)
  })

  it('holds what must hold, whatever the seed', async () => {
    const failed: number[] = []
    const counts = new Map<string, number>()
    const began = performance.now()
    for (const seed of seeds) {
      const outcome = await runSeed(ground, seed)
      for (const [kind, count] of Object.entries(outcome.counts)) counts.set(kind, (counts.get(kind) ?? 0) + count)
      if (ONE || outcome.problems.length > 0) console.log(told(outcome))
      if (outcome.problems.length > 0) failed.push(seed)
      if (STOPS && failed.length > 0) break
    }
    const seconds = (performance.now() - began) / 1000
    const rate = (seeds.length / seconds).toFixed(2)
    console.log(
      `${seeds.length} seeds in ${seconds.toFixed(1)} s, ${rate} a second; what was done, and what came of it:`,
    )
    console.log(Object.fromEntries([...counts].toSorted(([a], [b]) => a.localeCompare(b))))
    expect(failed).toEqual([])
  })
}

function told({ seed, problems, trace }: Outcome): string {
  return [...trace, `seed ${seed}, to replay: SIMULATE_SEED=${seed} npm run verify -- simulate`, ...problems].join('\n')
}
