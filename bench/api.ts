import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'

import { createApiToken } from '../src/accounts/api-tokens.ts'
import type { Series } from '../src/model/series.ts'
import { childUid, type Uid } from '../src/model/uid.ts'
import { saveBills } from '../src/storage/bills.ts'
import { mergeManySeries } from '../src/storage/merge-many-series.ts'
import { epochSeconds } from '../src/units/epoch-seconds.ts'
import { sampleBill } from '../test/api-fixture.ts'
import { seedAuthorization } from '../test/database.ts'
import type { Origins, Spent } from './api-server.ts'
import { FIRST_MONTH, homeLoad } from './home-load.ts'
import { type Asker, openSocketClients } from './socket-clients.ts'
import { addMeters, type BenchDatabase, HISTORY, withDatabase, ZONE } from './temporary-database.ts'
import { median, round, takeTurns, timesOf } from './timing.ts'

const CLIENTS = 32
const METERS = 20
/** Requests of a row, in rounds that alternate with those of the other rows. */
const [WARM, ROUNDS] = [1000, 9]
/** A server runs its code more than twenty times. */
const [WARM_YEARS, YEARS] = [20, 20]
const YEAR = `start=${FIRST_MONTH / 12}-01-01&end=${FIRST_MONTH / 12 + 1}-01-01`

type Server = {
  ask: Record<keyof Origins, Asker>
  spent(): Promise<Spent>
  /** Memory from now on. */
  watch(): Promise<Spent>
  close(): Promise<void>
}

/**
 * The API in a process of its own, asked by clients in this one: small objects with a token and a database read beside bare
 * servers, a meter-year in each format beside as many ready bytes, and one long answer. `--full`: more requests.
 */
export async function benchApi(args: readonly string[]): Promise<void> {
  await withDatabase(async (database) => {
    const meters = await seedYears(database)
    const authorizations = await seedNeighbors(database)
    await database.admin('analyze')
    const { companyUid, memberUid } = database.seed
    const made = { db: database.db, now: () => new Date(), random: randomBytes }
    const token = await createApiToken(made, { companyUid, memberUid, name: 'bench' })
    const server = await openServer(database, token)
    try {
      const [meter = ''] = meters
      await smallObjects(server, { authorizations, meters, count: args.includes('--full') ? 4000 : 1000 })
      await years(server, meter)
      await longAnswer(server, meters)
    } finally {
      await server.close()
    }
  })
}

async function seedYears(database: BenchDatabase): Promise<Uid[]> {
  const { authorizationUid } = database.seed
  const meters = await addMeters(database, authorizationUid, METERS)
  const options = { zone: ZONE, source: childUid(authorizationUid, 1), now: new Date() }
  const told = meters.map((meterUid, at): { meterUid: Uid; series: Series } => ({
    meterUid,
    series: homeLoad(at, { months: 12, step: 100 }),
  }))
  await database.db.operator(async (tx) => {
    await mergeManySeries(tx, authorizationUid, told, options)
    for (const meterUid of meters) await saveBills(tx, authorizationUid, meterUid, [sampleBill], options)
  })
  return meters
}

/** As many customers, with years of bills: what is found in a table of a few rows is found by reading all of it. */
async function seedNeighbors(database: BenchDatabase): Promise<Uid[]> {
  const { db, seed } = database
  const authorizations: Uid[] = []
  while (authorizations.length < METERS) {
    const uid = await seedAuthorization(db, seed, HISTORY)
    const options = { source: childUid(uid, 1), now: new Date() }
    const meters = await addMeters(database, uid, 5)
    await db.operator(async (tx) => {
      for (const meterUid of meters) await saveBills(tx, uid, meterUid, BILLS, options)
    })
    authorizations.push(uid)
  }
  return authorizations
}

const BILLS = Array.from({ length: 24 }, (_, month) => {
  const earlier = month * 29 * 86_400
  return { ...sampleBill, start: epochSeconds(sampleBill.start - earlier), end: epochSeconds(sampleBill.end - earlier) }
})

type Small = { authorizations: readonly Uid[]; meters: readonly Uid[]; count: number }

/** Clients ask for another object each, in turn, since what is asked twice at a time is found once. */
async function smallObjects({ ask, spent }: Server, { authorizations, meters, count }: Small): Promise<void> {
  let turn = 0
  const next = (uids: readonly Uid[]): Uid => uids[turn++ % uids.length] ?? ''
  const paths = {
    '/authorizations/…': () => `/authorizations/${next(authorizations)}`,
    '/meters/…': () => `/meters/${next(meters)}`,
    '/bills?meters=…&limit=1': () => `/bills?meters=${next(meters)}&limit=1`,
  }
  const rows: Record<string, () => Promise<number>> = {
    'bare: node:http': () => ask.http('/small/1'),
    'bare: fastify': () => ask.fastify('/small/1'),
  }
  for (const version of ['v2', 'v3'])
    for (const [name, path] of Object.entries(paths))
      rows[`${version} ${name}`] = () => ask.api(`/api/${version}${path()}`)
  const load = async (one: () => Promise<number>, requests: number): Promise<Load> => {
    const waits: number[] = []
    const began = await spent()
    const { wall } = await timesOf(async () => {
      let left = requests
      const client = async (): Promise<void> => {
        while (left-- > 0) waits.push((await timesOf(one)).wall)
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))
    })
    return { waits, wall, processor: (await spent()).processor - began.processor }
  }
  for (const one of Object.values(rows)) await load(one, WARM)
  const loads: Record<string, Load[]> = {}
  for (let turn = 0; turn < ROUNDS; turn++)
    for (const [name, one] of Object.entries(rows)) loads[name] = [...(loads[name] ?? []), await load(one, count)]
  console.log(
    `\nsmall objects, ${CLIENTS} clients, ${ROUNDS} turns of ${count} requests; processor: of the server process`,
  )
  console.table(smallTable(loads))
}

/** Milliseconds: of every request, and of all on the clock and by the server's processor. */
type Load = { waits: number[]; wall: number; processor: number }

/**
 * Noise only adds: the best turn counts. Of waits the turn in the middle does: what of its tail is ours, such as collecting memory, is
 * in each turn, and what the machine did to one turn is not.
 */
function smallTable(loads: Record<string, Load[]>): object {
  const each = (turns: Load[] = []) => Math.min(...turns.map(({ processor, waits }) => processor / waits.length))
  const bare = each(loads['bare: node:http'])
  const rows = Object.entries(loads).map(([name, turns]) => {
    const waits = turns.map((turn) => turn.waits.toSorted((a, b) => a - b))
    const at = (share: number): number =>
      round(middle(waits.map((all) => all[Math.floor(all.length * share)] ?? Number.NaN)))
    const figures = {
      'requests/s': Math.round(Math.max(...turns.map((turn) => (turn.waits.length / turn.wall) * 1000))),
      'processor, ms': round(each(turns), 3),
      'requests/s a core': Math.round(1000 / each(turns)),
      ...{ 'p50, ms': at(0.5), 'p99, ms': at(0.99) },
      'share of bare': round(bare / each(turns), 3),
    }
    return [name, figures]
  })
  return Object.fromEntries(rows)
}

const middle = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

async function years({ ask }: Server, meter: Uid): Promise<void> {
  const asked = {
    'JSON rows': `/api/v2/intervals?meters=${meter}&${YEAR}`,
    columns: `/api/v2/intervals?include=columns&meters=${meter}&${YEAR}`,
    CSV: `/api/v2/files/intervals_csv?meters=${meter}&${YEAR}`,
    Parquet: `/api/v3/exports/intervals?meters=${meter}&${YEAR}`,
  }
  const works: Record<string, () => Promise<number>> = {}
  const bytes: Record<string, number> = {}
  for (const [name, path] of Object.entries(asked)) {
    const length = await ask.api(path)
    works[name] = () => ask.api(path)
    works[`bare: ${name}`] = () => ask.http(`/bytes/${length}`)
    bytes[name] = length
  }
  await takeTurns(WARM_YEARS, works)
  const times = await takeTurns(YEARS, works)
  const readings = homeLoad(0, { months: 12, step: 100 }).start.length
  const rows = Object.keys(asked).map((name) => {
    const [ours, bare] = [median(times[name] ?? []), median(times[`bare: ${name}`] ?? [])]
    const sizes = { MB: round((bytes[name] ?? 0) / 1e6), 'p50, ms': round(ours), 'ready bytes, p50, ms': round(bare) }
    return [name, { ...sizes, 'readings/s': Math.round(readings / (ours / 1000)) }]
  })
  console.log(`\na meter-year, ${readings} readings, one client`)
  console.table(Object.fromEntries(rows))
}

async function longAnswer({ ask, spent, watch }: Server, meters: readonly Uid[]): Promise<void> {
  const path = `/api/v2/intervals?meters=${meters.join(',')}&${YEAR}`
  await ask.api(path)
  await watch()
  let bytes = 0
  const { wall } = await timesOf(async () => (bytes = await ask.api(path)))
  const { resident, before } = await spent()
  const more = round((resident - before) / 1e6, 0)
  console.log(
    `\n${meters.length} meters, a year: ${round(bytes / 1e6)} MB in ${round(wall, 0)} ms, ${more} MB more memory`,
  )
}

async function openServer({ connection }: BenchDatabase, token: string): Promise<Server> {
  const child = fork(path.join(import.meta.dirname, 'api-server.ts'), {
    execArgv: [...process.execArgv, ...profiling()],
  })
  const { api, http, fastify } = await tell<Origins>(child, { connection })
  const [toApi, toHttp, toFastify] = [
    openSocketClients(api, token),
    openSocketClients(http, token),
    openSocketClients(fastify, token),
  ] as const
  return {
    ask: { api: toApi.ask, http: toHttp.ask, fastify: toFastify.ask },
    spent: async () => await tell<Spent>(child, 'spent'),
    watch: async () => await tell<Spent>(child, 'watch'),
    async close() {
      for (const client of [toApi, toHttp, toFastify]) client.close()
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/** CPU_PROFILE names a folder for a profile of the server. */
function profiling(): string[] {
  const folder = process.env['CPU_PROFILE']
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []
}

/** What the process answers to a message. */
async function tell<Answer>(child: ChildProcess, message: object | string): Promise<Answer> {
  child.send(message)
  const [answer]: Answer[] = await once(child, 'message')
  if (answer === undefined) throw new Error('no answer')
  return answer
}
