import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

import { readFeed } from '../src/collection/read-feed.ts'
import { parseBytes } from '../src/espi/parse.ts'
import { decodeFeed, decodingOf } from '../src/utilities/decode.ts'
import { demo } from '../src/utilities/demo/definition.ts'
import { FETCH_LIMITS } from '../src/utilities/transport.ts'
import { type BenchUtility, openBenchUtility } from './bench-utility.ts'
import { measureDeltas } from './collect-deltas.ts'
import { generateFeed } from './generated-feeds.ts'
import { type BenchDatabase, countWrites, withDatabase } from './temporary-database.ts'
import { best, round, takeTurns, type Times, timesOf } from './timing.ts'

const TABLES = ['series_blocks', 'intervals']

/**
 * The way of a feed from a utility to the store: HTTP with gzip on loopback, the collector's own code, PostgreSQL with every
 * commit on disk. Beside it the same bytes parsed and decoded without a network or a database, and read from the gzip that the
 * network brings, which is the work of reading alone. `--full`: a year (193 MB). `--deltas`: only the days of many usage points.
 */
export async function benchCollect(args: readonly string[]): Promise<void> {
  if (args.includes('--deltas')) {
    await withDatabase(async (database) => {
      const utility = await openBenchUtility(database)
      console.table(await measureDeltas(database, utility))
      await utility.close()
    })
    return
  }
  const days = args.includes('--full') ? 365 : 45
  const body = Buffer.from([...generateFeed('pge', { points: 20, days })].join(''))
  const readings = decodeFeed(body, decodingOf(demo)).series.reduce((sum, { start }) => sum + start.length, 0)
  await withDatabase(async (database) => {
    const utility = await openBenchUtility(database)
    try {
      await utility.serve(body)
      console.log(`\n20 usage points, ${days} days, ${readings} readings, ${round(body.length / 1e6, 1)} MB`)
      console.table(await ingest(database, utility, { body, readings }))
      console.log('\nbeside other work, each in a process of its own')
      console.table(
        days === 365
          ? { ...collectOnce(45), ...collectOnce(365), ...collectOnce(365, 10), ...collectOnce(LARGEST) }
          : collectOnce(45),
      )
      console.log('\na day for every usage point')
      console.table(await measureDeltas(database, utility))
    } finally {
      await utility.close()
    }
  })
}

async function ingest(
  database: BenchDatabase,
  utility: BenchUtility,
  { body, readings }: { body: Buffer; readings: number },
): Promise<object> {
  // Another `updated`, as every answer of a utility has: other bytes, equal readings.
  const later = Buffer.from(body.toString('latin1').replaceAll('2026-01-02T00:00:00', '2026-01-03T00:00:00'), 'latin1')
  const times: Record<'first' | 'same' | 'equal', Times[]> = { first: [], same: [], equal: [] }
  let [written, dead] = [0, 0]
  const wire = gzipSync(body)
  // A process that collects runs its code more often than a few times: the first turns are slower by half.
  const alone = await takeTurns(8, {
    parse: () => parseBytes(body),
    read: () => readFeed({ wire, coding: 'gzip', limits: FETCH_LIMITS }, null),
    decode: () => decodeFeed(body, decodingOf(demo)),
    collect: async () => {
      const authorizationUid = await utility.authorize()
      await utility.serve(body)
      times.first.push(await timesOf(() => utility.collect(authorizationUid)))
      const before = await countWrites(database, TABLES)
      times.same.push(await timesOf(() => utility.collect(authorizationUid)))
      await utility.serve(later)
      times.equal.push(await timesOf(() => utility.collect(authorizationUid)))
      const after = await countWrites(database, TABLES)
      written += after.inserted + after.updated - before.inserted - before.updated
      dead += after.dead - before.dead
    },
  })
  const parse = best(alone.parse)
  const processor = best(alone.parse, 'processor')
  const row = (list: readonly Times[]): object => {
    const ms = best(list)
    return {
      ms: round(ms, 0),
      'processor, ms': round(best(list, 'processor'), 0),
      'readings/s': Math.round(readings / (ms / 1000)),
      'MB/s': round(body.length / 1000 / ms, 0),
      'share of parse alone': round(parse / ms),
      'share, processor': round(processor / best(list, 'processor')),
    }
  }
  return {
    'bare: parse alone': row(alone.parse),
    'bare: inflate and parse': row(alone.read),
    'bare: parse, repair, normalize': row(alone.decode),
    'fetched, decoded and stored, first time': row(times.first),
    'the same bytes again': row(times.same),
    'equal readings in other bytes': { ...row(times.equal), 'rows written': written, 'dead rows more': dead },
  }
}

/** So many days are 530 MB: of a body 537 are read. */
const LARGEST = 1000

function collectOnce(days: number, times = 1): Record<string, object> {
  const script = path.join(import.meta.dirname, 'collect-once.ts')
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...process.execArgv, script, String(days), String(times)],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`collecting once failed: ${stderr}`)
  const { grownBytes, longestWaitMs }: { grownBytes: number; longestWaitMs: number } = JSON.parse(stdout)
  const measured = {
    'memory grew, MB': round(grownBytes / 1e6, 0),
    'longest wait for other work, ms': round(longestWaitMs, 0),
  }
  return { [`20 usage points, ${days} days${times === 1 ? '' : `, ${times} in turn`}`]: measured }
}
