import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'

import Fastify from 'fastify'

import { authenticate, createApiToken } from '../src/accounts/api-tokens.ts'
import { registerApi } from '../src/api/register-api.ts'
import { renderInterval } from '../src/api/render/interval.ts'
import { localTimes } from '../src/api/render/times.ts'
import { bareMeter } from '../src/model/meter.ts'
import type { Uid } from '../src/model/uid.ts'
import { listIntervalBlocks, type MonthBlock } from '../src/storage/list-interval-blocks.ts'
import { listIntervals } from '../src/storage/intervals.ts'
import { sumDays, sumMonths } from '../src/storage/series-sums.ts'
import { utilityOf } from '../src/utilities/index.ts'
import { FIRST_MONTH } from './home-load.ts'
import { type BenchDatabase, ZONE } from './temporary-database.ts'
import { best, median, round, takeTurns } from './timing.ts'

type Read = { authorizationUid: Uid; meterUids: Uid[] }

const ROUNDS = 25

/** Reading a meter-year over HTTP with a token, beside a bare server that builds objects; sums; memory of a long answer. */
export async function benchReads(database: BenchDatabase, { authorizationUid, meterUids }: Read): Promise<void> {
  const server = await openServer(database)
  const [meter = ''] = meterUids
  try {
    const at = (path: string, meters: string) => () => get(`${server.url}/api/v2${path}meters=${meters}`, server.token)
    const months = { sinceMonth: FIRST_MONTH, untilMonth: FIRST_MONTH + 12 }
    const blocks = await readYear(database, authorizationUid, meter)
    const works = {
      'JSON rows': at('/intervals?', meter),
      'JSON columns': at('/intervals?include=columns&', meter),
      CSV: at('/files/intervals_csv?', meter),
      'one small object': at('/meters?', meter),
      'bare: objects, JSON.stringify, no token': () => get(server.bare(authorizationUid, meter), ''),
      'sums of twelve months': () =>
        database.db.company(database.seed.companyUid, (tx) => sumMonths(tx, authorizationUid, meter, months)),
      'sums of 365 days': () =>
        database.db.company(database.seed.companyUid, (tx) =>
          sumDays(tx, authorizationUid, meter, { ...months, zone: ZONE }),
        ),
      'rendering alone: rows in bytes': () => renderBytes(blocks),
      'rendering alone: objects, JSON.stringify': () => renderObjects(blocks),
    }
    const times = await takeTurns(ROUNDS, works)
    const readings = blocks.flat().reduce((sum, { columns }) => sum + columns.start.length, 0)
    const bare = times['bare: objects, JSON.stringify, no token']
    const objects = times['rendering alone: objects, JSON.stringify']
    console.log(`\nreading a meter-year, ${readings} readings, one client at a time`)
    console.table(
      Object.fromEntries(
        Object.entries(times).map(([name, list]) => {
          const against = name.startsWith('rendering') ? objects : /JSON|CSV/.test(name) ? bare : null
          const whole = against === null ? {} : { 'readings/s': Math.round(readings / (best(list) / 1000)) }
          const ratio =
            against === null
              ? {}
              : { 'times the bare one': round(best(against, 'processor') / best(list, 'processor')) }
          return [
            name,
            {
              'p50, ms': round(median(list)),
              'best, ms': round(best(list)),
              'processor, ms': round(best(list, 'processor')),
              ...whole,
              ...ratio,
            },
          ]
        }),
      ),
    )
    await measureMemory(at('/intervals?', meterUids.slice(0, 20).join(',')))
  } finally {
    await server.close()
  }
}

async function measureMemory(ask: () => Promise<number>): Promise<void> {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
  const bytes = await ask()
  clearInterval(watch)
  console.log(
    `\n20 meters, a year each, one answer of ${round(bytes / 1e6, 0)} MB: ${round((most - before) / 1e6, 0)} MB of memory more while it was sent`,
  )
}

async function openServer({ db, seed }: BenchDatabase) {
  const token = await createApiToken(
    { db, now: () => new Date(), random: randomBytes },
    { companyUid: seed.companyUid, memberUid: seed.memberUid, name: 'bench' },
  )
  const app = Fastify()
  const nobody = async (): Promise<never> => await Promise.reject(new Error('reads only'))
  registerApi(app, {
    db,
    now: () => new Date(),
    publicUrl: 'https://proxy.example',
    authenticate: (given) => authenticate(db, given, new Date()),
    utilityOf,
    revoke: nobody,
    oweHistory: nobody,
    setMonitoring: nobody,
    openRawFeed: nobody,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const bare = http.createServer((request, response) => {
    const [, authorizationUid = '', meterUid = ''] = (request.url ?? '').split('/')
    void readYear({ db, seed }, authorizationUid, meterUid).then((blocks) => response.end(renderObjects(blocks)))
  })
  bare.listen(0, '127.0.0.1')
  await once(bare, 'listening')
  const address = bare.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url,
    token,
    bare: (authorizationUid: Uid, meterUid: Uid) => `http://127.0.0.1:${port}/${authorizationUid}/${meterUid}`,
    async close() {
      agent.destroy()
      bare.close()
      await app.close()
    },
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

/** The number of bytes of an answer. Throws when it is no 200. */
async function get(url: string, token: string): Promise<number> {
  const request = http.get(url, { agent, headers: { authorization: `Bearer ${token}` } })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  let bytes = 0
  response.on('data', (chunk: Buffer) => (bytes += chunk.length))
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`)
  return bytes
}

async function readYear(
  { db, seed }: Pick<BenchDatabase, 'db' | 'seed'>,
  authorizationUid: Uid,
  meterUid: Uid,
): Promise<MonthBlock[][]> {
  return await db.company(seed.companyUid, async (tx) => {
    const months = (await listIntervals(tx, authorizationUid, meterUid)).map(({ month }) => month)
    return await listIntervalBlocks(
      tx,
      months.map((month) => ({ authorizationUid, meterUid, month })),
    )
  })
}

const ROW = {
  intervalUid: '1',
  meterUid: '1',
  authorizationUid: '1',
  month: FIRST_MONTH,
  created: new Date(0),
  updated: new Date(0),
}

function renderBytes(months: MonthBlock[][]): number {
  const context = {
    meter: bareMeter('up-0', 'electricity'),
    utility: 'DEMO',
    zone: ZONE,
    publicUrl: '',
    from: null,
    until: null,
    reaches: [],
    layout: 'rows' as const,
  }
  return months
    .flatMap((blocks) => renderInterval(ROW, blocks, context) ?? [])
    .reduce((sum, piece) => sum + piece.length, 0)
}

/** The same text by the plain way: an object for every reading. */
function renderObjects(months: MonthBlock[][]): string {
  const local = localTimes(ZONE)
  const intervals = months.map((blocks) => ({
    readings: blocks
      .flatMap(({ columns: { start, duration, value } }) =>
        Array.from(start, (begins, at) => {
          const kwh = (value[at] ?? 0) / 1e6
          return {
            start: local(begins),
            end: local(begins + (duration[at] ?? 0)),
            kwh,
            datapoints: [{ type: 'net', unit: 'kwh', value: kwh }],
          }
        }),
      )
      .toReversed(),
  }))
  return JSON.stringify({ intervals })
}
