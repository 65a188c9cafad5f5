import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import type { UtilitySlug } from '../../running-app.ts'
import { sized } from '../size.ts'
import { type FaultsBench, openFaultsBench } from './faults-bench.ts'
import { playFault } from './faults-run.ts'
import { ENDS, type End, nameOf, type Scenario } from './faults-scenario.ts'

type Tally = Partial<Record<End, { passed: number; all: number }>>

/** One test a scenario, all on one app; at the end the table of all such files that have ended so far. */
export function faultsSuite(name: string, utility: UtilitySlug, scenarios: readonly Scenario[]): void {
  const tally: Tally = {}
  let bench: FaultsBench
  beforeAll(async () => {
    bench = await openFaultsBench(utility)
  }, 300_000)
  afterAll(async () => {
    await bench.close()
    report(name, tally)
  }, 120_000)
  it.each(chosen(scenarios).map((scenario) => [nameOf(scenario), scenario] as const))('%s', async (_name, scenario) => {
    const count = (tally[scenario.end] ??= { passed: 0, all: 0 })
    count.all++
    expect(await playFault(bench, scenario)).toBe(scenario.end)
    count.passed++
  })
}

/** A sample is spread over the table. */
function chosen(scenarios: readonly Scenario[]): Scenario[] {
  const count = sized(scenarios.length, 3)
  return Array.from(
    { length: count },
    (_, at) => scenarios[Math.floor(((at + 0.5) * scenarios.length) / count)],
  ).filter((scenario) => scenario !== undefined)
}

function report(name: string, tally: Tally): void {
  const folder = process.env['GBP_TEST_HOME'] ?? ''
  writeFileSync(path.join(folder, `faults-${name}.json`), JSON.stringify(tally))
  const tallies = readdirSync(folder)
    .filter((file) => /^faults-\w+\.json$/.test(file))
    .map((file): Tally => JSON.parse(readFileSync(path.join(folder, file), 'utf8')))
  const lines = ENDS.map((end) => {
    const sum = (of: 'passed' | 'all'): number => tallies.reduce((total, one) => total + (one[end]?.[of] ?? 0), 0)
    return `  ${end.padEnd(16)} ${String(sum('passed')).padStart(4)} of ${String(sum('all')).padStart(4)}`
  })
  process.stdout.write(
    `\nFault scenarios that ended as stated, after ${tallies.length} of 4 files:\n${lines.join('\n')}\n`,
  )
}
