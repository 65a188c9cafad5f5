import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { ExtractorName } from './extractors.ts'
import type { FeedSize, Shape } from './generated-feeds.ts'
import { checkSums, type Effort, measureAll, type Result, type Results } from './measure.ts'
import { judgeTargets } from './parse-targets.ts'
import { writeFeed } from './write-feed.ts'

/**
 * How fast `src/espi` reads, beside other parsers and beside a loop that only counts `<`, in one run on one machine.
 * `--full`: a year of 20 usage points (193 MB) and 200 usage points in a file of about that size; minutes instead of one.
 * Names of feeds (`pge-20`) leave out the others. Ends with a line per target. Throws only when two extractors found different readings.
 */
export async function benchParse(args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gbp-bench-'))
  const results = new Map<string, Results>()
  try {
    const wanted = args.filter((arg) => !arg.startsWith('--'))
    for (const { shape, size, extractors } of feeds(args.includes('--full'))) {
      if (wanted.length > 0 && !wanted.includes(`${shape}-${size.points}`)) continue
      const file = await writeFeed(folder, shape, size)
      const megabytes = statSync(file).size / 1e6
      console.log(
        `\n${shape}-${size.points}: ${size.points} usage points, ${size.days} days, ${megabytes.toFixed(1)} MB`,
      )
      const measured = measureAll(file, new Map(extractors.map((name) => [name, effortFor(name, megabytes)])))
      checkSums(measured, ['readings', 'value', 'start', 'duration', 'quality'])
      results.set(`${shape}-${size.points}`, measured)
      console.table(Object.fromEntries([...rows(measured, megabytes), ...xmllint(file, megabytes)]))
      rmSync(file)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log('\nProcessor time of the fastest pass; sums of readings, value, start, duration and quality are equal.')
  for (const line of judgeTargets(results)) console.log(line)
}

type Feed = { shape: Shape; size: FeedSize; extractors: readonly ExtractorName[] }

const OURS_AND_FLOOR = ['ours', 'floor', 'ours from memory', 'floor from memory'] as const
const ALL = [...OURS_AND_FLOOR, 'saxes', 'cityssm'] as const

function feeds(full: boolean): Feed[] {
  const batch = { points: 20, days: full ? 365 : 45 }
  return [
    { shape: 'pge', size: { points: 1, days: 365 }, extractors: ALL },
    { shape: 'sce', size: { points: 1, days: 365 }, extractors: ALL },
    { shape: 'pge', size: batch, extractors: ALL },
    { shape: 'sce', size: batch, extractors: ALL },
    { shape: 'pge', size: { points: 200, days: full ? 40 : 18 }, extractors: OURS_AND_FLOOR },
  ]
}

/** Many passes of what is fast, so that it is compiled; the slow peer reads a large file once. */
function effortFor(name: ExtractorName, megabytes: number): Effort {
  if (name === 'cityssm') return megabytes < 20 ? { rounds: 2, passes: 2 } : { rounds: 1, passes: 1 }
  if (name === 'saxes') return { rounds: 2, passes: 2 }
  return { rounds: 3, passes: 5 }
}

function rows(results: Results, megabytes: number): [string, object][] {
  const readings = results.get('ours')?.found?.readings ?? 0
  return [...results].map(([name, result]) => {
    const ours = results.get(name.endsWith('from memory') ? 'ours from memory' : 'ours')
    return [name, row(result, ours ?? result, { megabytes, readings })]
  })
}

function row(result: Result, ours: Result, size: { megabytes: number; readings: number }): object {
  return {
    'MB/s': Math.round(size.megabytes / result.bestSeconds),
    'median MB/s': Math.round(size.megabytes / result.medianSeconds),
    'readings/s': result.found === null ? null : Math.round(size.readings / result.bestSeconds),
    'ours is, times': round(result.bestSeconds / ours.bestSeconds),
    'load, ms': Math.round(result.loadSeconds * 1000),
    'first pass, ms': Math.round(result.firstSeconds * 1000),
    'peak memory, MB': Math.round(result.peakMemoryMb),
  }
}

const round = (value: number): number => Number(value.toPrecision(3))

/** libxml2's own program, where it is installed; it extracts nothing. */
function xmllint(file: string, megabytes: number): [string, object][] {
  const times = [1, 2, 3].map(() => {
    const began = performance.now()
    return spawnSync('xmllint', ['--huge', '--stream', '--noout', file]).status === 0 ? performance.now() - began : NaN
  })
  const best = Math.min(...times) / 1000
  if (Number.isNaN(best)) return [['xmllint --stream', { note: 'not installed' }]]
  return [['xmllint --stream', { 'MB/s': Math.round(megabytes / best) }]]
}
