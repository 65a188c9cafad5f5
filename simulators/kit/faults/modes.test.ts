import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Simulators, startSimulators } from '../../index.ts'
import { rawClientOf, type Seen } from '../../raw-client.ts'
import { admin, all, type Api, apiOf, listenForNotifications, type Listener, parse, share } from '../../test-client.ts'
import { modes } from '../faults.ts'

/** Every mode, seen by a client that is made of node:https and nothing else. */
let simulators: Simulators
let listener: Listener
let api: Api
let token = ''
let feed = ''
let right = ''

beforeAll(async () => {
  listener = await listenForNotifications()
  simulators = await startSimulators({
    seed: 5,
    clock: '2026-07-15T19:00:00Z',
    historyMonths: 1,
    thirdParties: { pge: listener },
  })
  api = apiOf(simulators.pge)
  const back = await share(simulators.pge, 'home', { redirectUri: listener.redirectUri })
  const { json } = await api.token({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: listener.redirectUri,
  })
  token = String(json['access_token'])
  const { agreements } = await lastAuthorization()
  const window = 'published-min=2026-07-01T07:00:00Z&published-max=2026-07-04T06:59:59Z'
  feed = `${new URL(String(json['resourceURI'])).pathname}/UsagePoint/${agreements[0] ?? ''}?${window}`
  right = (await api.get(feed, token)).body
})

afterEach(async () => {
  await admin(simulators.pge, 'DELETE', '/fault')
})

afterAll(async () => {
  await api.close()
  await simulators.close()
  await listener.close()
})

const lastAuthorization = async (): Promise<{ agreements: string[] }> => {
  const answer = await fetch(`${simulators.pge.admin}/_admin/authorizations`)
  const list: { agreements: string[] }[] = JSON.parse(await answer.text())
  return list.at(-1) ?? { agreements: [] }
}

const arrange = (fault: Record<string, unknown>): Promise<unknown> => admin(simulators.pge, 'POST', '/fault', fault)

/** The feed, asked for once under a fault. */
const seeFeed = async (fault: Record<string, unknown>): Promise<Seen> => {
  await arrange({ on: 'resource', ...fault })
  const client = rawClientOf(simulators.pge)
  const seen = await client.request(feed, { token })
  client.close()
  return seen
}

const seeToken = async (fault: Record<string, unknown>): Promise<Seen> => {
  await arrange({ on: 'token', ...fault })
  const client = rawClientOf(simulators.pge)
  const { clientId, clientSecret } = simulators.pge.registration
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const seen = await client.request('/datacustodian/oauth/v2/token', { basic, form: 'grant_type=client_credentials' })
  client.close()
  return seen
}

const text = (seen: Seen): string => seen.body.toString('utf8')
const readings = (xml: string): string[] => all(parse(xml), 'IntervalReading').map((r) => JSON.stringify(r))
const covered = new Set<string>()
const row = (name: string): string => {
  covered.add(name)
  return name
}

test.each(
  (
    [
      ['refuse', 'ECONNREFUSED'],
      ['reset-on-connect', 'ECONNRESET'],
      ['handshake-stall', 'silent'],
      ['handshake-cut', 'ECONNRESET'],
      ['not-tls', 'EPROTO'],
      ['cut-after-handshake', 'ECONNRESET'],
      ['certificate-expired', 'CERT_HAS_EXPIRED'],
      ['certificate-not-yet-valid', 'CERT_NOT_YET_VALID'],
      ['certificate-wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['certificate-self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      ['certificate-unknown-issuer', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['tls-1.1-only', 'EPROTO'],
    ] as const
  ).map(([name, code]) => [row(name), code] as const),
)('%s ends the connection with %s, and the next one is well', async (mode, code) => {
  await arrange({ on: 'connection', mode })
  const client = rawClientOf(simulators.pge)
  expect((await client.request(feed, { token })).error).toBe(code)
  if (mode === 'refuse') await admin(simulators.pge, 'DELETE', '/fault')
  expect((await client.request(feed, { token })).status).toBe(200)
  client.close()
})

test.each([row('slow-handshake'), row('certificate-rotated')])('%s is met and survived', async (mode) => {
  await arrange({ on: 'connection', mode, delayMs: 60 })
  const client = rawClientOf(simulators.pge)
  const seen = await client.request(feed, { token })
  expect([seen.status, seen.error]).toEqual([200, null])
  client.close()
  expect(await admin(simulators.pge, 'GET', '/fault')).toMatchObject({ faults: [] })
})

test('refuse ends at the moment that `until` names', async () => {
  await arrange({ on: 'connection', mode: 'refuse', until: '2026-07-15T19:10:00Z' })
  const client = rawClientOf(simulators.pge)
  expect((await client.request(feed, { token })).error).toBe('ECONNREFUSED')
  await admin(simulators.pge, 'PUT', '/clock', { clock: '2026-07-15T19:10:00Z' })
  expect((await client.request(feed, { token })).status).toBe(200)
  client.close()
})

test.each(
  (
    [
      ['close', 0, 'ECONNRESET'],
      ['lost-answer', 0, 'ECONNRESET'],
      ['reset-in-header', 0, 'ECONNRESET'],
      ['no-answer', 0, 'silent'],
      ['slow-header', 0, 'silent'],
      ['huge-header', 0, 'HPE_HEADER_OVERFLOW'],
      ['many-headers', 0, 'HPE_HEADER_OVERFLOW'],
      ['reset-in-body', 200, 'ECONNRESET'],
      ['cut', 200, 'ECONNRESET'],
      ['half-open', 200, 'silent'],
      ['byte-drip', 200, 'silent'],
    ] as const
  ).map(([name, ...rest]) => [row(name), ...rest] as const),
)('%s gives status %s and ends with %s', async (mode, status, error) => {
  const seen = await seeFeed({ mode })
  expect([seen.status, seen.error]).toEqual([status, error])
})

test.each([row('drip'), row('narrow-band')])('%s brings everything, in many pieces', async (mode) => {
  const seen = await seeFeed({ mode, delayMs: 1 })
  expect([seen.error, readings(text(seen))]).toEqual([null, readings(right)])
  expect(seen.pieces).toBeGreaterThan(5)
})

test(`${row('stale-keep-alive')} answers, and ends the connection at the next request`, async () => {
  const client = rawClientOf(simulators.pge, { keepAlive: true })
  await arrange({ on: 'resource', mode: 'stale-keep-alive' })
  expect((await client.request(feed, { token })).status).toBe(200)
  expect((await client.request(feed, { token })).error).toBe('ECONNRESET')
  expect((await client.request(feed, { token })).status).toBe(200)
  client.close()
})

test(`${row('late-answer')} has done its work before it answers`, async () => {
  const before = listener.bodies.length
  await arrange({ on: 'resource', mode: 'late-answer', delayMs: 200 })
  const bulk = feed.replace(/\/UsagePoint.*/, '?published-min=2026-07-01')
  const client = rawClientOf(simulators.pge, { patienceMs: 2000 })
  const answer = client.request(bulk, { token })
  await listener.next(before + 1)
  expect((await answer).status).toBe(202)
  client.close()
})

test.each(
  (
    [
      ['http-400', 400],
      ['http-401-expired', 401],
      ['http-401-revoked', 401],
      ['http-403-scope', 403],
      ['http-404', 404],
      ['http-405', 405],
      ['http-408', 408],
      ['http-410', 410],
      ['http-413', 413],
      ['http-418', 418],
      ['http-429', 429],
      ['http-429-seconds', 429],
      ['http-429-date', 429],
      ['http-500', 500],
      ['http-502', 502],
      ['http-503-retry-after', 503],
      ['http-504', 504],
      ['no-content', 204],
      ['client-certificate-refused', 400],
      ['redirect-foreign', 302],
      ['redirect-same', 307],
    ] as const
  ).map(([name, status]) => [row(name), status] as const),
)('%s is answered with %s, by token and resource', async (mode, status) => {
  const seen = await seeFeed({ mode, seconds: 120 })
  expect(seen.status).toBe(status)
  expect((await seeToken({ mode })).status).toBe(status)
})

test('what comes with some of the statuses', async () => {
  expect((await seeFeed({ mode: 'http-429' })).headers['retry-after']).toBeUndefined()
  expect((await seeFeed({ mode: 'http-429-seconds', seconds: 120 })).headers['retry-after']).toBe('120')
  expect((await seeFeed({ mode: 'http-503-retry-after' })).headers['retry-after']).toBe('30')
  const dated = (await seeFeed({ mode: 'http-429-date', seconds: 120 })).headers['retry-after'] ?? ''
  expect(Date.parse(dated)).toBeGreaterThan(Date.now() + 60_000)
  expect((await seeFeed({ mode: 'redirect-foreign' })).headers.location).toMatch(/^https:\/\/elsewhere\.example\//)
  expect((await seeFeed({ mode: 'redirect-same' })).headers.location).toBe(feed)
  expect(text(await seeFeed({ mode: 'client-certificate-refused' }))).toBe('"Invalid Certificate"')
})

test.each(
  (
    [
      ['html', (seen: Seen) => /maintenance/.test(text(seen)) && /text\/html/.test(seen.headers['content-type'] ?? '')],
      ['empty', (seen: Seen) => seen.body.length === 0],
      ['json-error', (seen: Seen) => /backend unavailable/.test(text(seen))],
      ['wrong-type', (seen: Seen) => seen.headers['content-type'] === 'text/html'],
      ['no-type', (seen: Seen) => seen.headers['content-type'] === undefined],
      ['date-ahead', (seen: Seen) => Date.parse(seen.headers.date ?? '') > Date.now() + 86_400_000],
      ['date-behind', (seen: Seen) => Date.parse(seen.headers.date ?? '') < Date.now() - 86_400_000],
      ['date-missing', (seen: Seen) => seen.headers.date === undefined],
      ['length-too-short', (seen: Seen) => seen.body.length * 2 < right.length + 10],
      ['endless-body', (seen: Seen) => seen.body.length > 900_000],
      ['unknown-coding', (seen: Seen) => seen.headers['content-encoding'] === 'x-unheard-of'],
      ['gzip-plain', (seen: Seen) => seen.headers['content-encoding'] === 'gzip' && text(seen).startsWith('<')],
      ['gzip-bomb', (seen: Seen) => gunzipSync(seen.body).length > 900_000 && seen.body.length < 40_000],
      ['gzip-twice', (seen: Seen) => gunzipSync(gunzipSync(seen.body)).includes('IntervalReading')],
      [
        'gzip-unsaid',
        (seen: Seen) => seen.headers['content-encoding'] === undefined && gunzipSync(seen.body).includes('feed'),
      ],
      ['byte-order-mark', (seen: Seen) => seen.body.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))],
      ['utf-16', (seen: Seen) => seen.body.toString('utf16le').includes('IntervalReading')],
      ['latin-1-unsaid', (seen: Seen) => seen.body.includes(0xe9) && text(seen).includes('\uFFFD')],
      ['lying-declaration', (seen: Seen) => text(seen).startsWith('<?xml version="1.0" encoding="UTF-16"?>')],
      ['overlong-utf-8', (seen: Seen) => seen.body.includes(Buffer.from([0xc0, 0xaf]))],
      ['nul-byte', (seen: Seen) => seen.body.includes(0)],
      ['soap-fault', (seen: Seen) => text(seen).includes('s:Fault')],
      ['deep-nesting', (seen: Seen) => text(seen).includes('<d>'.repeat(500))],
      ['huge-text', (seen: Seen) => seen.body.length > 900_000],
      ['wrong-namespace', (seen: Seen) => !text(seen).includes('naesb.org')],
      ['no-entries', (seen: Seen) => all(parse(text(seen)), 'entry').length === 0],
      ['many-attributes', (seen: Seen) => text(seen).includes(' a4999="1"')],
      ['processing-instruction', (seen: Seen) => text(seen).includes('<?xml-stylesheet')],
      ['doctype-bomb', (seen: Seen) => /<!DOCTYPE[\s\S]*&b9;/.test(text(seen))],
      ['external-entity', (seen: Seen) => /SYSTEM "file:[\s\S]*&x;/.test(text(seen))],
    ] as const
  ).map(([name, check]) => [row(name), check] as const),
)('%s comes with 200', async (mode, check) => {
  const sizes = { 'endless-body': 1_000_000, 'gzip-bomb': 1_000_000, 'huge-text': 1_000_000, 'deep-nesting': 1000 }
  const bytes = new Map<string, number>(Object.entries(sizes)).get(mode)
  const seen = await seeFeed({ mode, ...(bytes === undefined ? {} : { bytes }) })
  expect([seen.status, check(seen)]).toEqual([200, true])
})

test.each([row('gzip-broken'), row('gzip-cut'), row('gzip-bad-checksum')])('%s cannot be unpacked', async (mode) => {
  const seen = await seeFeed({ mode })
  expect(seen.headers['content-encoding']).toBe('gzip')
  expect(() => gunzipSync(seen.body)).toThrow(/incorrect|unexpected|invalid/)
})

test.each([row('broken-xml'), row('truncated'), row('undefined-entity'), row('unbound-prefix'), row('two-documents')])(
  '%s is not well-formed',
  async (mode) => {
    const seen = await seeFeed({ mode })
    expect(() => parse(text(seen))).toThrow(/:|Prefix/)
  },
)

type Change = readonly [string, (before: string[], after: string[], xml: string) => unknown[]]

const everyHas = (list: string[], part: string): unknown[] => [list.filter((one) => !one.includes(part)), []]
const textsOf = (xml: string, name: string): string[] => all(parse(xml), name).map((node) => node.text)
const subscriptionsIn = (xml: string): Set<string> => new Set(xml.match(/Subscription\/\d+/g))

const changes: readonly Change[] = [
  ['missing-day', (before, after) => [before.length - after.length, 24]],
  ['late-day', (before, after) => [after, before.slice(0, before.length - 24)]],
  ['doubled-readings', (before, after) => [after, before.flatMap((r) => [r, r])]],
  ['contradicting-readings', (before, after) => [new Set(after).size, 2 * before.length]],
  ['readings-backward', (before, after) => [after, [...before].reverse()]],
  ['negative-values', (_, after) => everyHas(after, '"-')],
  ['huge-values', (_, after) => everyHas(after, '9'.repeat(30))],
  ['text-values', (_, after) => everyHas(after, 'n/a')],
  ['future-readings', (_, after) => everyHas(after, '"209')],
  ['overlapping-readings', (_, after) => everyHas(after, '"7200"')],
  ['unknown-quality', (_, after) => everyHas(after, '"99"')],
  ['unknown-unit', (_1, _2, xml) => [textsOf(xml, 'uom'), ['999']]],
  ['no-reading-type', (_1, _2, xml) => [textsOf(xml, 'ReadingType'), []]],
  ['re-encoded-ids', (_1, _2, xml) => [xml.includes('/MeterReading/eA'), true]],
  ['other-subscription', (_1, _2, xml) => [subscriptionsIn(xml), new Set(['Subscription/9999999'])]],
  [
    'foreign-entry',
    (before, after, xml) => [
      [after.length, subscriptionsIn(xml).size],
      [2 * before.length, 2],
    ],
  ],
]

test.each(changes.map(([name, check]) => [row(name), check] as const))(
  '%s changes what the feed says',
  async (mode, check) => {
    const xml = text(await seeFeed({ mode }))
    const [actual, expected] = check(readings(right), readings(xml), xml)
    expect(actual).toEqual(expected)
  },
)

test(`${row('expire-mid-feed')} ends the tokens and the feed`, async () => {
  expect((await seeFeed({ mode: 'expire-mid-feed' })).body.length).toBeLessThan(right.length * 0.6)
  expect((await api.get(feed, token)).status).toBe(403)
})

test('every mode of a connection, an answer, a document or the data has its row', () => {
  const elsewhere = new Set(['OAuth', 'notification'])
  expect(modes.filter((m) => !covered.has(m.name) && !elsewhere.has(m.group)).map((m) => m.name)).toEqual([])
})
