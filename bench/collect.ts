import { once } from 'node:events'
import http from 'node:http'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import { seedAuthorization } from '../test/database.ts'
import { collectWindow, type CollectDeps } from '../src/collection/collect-window.ts'
import { parseBytes } from '../src/espi/parse.ts'
import type { Uid } from '../src/model/uid.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { findCandidates, leaseWindow, oweWindows, PRIORITY } from '../src/storage/windows.ts'
import { openConnections } from '../src/utilities/connections.ts'
import { decodeFeed, decodingOf } from '../src/utilities/decode.ts'
import { demo } from '../src/utilities/demo/definition.ts'
import { sealSecrets } from '../src/utilities/registration.ts'
import { generateFeed } from './generated-feeds.ts'
import { type BenchDatabase, countWrites, HISTORY, withDatabase } from './temporary-database.ts'
import { best, round, takeTurns, timeOf, type Times, timesOf } from './timing.ts'

const TABLES = ['series_blocks', 'intervals']
const DELTA_POINTS = 50

/**
 * The way of a feed from a utility to the store: HTTP with gzip on loopback, the collector's own code, PostgreSQL with every
 * commit on disk. Beside it the same bytes parsed and decoded without a network or a database. `--full`: a year (193 MB).
 */
export async function benchCollect(args: readonly string[]): Promise<void> {
  const days = args.includes('--full') ? 365 : 45
  const body = Buffer.from([...generateFeed('pge', { points: 20, days })].join(''))
  const readings = decodeFeed(body, decodingOf(demo)).series.reduce((sum, { start }) => sum + start.length, 0)
  await withDatabase(async (database) => {
    const utility = await openUtility(database)
    try {
      utility.serve(body)
      console.log(`\n20 usage points, ${days} days, ${readings} readings, ${round(body.length / 1e6, 1)} MB`)
      console.table(await ingest(database, utility, { body, readings }))
      console.log('\na day for every usage point')
      console.table(await deltas(database, utility))
      console.log(`\nmost memory of this process: ${round(process.resourceUsage().maxRSS / 1000, 0)} MB`)
    } finally {
      await utility.close()
    }
  })
}

type Stand = Awaited<ReturnType<typeof openUtility>>

async function ingest(
  database: BenchDatabase,
  utility: Stand,
  { body, readings }: { body: Buffer; readings: number },
): Promise<object> {
  // Another `updated`, as every answer of a utility has: other bytes, equal readings.
  const later = Buffer.from(body.toString('latin1').replaceAll('2026-01-02T00:00:00', '2026-01-03T00:00:00'), 'latin1')
  const times: Record<'first' | 'same' | 'equal', Times[]> = { first: [], same: [], equal: [] }
  let [written, dead] = [0, 0]
  const alone = await takeTurns(3, {
    parse: () => parseBytes(body),
    decode: () => decodeFeed(body, decodingOf(demo)),
    collect: async () => {
      const authorizationUid = await utility.authorize()
      utility.serve(body)
      times.first.push(await timesOf(() => utility.collect(authorizationUid)))
      const before = await countWrites(database, TABLES)
      times.same.push(await timesOf(() => utility.collect(authorizationUid)))
      utility.serve(later)
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
    'bare: parse, repair, normalize': row(alone.decode),
    'fetched, decoded and stored, first time': row(times.first),
    'the same bytes again': row(times.same),
    'equal readings in other bytes': { ...row(times.equal), 'rows written': written, 'dead rows more': dead },
  }
}

async function deltas(database: BenchDatabase, utility: Stand): Promise<object> {
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

/** A utility that answers every request with one body, and a collector for it. */
async function openUtility(database: BenchDatabase) {
  const { db, seed } = database
  let zipped = gzipSync('')
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/atom+xml', 'content-encoding': 'gzip' })
    response.end(zipped)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const envelope = openEnvelope(randomBytes(32))
  const secrets = {
    clientSecret: 'secret',
    registrationAccessToken: null,
    certificate: null,
    key: null,
    ca: null,
  }
  const sealed = sealSecrets({ registrationUid: seed.registrationUid, companyUid: null }, secrets, envelope)
  await database.admin('update registrations set secrets = $2, addresses = $3 where registration_uid = $1', [
    seed.registrationUid,
    sealed,
    JSON.stringify({ resourceBase: `http://127.0.0.1:${port}/espi/1_1/resource` }),
  ])
  const connections = openConnections({ db, envelope })
  const deps: CollectDeps = {
    db,
    envelope,
    connections,
    now: () => new Date(),
    admit: () => Promise.resolve(),
    // Tokens have a benchmark of their own; here they are always fresh.
    tokens: {
      clientToken: async () => 'token',
      withAccessToken: (_authorizationUid, use) => use('token'),
      withClientToken: (_registrationUid, use) => use('token'),
      checkAtUtility: async () => false,
    },
  }
  return {
    serve(body: Buffer): void {
      zipped = gzipSync(body)
    },
    async authorize(): Promise<Uid> {
      const uid = await seedAuthorization(db, seed, HISTORY)
      await database.admin(`update authorizations set subscription = '1' where authorization_uid = $1`, [uid])
      return uid
    },
    /** Owes, leases and collects one window of everything. */
    async collect(authorizationUid: Uid): Promise<void> {
      const now = new Date()
      const key = { product: 'usage', resource: '', from: 1_700_000_000, to: 1_800_000_000, priority: PRIORITY.present }
      const until = new Date(now.getTime() + 600_000)
      await db.operator((tx) => oweWindows(tx, authorizationUid, [key], { now, again: true }))
      const due = await db.operator((tx) => findCandidates(tx, { now: until, limit: 1000 }))
      const owed = due.find((window) => window.authorizationUid === authorizationUid)
      if (!owed) throw new Error('nothing is owed')
      const lease = await db.operator((tx) => leaseWindow(tx, authorizationUid, owed, { owner: 'bench', until, now }))
      if (!lease) throw new Error('no lease')
      await collectWindow(deps, owed, lease, new AbortController().signal)
    },
    async close(): Promise<void> {
      await connections.close()
      server.close()
    },
  }
}
