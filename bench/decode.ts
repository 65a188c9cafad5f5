import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { checkSums, measureAll, type Result } from './measure.ts'
import { writeFeed } from './write-feed.ts'

/**
 * What it costs to make series, bills and meters of a body that collection fetched, beside parsing it alone: the path of
 * `src/utilities/decode.ts`, with PG&E's repairs. `--full`: a year of 20 usage points instead of 45 days.
 */
export async function benchDecode(args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gbp-bench-'))
  try {
    for (const points of [1, 20]) {
      const days = args.includes('--full') || points === 1 ? 365 : 45
      const file = await writeFeed(folder, 'pge', { points, days })
      const megabytes = statSync(file).size / 1e6
      const effort = { rounds: 3, passes: 5 }
      const results = measureAll(
        file,
        new Map([
          ['parse whole', effort],
          ['decode whole', effort],
        ]),
      )
      checkSums(results, ['readings', 'value', 'start', 'duration'])
      report(`pge-${points}`, megabytes, results.get('parse whole'), results.get('decode whole'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function report(feed: string, megabytes: number, parse: Result | undefined, decode: Result | undefined): void {
  const readings = decode?.found?.readings ?? NaN
  const row = (seconds: number, peakMemoryMb: number | null): object => ({
    'MB/s': Math.round(megabytes / seconds),
    'readings/s': Math.round(readings / seconds),
    ms: Number((seconds * 1000).toFixed(1)),
    'peak memory, MB': peakMemoryMb === null ? null : Math.round(peakMemoryMb),
  })
  const parsed = parse?.bestSeconds ?? NaN
  const decoded = decode?.bestSeconds ?? NaN
  console.log(`\n${feed}: ${megabytes.toFixed(1)} MB, ${readings} readings; sums equal`)
  console.table({
    parse: row(parsed, parse?.peakMemoryMb ?? null),
    'parse, repair, normalize': row(decoded, decode?.peakMemoryMb ?? null),
    'what normalize adds': row(decoded - parsed, null),
  })
}
