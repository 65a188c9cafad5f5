import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'

import { getJson, readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import { openBrowser } from '../../src/authorization/scripted-browser.ts'
import { until } from '../running-app.ts'

const program = path.resolve(import.meta.dirname, '../../src/cli/main.ts')
const port = 20_000 + Math.floor(Math.random() * 20_000)
const url = `http://127.0.0.1:${port}`
/** Well-formed, and of nobody. */
const KEY = 'x'.repeat(43)
const BASIC = `Basic ${Buffer.from(`1:${KEY}`).toString('base64')}`
const GRANT = new URLSearchParams({ grant_type: 'client_credentials' })
let dataDir: string
let running: ChildProcess | null = null

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-restart-'))
})
afterAll(async () => {
  if (running) await end(running, 'SIGTERM')
  await rm(dataDir, { recursive: true, force: true })
})

/** `npm start` in this data directory; resolves with what it printed once it is ready. */
async function start(): Promise<{ child: ChildProcess; printed: string }> {
  const env = { ...process.env, DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'error' }
  const child = spawn(process.execPath, [program, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  running = child
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await until('npm start to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${printed}`)
    return printed.includes('Ctrl-C ends everything') ? true : null
  })
  return { child, printed }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  child.kill(signal)
  running = null
  return await ended
}

it('after kill -9 in the middle of a collection the next start goes on, and nothing is lost or doubled', async () => {
  const first = await start()
  for (const wanted of [
    `${url}/pge/gb-oauth/`,
    `${url}/sce/gb-oauth/`,
    'solar / demo',
    `${url}/api/v2`,
    'gbp_',
    dataDir,
  ]) {
    expect(first.printed).toContain(wanted)
  }
  const token = (await readFile(path.join(dataDir, 'demo-token'), 'utf8')).trim()
  const api = { apiUrl: `${url}/api/v2`, token }
  const browser = openBrowser()
  let page = await browser.open(`${url}/pge/gb-oauth/sunrise-solar`)
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Pat', email: 'pat@example.com' })
  page = await browser.submit(page, /sign in/i, { login: 'solar', password: 'demo' })
  page = await browser.submit(page, /submit/i, { agree: 'yes' })
  await browser.submit(page, /Continue to Final Step/)
  const list = z.object({ authorizations: z.array(z.object({ uid: z.string(), status: z.string() })) })
  const authorization = async (): Promise<{ uid: string; status: string }> => {
    const [newest] = list.parse(await getJson(api, '/authorizations')).authorizations
    if (!newest) throw new Error('no authorization')
    return newest
  }
  const { uid } = await authorization()
  const meters = z.object({ meters: z.array(z.object({ interval_count: z.number() })) })
  await until('some readings', async () => {
    const counts = meters.parse(await getJson(api, `/meters?authorizations=${uid}`)).meters
    return counts.some(({ interval_count: count }) => count > 3000) ? true : null
  })
  expect((await authorization()).status).toBe('pending')
  await end(first.child, 'SIGKILL')

  const second = await start()
  expect(second.printed).toContain(token)
  await until(
    'the rest of the collection',
    async () => ((await authorization()).status === 'updated' ? true : null),
    150,
  )
  const admin = `http://127.0.0.1:${port + 11}`
  const shares = z
    .array(z.object({ subscription: z.coerce.string() }))
    .parse(await (await fetch(`${admin}/_admin/authorizations`)).json())
  expect(await totalsOf(api, uid)).toEqual(await readLedger(admin, shares.at(-1)?.subscription ?? ''))
  expect(await end(second.child, 'SIGTERM')).toBe(0)
}, 240_000)

it('a port that is taken ends the start with a sentence that names it', async () => {
  const first = await start()
  const env = { ...process.env, DATA_DIR: path.join(dataDir, 'other'), PORT: String(port) }
  const child = spawn(process.execPath, [program, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  expect(code).toBe(1)
  expect(printed).toContain(`Port ${port} of 127.0.0.1 is taken`)
  await end(first.child, 'SIGINT')
}, 60_000)

it('while its database starts again every surface says so, and when to come back', async () => {
  const { child } = await start()
  const token = (await readFile(path.join(dataDir, 'demo-token'), 'utf8')).trim()
  const bearer = { authorization: `Bearer ${token}` }
  const ask = async (at: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${at}`, init)
    return { at, status: response.status, again: response.headers.get('retry-after'), text: await response.text() }
  }
  const surfaces = () => [
    ask('/pge/gb-oauth/sunrise-solar', { headers: { accept: 'text/html' } }),
    ask('/api/v2/authorizations', { headers: bearer }),
    ask('/api/v3/authorizations', { headers: bearer }),
    ask('/DataCustodian/espi/1_1/resource/ReadServiceStatus', { headers: { authorization: `Bearer ${KEY}` } }),
    ask('/DataCustodian/oauth/token', { method: 'POST', headers: { authorization: BASIC }, body: GRANT }),
  ]
  const before = await Promise.all(surfaces())
  const [line = ''] = (await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(line), 'SIGKILL')
  const told: (typeof before)[number][] = []
  await until('the database to be back', async () => {
    const answers = await Promise.all(surfaces())
    told.push(...answers)
    return answers.every(({ status }, at) => status === before[at]?.status) ? true : null
  })
  const away = told.filter(({ status }) => status >= 500)
  expect(new Set(away.map(({ status, again }) => `${status} ${again}`))).toEqual(new Set(['503 10']))
  expect(new Set(away.map(({ at }) => at)).size).toBe(before.length)
  expect(away.find(({ at }) => at.startsWith('/pge'))?.text).toContain('Our system is just restarting')
  expect(away.find(({ at }) => at.startsWith('/api/v2'))?.text).toContain('"error":"unavailable"')
  expect(await end(child, 'SIGTERM')).toBe(0)
}, 120_000)
