import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'

import Fastify from 'fastify'

import { authenticate } from '../src/accounts/api-tokens.ts'
import { registerApi } from '../src/api/register-api.ts'
import { registerNativeApi } from '../src/api/register-native-api.ts'
import { openDb } from '../src/storage/db.ts'
import type { Connection } from '../src/storage/migrate.ts'
import { openEnvelope } from '../src/storage/secrets.ts'
import { utilities } from '../src/utilities/index.ts'

/** Where each server of the process listens. */
export type Origins = { api: string; http: string; fastify: string }
/** Processor milliseconds of all threads so far; memory in bytes when it was asked before, and the most since, if it was to watch. */
export type Spent = { processor: number; resident: number; before: number }

const LIMIT = { requests: 1e9, seconds: 60 }

/** The API as the program mounts it, on a database, and two bare servers beside it: what small answers cost at least. */
async function serve(connection: Connection): Promise<Origins> {
  const db = openDb(connection)
  const nobody = async (): Promise<never> => await Promise.reject(new Error('reads only'))
  const deps = {
    ...{ db, now: () => new Date(), publicUrl: 'https://proxy.example', utilities, rateLimit: LIMIT },
    ...{ envelope: openEnvelope(randomBytes(32)), allowed: [], lookup: nobody, random: randomBytes },
    authenticate: (token: string) => authenticate(db, token, new Date()),
    utilityOf: (id: string) => utilities.find((utility) => utility.id === id) ?? null,
    ...{ revoke: nobody, oweHistory: nobody, setMonitoring: nobody, openRawFeed: nobody, testSubmit: nobody },
  }
  const app = Fastify({ logger: { level: 'warn' } })
  registerApi(app, deps)
  registerNativeApi(app, deps)
  const framework = Fastify()
  framework.get('/small/:uid', async ({ params }) => ({ params, ...SMALL }))
  return {
    api: await app.listen({ host: '127.0.0.1', port: 0 }),
    fastify: await framework.listen({ host: '127.0.0.1', port: 0 }),
    http: await listenBare(),
  }
}

/** As long as an authorization is. */
const SMALL = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`property_${at}`, `value of property ${at}`]))
/** /small/UID: a small object; /bytes/COUNT: so many bytes that are ready. */
async function listenBare(): Promise<string> {
  const ready = Buffer.alloc(8_000_000, 'x')
  const server = http.createServer((request, response) => {
    const [, kind, what = ''] = (request.url ?? '').split('/')
    response.setHeader('content-type', 'application/json')
    response.end(kind === 'bytes' ? ready.subarray(0, Number(what)) : JSON.stringify({ params: what, ...SMALL }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

let [most, before] = [0, 0]
let watch: NodeJS.Timeout | undefined

process.on('message', (message: { connection: Connection } | 'spent' | 'watch') => {
  if (typeof message === 'object') {
    void serve(message.connection).then((origins) => process.send?.(origins))
    return
  }
  clearInterval(watch)
  // Looking takes 3% of the processor: only while memory is what is asked for.
  if (message === 'watch') watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10)
  const { user, system } = process.cpuUsage()
  const spent: Spent = { processor: (user + system) / 1000, resident: most, before }
  before = most = process.memoryUsage.rss()
  process.send?.(spent)
})
process.on('disconnect', () => process.exit())
