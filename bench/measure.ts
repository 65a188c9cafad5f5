import { spawnSync } from 'node:child_process'
import path from 'node:path'

import type { ExtractorName, Found } from './extractors.ts'
import type { Measured } from './measure-one.ts'

/** How an extractor did over all rounds. Noise only ever adds time, so the fastest pass counts. */
export type Result = {
  bestSeconds: number
  medianSeconds: number
  /** The fastest first pass of a fresh process. */
  firstSeconds: number
  loadSeconds: number
  /** The largest of any process. */
  peakMemoryMb: number
  found: Found | null
}
export type Results = ReadonlyMap<ExtractorName, Result>
/** rounds: processes; passes: times over the file in each. */
export type Effort = { rounds: number; passes: number }

/**
 * Measures each extractor in processes of its own, one after the other, in rounds, so that a busy moment of the machine does
 * not fall on one of them alone. Throws when two found different readings.
 */
export function measureAll(file: string, efforts: ReadonlyMap<ExtractorName, Effort>): Results {
  const measured = new Map<ExtractorName, Measured[]>()
  const rounds = Math.max(...[...efforts.values()].map((effort) => effort.rounds))
  for (let round = 0; round < rounds; round++) {
    for (const [name, effort] of efforts) {
      if (round >= effort.rounds) continue
      measured.set(name, [...(measured.get(name) ?? []), measureOne(name, file, effort.passes)])
    }
  }
  return new Map([...measured].map(([name, processes]) => [name, summarize(processes)]))
}

function measureOne(name: ExtractorName, file: string, passes: number): Measured {
  const script = path.join(import.meta.dirname, 'measure-one.ts')
  const heap = name === 'cityssm' ? ['--max-old-space-size=12000'] : []
  const { stdout, stderr, status } = spawnSync(process.execPath, [...heap, script, name, file, String(passes)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  const measured: Measured = JSON.parse(stdout)
  return measured
}

export function summarize(processes: readonly Measured[]): Result {
  const passes = processes.flatMap(({ seconds }) => seconds).sort((a, b) => a - b)
  return {
    bestSeconds: passes[0] ?? NaN,
    medianSeconds: passes[passes.length >> 1] ?? NaN,
    firstSeconds: Math.min(...processes.map(({ seconds }) => seconds[0] ?? NaN)),
    loadSeconds: Math.min(...processes.map((one) => one.loadSeconds)),
    peakMemoryMb: Math.max(...processes.map((one) => one.peakMemoryMb)),
    found: processes[0]?.found ?? null,
  }
}

/** Throws unless all who read readings found as many with the same sums. Without `quality` where it is said in other codes. */
export function checkSums(results: Results, keys: readonly (keyof Found)[]): void {
  const found = [...results].flatMap(([name, result]) => (result.found === null ? [] : [{ name, found: result.found }]))
  const [first] = found
  if (first === undefined || first.found.readings === 0) throw new Error('no readings were found')
  for (const other of found)
    for (const key of keys)
      if (other.found[key] !== first.found[key])
        throw new Error(`${other.name} found ${key} ${other.found[key]}, ${first.name} ${first.found[key]}`)
}
