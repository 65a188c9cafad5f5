import { afterAll, beforeAll, expect, test } from 'vitest'

import { sized } from '../size.ts'
import { SCENARIOS } from './checklist.ts'
import { openStage, type Stage } from './stage.ts'

/**
 * The tests of all places on one kind of database, five times each; `sample` are the places of a sample. CRASH_POINTS
 * (`7` or `1-10,34`) runs these only, CRASH_ROUNDS another number of times.
 */
export function runPoints(database: string, { sample, without = [] }: { sample: number[]; without?: number[] }): void {
  const isAsked = asked(process.env['CRASH_POINTS'])
  const rounds = Number(process.env['CRASH_ROUNDS'] ?? sized(5, 1))
  const chosen = SCENARIOS.filter(
    ({ no }) => isAsked(no) && !without.includes(no) && (sized(1, 0) === 1 || sample.includes(no)),
  )
  const ready = new Map<string, number[]>()
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(async () => {
    await stage.close()
    for (const [name, times] of ready) {
      const slowest = Math.max(...times).toFixed(0)
      console.log(`${database}: ${name}: ${times.length} of ${rounds} runs, ready within ${slowest} ms`)
    }
  })

  const runs = chosen.flatMap((one) => Array.from({ length: rounds }, (_, round) => ({ ...one, round })))
  test.each(runs)('S6.$no $name: killed there, all is right again', async ({ no, name, run, round }) => {
    const readyMs = await run(stage, round)
    expect(readyMs).toBeGreaterThan(0)
    const key = `${no} ${name}`
    ready.set(key, [...(ready.get(key) ?? []), readyMs])
  })
}

function asked(text: string | undefined): (no: number) => boolean {
  if (!text) return () => true
  const ranges = text.split(',').map((range) => range.split('-').map(Number))
  return (no) => ranges.some(([from = 0, to = from]) => from <= no && no <= to)
}
