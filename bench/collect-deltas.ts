import { generateFeed } from './generated-feeds.ts'
import type { BenchUtility } from './bench-utility.ts'
import type { BenchDatabase } from './temporary-database.ts'
import { timeOf } from './timing.ts'

const DELTA_POINTS = 50

/** A day for every usage point of customers that have some weeks already: usage points stored a second. */
export async function measureDeltas(database: BenchDatabase, utility: BenchUtility): Promise<object> {
  const feeds = new Map<number, Buffer[]>()
  for (const points of [1, DELTA_POINTS]) {
    const month = Buffer.from([...generateFeed('pge', { points, days: 20 })].join(''))
    feeds.set(points, [month, Buffer.from([...generateFeed('pge', { points, days: 21 })].join(''))])
  }
  const rate = async (points: number, at: number): Promise<number> => {
    const [first, second] = feeds.get(points) ?? []
    if (!first || !second) return Number.NaN
    const authorizations = await Promise.all(Array.from({ length: at }, () => utility.authorize()))
    utility.serve(first)
    for (const one of authorizations) await utility.collect(one)
    utility.serve(lastDay(second))
    const ms = await timeOf(() => Promise.all(authorizations.map((one) => utility.collect(one))))
    return Math.round((at * points) / (ms / 1000))
  }
  await rate(DELTA_POINTS, 1)
  const commit = await timeOf(async () => {
    for (let i = 0; i < 100; i++) await database.db.operator(async () => undefined)
  })
  return {
    '50 usage points a request': { 'usage points/s': await rate(DELTA_POINTS, 4) },
    'a usage point a request, 16 at once': { 'usage points/s': await rate(1, 16) },
    'bare: an empty transaction': { 'usage points/s': Math.round(100 / (commit / 1000)) },
  }
}

/** Only the last block of each usage point. */
function lastDay(feed: Buffer): Buffer {
  const entries = feed.toString('latin1').split('<ns1:entry ')
  const kept = entries.filter((entry, at) => {
    if (!entry.includes('IntervalBlock xmlns')) return true
    return !entries[at + 1]?.includes('IntervalBlock xmlns')
  })
  const end = feed.toString('latin1').endsWith('</ns1:feed>') && !kept.at(-1)?.endsWith('</ns1:feed>')
  return Buffer.from(kept.join('<ns1:entry ') + (end ? '</ns1:feed>' : ''), 'latin1')
}
