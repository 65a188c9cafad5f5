import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'

import Fastify from 'fastify'

import { authenticate, createApiToken } from '../src/accounts/api-tokens.ts'
import { registerApi } from '../src/api/register-api.ts'
import { renderInterval } from '../src/api/render/interval.ts'
import { localTimes } from '../src/api/render/times.ts'
import { streamOf } from '../src/api/stream-of.ts'
import { bareMeter } from '../src/model/meter.ts'
import type { Uid } from '../src/model/uid.ts'
import { listIntervalBlocks, type MonthBlock } from '../src/storage/list-interval-blocks.ts'
import { listIntervals } from '../src/storage/intervals.ts'
import { sumDays, sumMonths } from '../src/storage/series-sums.ts'
import { utilityOf } from '../src/utilities/index.ts'
import { openClientProcess } from './client-process.ts'
import { FIRST_MONTH } from './home-load.ts'
import { type BenchDatabase, ZONE } from './temporary-database.ts'
import { best, median, round, takeTurns, type Times } from './timing.ts'

type Read = { authorizationUid: Uid; meterUids: Uid[] }

/** The first ones warm up: a server runs its code more than twenty times. */
const [WARM, ROUNDS] = [20, 40]

/** Reading a meter-year over HTTP with a token, beside a bare server that builds objects; sums; memory of a long answer. */
export async function benchReads(database: BenchDatabase, { authorizationUid, meterUids }: Read): Promise<void> {
  const server = await openServer(database)
  const [meter = ''] = meterUids
  try {
    const { token, url: origin } = server
    const at = (path: string, meters: string) => async () =>
      await server.client.ask({ origin, token, path: `/api/v2${path}meters=${meters}` })
    const bare = (kind: string) => async () =>
      await server.client.ask({ origin: server.bare, token: '', path: `/${kind}/${authorizationUid}/${meter}` })
    const months = { sinceMonth: FIRST_MONTH, untilMonth: FIRST_MONTH + 12 }
    const blocks = await readYear(database, authorizationUid, meter)
    const works = {
      'JSON rows': at('/intervals?', meter),
      'JSON columns': at('/intervals?include=columns&', meter),
      CSV: at('/files/intervals_csv?', meter),
      'one small object': at(`/meters/${meter}?`, meter),
      'bare: the same JSON bytes, no token, one statement': bare('bytes'),
      'bare: objects, JSON.stringify, no token': bare('objects'),
      'sums of twelve months': () =>
        database.db.readCompany(database.seed.companyUid, (tx) => sumMonths(tx, authorizationUid, meter, months)),
      'sums of 365 days': () =>
        database.db.readCompany(database.seed.companyUid, (tx) =>
          sumDays(tx, authorizationUid, meter, { ...months, zone: ZONE }),
        ),
      'rendering alone: rows in bytes': () => renderBytes(blocks),
      'rendering alone: objects, JSON.stringify': () => renderObjects(blocks),
    }
    await takeTurns(WARM, works)
    const times = await takeTurns(ROUNDS, works)
    const readings = blocks.flat().reduce((sum, { columns }) => sum + columns.start.length, 0)
    console.log(
      `\nreading a meter-year, ${readings} readings, one client at a time; times: by the processor of this process`,
    )
    console.table(readTable(times, readings))
    for (const [name, { ms, MB }] of Object.entries(TARGETS)) {
      const { bytes } = name === 'CSV' ? await works.CSV() : await works['JSON rows']()
      const byByte = round((ms * bytes) / 1e6 / MB, 1)
      console.log(`${name}: the target is ${ms} ms for ${MB} MB, by the byte ${byByte} ms for ${round(bytes / 1e6)} MB`)
    }
    await measureMemory(at('/intervals?', meterUids.slice(0, 20).join(',')))
  } finally {
    await server.close()
  }
}

/** Rates and ratios stand where a year of readings was read; those of rendering alone are held against rendering alone. */
function readTable(times: Record<string, Times[]>, readings: number): object {
  const rows = Object.entries(times).map(([name, list]) => {
    const kind = name.startsWith('rendering') ? 'rendering alone' : 'bare'
    const objects = times[kind === 'bare' ? `bare: ${OBJECTS}, no token` : `rendering alone: ${OBJECTS}`]
    const rates =
      objects === undefined || !/JSON|CSV|rows in bytes/.test(name)
        ? {}
        : {
            'readings/s a core': Math.round(readings / (best(list, 'processor') / 1000)),
            'times objects': round(best(objects, 'processor') / best(list, 'processor')),
          }
    const figures = { 'p50, ms': median(list), 'best, ms': best(list), 'processor, ms': best(list, 'processor') }
    return [name, { ...Object.fromEntries(Object.entries(figures).map(([key, ms]) => [key, round(ms)])), ...rates }]
  })
  return Object.fromEntries(rows)
}

const OBJECTS = 'objects, JSON.stringify'

/** Set with rows of 49 and 21 bytes; those of API v2 have 157 and 220. */
const TARGETS = { 'JSON rows': { ms: 5, MB: 1.717 }, CSV: { ms: 3.5, MB: 0.735 } }

async function measureMemory(ask: () => Promise<{ bytes: number; firstByteMs: number }>): Promise<void> {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
  const began = performance.now()
  const { bytes, firstByteMs } = await ask()
  const took = performance.now() - began
  clearInterval(watch)
  console.log(
    `\n20 meters, a year each, one answer of ${round(bytes / 1e6, 0)} MB: ${round(took, 0)} ms, the first byte after ` +
      `${round(firstByteMs)} ms, ${round((most - before) / 1e6, 0)} MB of memory more while it was sent`,
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
    testSubmit: nobody,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const bare = http.createServer((request, response) => {
    const [, kind = '', authorizationUid = '', meterUid = ''] = (request.url ?? '').split('/')
    void readYear({ db, seed }, authorizationUid, meterUid).then((blocks) => {
      if (kind === 'objects') return response.end(renderObjects(blocks))
      return streamOf(renderPieces(blocks)).pipe(response)
    })
  })
  bare.listen(0, '127.0.0.1')
  await once(bare, 'listening')
  const address = bare.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = openClientProcess()
  return {
    ...{ url, token, client, bare: `http://127.0.0.1:${port}` },
    async close() {
      await client.close()
      bare.close()
      await app.close()
    },
  }
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

const CONTEXT = {
  meter: bareMeter('up-0', 'electricity'),
  utility: 'DEMO',
  zone: ZONE,
  publicUrl: '',
  from: null,
  until: null,
  reaches: [],
  layout: 'rows' as const,
}

async function* renderPieces(months: MonthBlock[][]): AsyncGenerator<Uint8Array> {
  for (const blocks of months) yield* renderInterval(ROW, blocks, CONTEXT) ?? []
}

async function renderBytes(months: MonthBlock[][]): Promise<number> {
  let sum = 0
  for await (const piece of renderPieces(months)) sum += piece.length
  return sum
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
