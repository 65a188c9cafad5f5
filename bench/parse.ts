import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { type FeedSize, generateFeed, type Shape } from './generated-feeds.ts'
import type { Measured } from './measure-one.ts'

/**
 * How fast `src/espi` reads, beside other parsers and beside a loop that only counts `<`, in one run on one machine.
 * `--full`: the year of 20 usage points (193 MB) and a file of 200 usage points of about that size; minutes instead of seconds.
 */
export async function benchParse(args: readonly string[]): Promise<void> {
  const full = args.includes('--full')
  const folder = mkdtempSync(path.join(tmpdir(), 'gbp-bench-'))
  try {
    for (const feed of full ? FULL : SMALL) report(feed, await writeFeed(folder, feed))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Feed = { shape: Shape; size: FeedSize; extractors: readonly string[] }

const ALL = ['ours', 'saxes', 'cityssm', 'floor', 'floor in memory'] as const
const year = { points: 1, days: 365 }
const SMALL: Feed[] = [
  { shape: 'pge', size: year, extractors: ALL },
  { shape: 'sce', size: year, extractors: ALL },
  { shape: 'pge', size: { points: 20, days: 45 }, extractors: ALL },
  { shape: 'sce', size: { points: 20, days: 45 }, extractors: ALL },
  { shape: 'pge', size: { points: 200, days: 18 }, extractors: ['ours', 'floor'] },
]
const FULL: Feed[] = [
  { shape: 'pge', size: year, extractors: ALL },
  { shape: 'sce', size: year, extractors: ALL },
  { shape: 'pge', size: { points: 20, days: 365 }, extractors: ALL },
  { shape: 'sce', size: { points: 20, days: 365 }, extractors: ALL },
  { shape: 'pge', size: { points: 200, days: 40 }, extractors: ['ours', 'floor'] },
]

async function writeFeed(folder: string, { shape, size }: Feed): Promise<string> {
  const file = path.join(folder, `${shape}-${size.points}.xml`)
  const out = createWriteStream(file)
  for (const text of generateFeed(shape, size)) if (!out.write(text)) await once(out, 'drain')
  out.end()
  await once(out, 'close')
  return file
}

function report({ shape, size, extractors }: Feed, file: string): void {
  const megabytes = statSync(file).size / 1e6
  console.log(`\n${shape}, ${size.points} usage points, ${size.days} days, ${megabytes.toFixed(1)} MB`)
  const results = new Map<string, Measured>()
  for (const name of extractors) results.set(name, measure(name, file, name === 'cityssm' ? 2 : 9))
  const ours = results.get('ours')
  if (ours === undefined || ours.found === null) throw new Error('nothing was read')
  for (const [name, { found }] of results) {
    if (found !== null && JSON.stringify(found) !== JSON.stringify(ours.found))
      throw new Error(`${name} found other readings: ${JSON.stringify([found, ours.found])}`)
  }
  const { readings } = ours.found
  const rows = [...results].map(([name, result]) => row(name, result, { megabytes, readings, ours }))
  console.table(Object.fromEntries([...rows, ...xmllint(file, megabytes, ours)]))
}

type Ground = { megabytes: number; readings: number; ours: Measured }

function row(name: string, result: Measured, { megabytes, readings, ours }: Ground): [string, object] {
  return [
    name,
    {
      'MB/s': Math.round(megabytes / result.bestSeconds),
      'readings/s': result.found === null ? null : Math.round(readings / result.bestSeconds),
      'ours, times faster': round(result.bestSeconds / ours.bestSeconds),
      'first pass, ms': Math.round(result.firstSeconds * 1000),
      'ours, share of first pass': round(ours.firstSeconds / result.firstSeconds),
      'peak memory, MB': Math.round(result.peakMemoryMb),
    },
  ]
}

const round = (value: number): number => Number(value.toFixed(3))

function measure(name: string, file: string, times: number): Measured {
  const script = path.join(import.meta.dirname, 'measure-one.ts')
  const heap = name === 'cityssm' ? ['--max-old-space-size=12000'] : []
  const { stdout, stderr, status } = spawnSync(process.execPath, [...heap, script, name, file, String(times)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  const measured: Measured = JSON.parse(stdout)
  return measured
}

/** libxml2's own program, where it is installed; it extracts nothing. */
function xmllint(file: string, megabytes: number, ours: Measured): [string, object][] {
  const times = [1, 2, 3].map(() => {
    const began = performance.now()
    return spawnSync('xmllint', ['--huge', '--stream', '--noout', file]).status === 0 ? performance.now() - began : NaN
  })
  const best = Math.min(...times) / 1000
  if (Number.isNaN(best)) return [['xmllint --stream', { note: 'not installed' }]]
  return [
    [
      'xmllint --stream',
      { 'MB/s': Math.round(megabytes / best), 'ours, times faster': round(best / ours.bestSeconds) },
    ],
  ]
}
