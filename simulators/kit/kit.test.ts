import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startSimulators, type Simulators } from '../index.ts'
import {
  admin,
  all,
  type Api,
  apiOf,
  authorizations,
  listenForNotifications,
  type Listener,
  objectOf,
  parse,
  resourcesOf,
  share,
} from '../test-client.ts'

const clock = '2026-07-15T19:00:00Z'
let simulators: Simulators
let listener: Listener
let api: Api

beforeAll(async () => {
  listener = await listenForNotifications()
  simulators = await startSimulators({
    seed: 5,
    clock,
    historyMonths: 1,
    thirdParties: { demo: listener, pge: listener },
  })
  api = apiOf(simulators.demo)
})

afterAll(async () => {
  await api.close()
  await simulators.close()
  await listener.close()
})

beforeEach(async () => {
  await admin(simulators.demo, 'DELETE', '/fault')
})

const fault = (body: Record<string, unknown>): Promise<unknown> => admin(simulators.demo, 'POST', '/fault', body)

type Grant = { token: string; refresh: string; resource: string; answer: Record<string, unknown>; status: number }

const grant = async (login = 'test'): Promise<Grant> => {
  const back = await share(simulators.demo, login, { redirectUri: listener.redirectUri })
  const code = back.searchParams.get('code') ?? ''
  const { json, status } = await api.token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: listener.redirectUri,
  })
  return {
    token: String(json['access_token']),
    refresh: String(json['refresh_token']),
    resource: String(json['resourceURI']),
    answer: json,
    status,
  }
}

test('a fault happens as often as arranged, and then no more', async () => {
  const { token, resource } = await grant()
  await fault({
    on: 'resource',
    status: 503,
    body: 'down',
    contentType: 'text/plain',
    headers: { 'Retry-After': '7' },
    times: 2,
  })
  const answers = [await api.get(resource, token), await api.get(resource, token), await api.get(resource, token)]
  expect(answers.map((a) => a.status)).toEqual([503, 503, 200])
  expect(answers[0]?.headers.get('retry-after')).toBe('7')
})

test('hostile, broken and foreign feeds come out as arranged', async () => {
  const { token, resource } = await grant()
  const spoiled = async (mode: string): Promise<string> => {
    await fault({ on: 'resource', mode })
    return (await api.get(resource, token)).body
  }
  expect(await spoiled('doctype-bomb')).toMatch(/<!DOCTYPE feed \[<!ENTITY b0 "boom">/)
  expect(() => parse('<a><b></a>')).toThrow('unexpected close tag')
  const broken = await spoiled('broken-xml')
  expect(() => parse(broken)).toThrow('unexpected close tag')
  const cut = await spoiled('truncated')
  expect(() => parse(cut)).toThrow('unclosed tag')
  expect(await spoiled('html')).toContain('<!doctype html>')
  expect(await spoiled('empty')).toBe('')
  const foreign = await spoiled('other-subscription')
  expect([foreign.includes('/Subscription/9999999/'), foreign.includes(resource)]).toEqual([true, false])
  await fault({ on: 'resource', mode: 'cut' })
  await expect(api.get(resource, token)).rejects.toThrow('terminated')
  await fault({ on: 'resource', mode: 'drip', delayMs: 1, match: 'ReadServiceStatus' })
  await fault({ on: 'resource', mode: 'close' })
  await expect(api.get(resource, token)).rejects.toThrow('fetch failed')
})

test('token answers bend as arranged', async () => {
  await fault({ on: 'token', mode: 'string-expires-in' })
  expect((await grant()).answer['expires_in']).toBe('3600')
  await fault({ on: 'token', mode: 'foreign-resource-uri' })
  expect((await grant()).resource).toMatch(/^https:\/\/foreign\.example\/espi/)
  await fault({ on: 'token', mode: 'narrower-scope' })
  expect(String((await grant()).answer['scope'])).toMatch(/^FB=1_3_4_5_13_14;/)
  await fault({ on: 'token', mode: 'wider-scope' })
  expect(String((await grant()).answer['scope'])).toMatch(/_51_99;/)
  await fault({ on: 'token', mode: 'invalid-grant' })
  expect((await grant()).status).toBe(400)
  const { refresh, token, resource } = await grant()
  await fault({ on: 'token', mode: 'rotation-off' })
  const same = await api.token({ grant_type: 'refresh_token', refresh_token: refresh })
  expect(same.json['refresh_token']).toBe(refresh)
  await fault({ on: 'token', mode: 'expire-now' })
  expect((await api.get(resource, token)).status).toBe(401)
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(200)
})

test('a token answer can be lost after the refresh token has rotated', async () => {
  const { refresh } = await grant()
  await fault({ on: 'token', mode: 'lost-answer' })
  await expect(api.token({ grant_type: 'refresh_token', refresh_token: refresh })).rejects.toThrow('fetch failed')
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(400)
})

test('an arrangement that makes no sense is refused with the reason', async () => {
  await expect(fault({ on: 'resource', mode: 'sunspots' })).rejects.toThrow('mode on resource is one of close')
  await expect(fault({ on: 'weather' })).rejects.toThrow('bad_request')
  await expect(admin(simulators.demo, 'PUT', '/settings', { nonsense: 1 })).rejects.toThrow('nonsense')
  await expect(admin(simulators.demo, 'GET', '/ledger?login=nobody')).rejects.toThrow('No such authorization')
  await expect(admin(simulators.demo, 'GET', '/nowhere')).rejects.toThrow('not_found')
})

test('a notification is tried again, and can be lost, doubled, forged and cut', async () => {
  await grant()
  const push = async (wanted: number): Promise<string[]> => {
    const before = listener.bodies.length
    await admin(simulators.demo, 'POST', '/push')
    await listener.next(before + wanted)
    return listener.bodies.slice(before)
  }
  listener.statuses.push(500, 503)
  const tries = await push(3)
  expect(new Set(tries).size).toBe(1)
  await fault({ on: 'notification', mode: 'doubled' })
  expect(await push(2)).toHaveLength(2)
  await fault({ on: 'notification', mode: 'forged-host' })
  expect(resourcesOf((await push(1))[0] ?? '')[0]).toMatch(/^https:\/\/forged\.example\/espi/)
  await fault({ on: 'notification', mode: 'truncated' })
  const cut = (await push(1))[0] ?? ''
  expect(() => parse(cut)).toThrow('unclosed tag')
  const before = listener.bodies.length
  await fault({ on: 'notification', mode: 'lost' })
  await admin(simulators.demo, 'POST', '/push')
  await push(1)
  expect(listener.bodies).toHaveLength(before + 1)
})

test('requests are counted by kind and grant, without tokens or codes', async () => {
  const { refresh } = await grant()
  const count = async (): Promise<Record<string, unknown>> =>
    objectOf(await (await fetch(`${simulators.demo.admin}/_admin/requests`)).text())
  const before = await count()
  await api.token({ grant_type: 'refresh_token', refresh_token: refresh })
  const after = await count()
  expect(Number(after['refreshes']) - Number(before['refreshes'])).toBe(1)
  expect(Number(after['tokenRequests']) - Number(before['tokenRequests'])).toBe(1)
  expect(JSON.stringify(after)).not.toContain(refresh)
})

test('an authorization with a last day ends after it', async () => {
  const back = await share(simulators.demo, 'test', {
    redirectUri: listener.redirectUri,
    changes: { end: 'date', end_date: '2026-07-15' },
  })
  const code = back.searchParams.get('code') ?? ''
  const { json } = await api.token({ grant_type: 'authorization_code', code, redirect_uri: listener.redirectUri })
  await admin(simulators.demo, 'POST', '/new-day')
  expect(
    (await api.token({ grant_type: 'refresh_token', refresh_token: String(json['refresh_token']) })).json['error'],
  ).toBe('invalid_grant')
  expect((await authorizations(simulators.demo)).at(-1)?.status).toBe(0)
  await admin(simulators.demo, 'PUT', '/clock', { clock })
})

test('the quota is only counted while it is off, and answers 429 when it is on', async () => {
  const { token, resource } = await grant()
  await admin(simulators.demo, 'PUT', '/settings', { quota: { perSecond: 1000, perHour: 1, perDay: 1000 } })
  expect((await api.get(resource, token)).status).toBe(429)
  await admin(simulators.demo, 'PUT', '/settings', { quota: null })
  expect((await api.get(resource, token)).status).toBe(200)
})

test('a customer whose last day is over is announced like one who cancels', async () => {
  await share(simulators.demo, 'test', {
    redirectUri: listener.redirectUri,
    changes: { end: 'date', end_date: '2026-07-15' },
  })
  const ending = (await authorizations(simulators.demo)).at(-1)?.id ?? ''
  const before = listener.bodies.length
  await admin(simulators.demo, 'POST', '/new-day')
  // What was announced before may arrive meanwhile.
  await expect
    .poll(() => listener.bodies.slice(before).flatMap(resourcesOf), { timeout: 10_000 })
    .toContain(`${simulators.demo.api}/espi/1_1/resource/Authorization/${ending}`)
  await admin(simulators.demo, 'PUT', '/clock', { clock })
})

test('a certificate of an unknown authority can be presented and taken back', async () => {
  const connect = async (): Promise<number> => {
    const client = apiOf(simulators.sce)
    try {
      return (await client.get('/nowhere')).status
    } finally {
      await client.close()
    }
  }
  await admin(simulators.sce, 'PUT', '/server-certificate', { trusted: false })
  await expect(connect()).rejects.toThrow('fetch failed')
  await admin(simulators.sce, 'PUT', '/server-certificate', { trusted: true })
  expect(await connect()).toBe(404)
})

test('authorizations, tokens, certificates and the clock outlive a restart', async () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'simulators-'))
  const first = await startSimulators({ stateDir, clock, historyMonths: 1, thirdParties: { pge: listener } })
  const back = await share(first.pge, 'home', { redirectUri: listener.redirectUri })
  await first.close()
  const second = await startSimulators({ stateDir })
  expect(second.pge.ca).toBe(first.pge.ca)
  expect(second.pge.registration).toEqual(first.pge.registration)
  const client = apiOf(second.pge)
  const code = back.searchParams.get('code') ?? ''
  const { json } = await client.token({ grant_type: 'authorization_code', code, redirect_uri: listener.redirectUri })
  const id = String(json['resourceURI']).split('/').at(-1) ?? ''
  const address = `/GreenButtonConnect/espi/1_1/resource/Subscription/${id}/UsagePoint`
  expect(all(parse((await client.get(address, String(json['access_token']))).body), 'UsagePoint')).toHaveLength(1)
  await client.close()
  await second.close()
  rmSync(stateDir, { recursive: true })
})

const run = (flags: string[]) => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
  return { child, output, ended: once(child, 'exit') }
}

test('the command line prints one line of JSON, and SIGTERM ends it with 0', async () => {
  const { child, output, ended } = run([
    '--seed',
    '3',
    '--pge-redirect-uri',
    'http://127.0.0.1/a',
    '--pge-notification-uri',
    'http://127.0.0.1/b',
  ])
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
  expect(output.out.trimEnd().split('\n')).toHaveLength(1)
  expect(Object.keys(objectOf(output.out))).toEqual(['pge', 'sce', 'demo'])
  expect(output.err).toBe('')
})

test('a taken port and a wrong flag are one clear sentence each, and exit 1', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const address = blocker.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const taken = run(['--sce-api', String(port)])
  expect((await taken.ended)[0]).toBe(1)
  expect(taken.output.err).toBe(
    `Port ${port} is not free: choose another one with --sce-api PORT (0 takes any free port).\n`,
  )
  blocker.close()
  const wrong = run(['--pge', 'x'])
  expect((await wrong.ended)[0]).toBe(1)
  expect(wrong.output.err).toBe('--pge wants a whole number, not "x"\n')
})
