import type { Uid } from '../src/model/uid.ts'
import type { BenchUtility } from './bench-utility.ts'
import { countStatements, type StatementCount } from './count-statements.ts'
import { type FeedSize, generateFeed } from './generated-feeds.ts'
import { type BenchDatabase, countWrites } from './temporary-database.ts'
import { round, timeOf, type Times, timesOf } from './timing.ts'

/** Days of readings that each customer has before the first delta. */
const KNOWN_DAYS = 12
/** Days before those that count: by then some months are packed again each day, and the code has run. */
const FIRST_DAYS = 6
/** Days that count together, as no two cost the same: a month is packed again after some days. */
const ROUNDS = 8
const TABLES = ['series_blocks', 'intervals', 'meters']

/** Windows in work at a time, as in production (src/app.ts). */
const LANES = 32

type Load = { points: number; customers: number }

/**
 * A day for every usage point of customers that have some weeks already, through the collector as it runs in production:
 * usage points stored a second, what a window costs in statements, and the same once more.
 */
export async function measureDeltas(database: BenchDatabase, utility: BenchUtility): Promise<object> {
  const commit = await timeOf(async () => {
    for (let i = 0; i < 100; i++) await database.db.operator(async () => undefined)
  })
  return {
    '50 usage points a request, 16 at once': await measureLoad(database, utility, { points: 50, customers: 16 }),
    'a usage point a request, 32 at once': await measureLoad(database, utility, { points: 1, customers: 128 }),
    'bare: an empty transaction': { 'usage points/s': Math.round(100 / (commit / 1000)) },
  }
}

async function measureLoad(database: BenchDatabase, utility: BenchUtility, load: Load): Promise<object> {
  const { points, customers } = load
  const authorizations: Uid[] = []
  for (let at = 0; at < customers; at++) authorizations.push(await utility.authorize())
  const collector = utility.collector(LANES)
  const collect = async (feed: Buffer, counted?: StatementCount): Promise<Times> => {
    await utility.serve(feed)
    await utility.owe(authorizations)
    const work = (): Promise<Times> => timesOf(() => collector.idle())
    return counted ? await countStatements(counted, work) : await work()
  }
  try {
    await collect(feedOf({ points, days: KNOWN_DAYS }))
    await database.admin('analyze') // as the server does within a minute
    const begin = KNOWN_DAYS + FIRST_DAYS + 1
    for (let day = KNOWN_DAYS + 1; day < begin; day++) await collect(dayOf(points, day))
    const ms = { first: 0, least: Infinity, same: Infinity, equal: Infinity }
    let processor = 0
    const sent = { statements: 0, roundTrips: 0, transactions: 0 }
    let [written, dead] = [0, 0]
    for (let day = begin; day < begin + ROUNDS; day++) {
      const feed = dayOf(points, day)
      const first = await collect(feed, sent)
      ms.first += first.wall / ROUNDS
      ms.least = Math.min(ms.least, first.wall)
      processor += first.processor
      const before = await countWrites(database, TABLES)
      ms.same = Math.min(ms.same, (await collect(feed)).wall)
      ms.equal = Math.min(ms.equal, (await collect(otherBytes(feed))).wall)
      const after = await countWrites(database, TABLES)
      written += after.inserted + after.updated - before.inserted - before.updated
      dead += Math.max(0, after.dead - before.dead) // fewer, where the server has cleaned up meanwhile
    }
    const rate = (took: number): number => Math.round((customers * points) / (took / 1000))
    const perWindow = (count: number): number => round(count / (customers * ROUNDS), 1)
    return {
      'usage points/s': rate(ms.first),
      'on the best day': rate(ms.least),
      'processor, ms a window': perWindow(processor),
      'statements a window': perWindow(sent.statements),
      'round trips': perWindow(sent.roundTrips),
      transactions: perWindow(sent.transactions),
      'the same bytes again/s': rate(ms.same),
      'equal in other bytes/s': rate(ms.equal),
      'rows written again': written,
      'dead rows more': dead,
    }
  } finally {
    await collector.close()
  }
}

const feedOf = (size: FeedSize): Buffer => Buffer.from([...generateFeed('pge', size)].join(''))
const dayOf = (points: number, day: number): Buffer => feedOf({ points, days: day, since: day - 1 })

/** Another `updated`, as every answer of a utility has. */
const otherBytes = (feed: Buffer): Buffer =>
  Buffer.from(feed.toString('latin1').replaceAll('2026-01-02T00:00:00', '2026-01-03T00:00:00'), 'latin1')
