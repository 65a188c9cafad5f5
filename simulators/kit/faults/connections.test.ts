import { expect, test } from 'vitest'
import { rawClientOf } from '../../raw-client.ts'
import { admin } from '../../test-client.ts'
import { arrange, openBench, readings, seeFeed, seeToken, text } from './bench.ts'

/** Faults of connections and statuses, seen by a client that is made of node:https and nothing else. */
const bench = openBench()

test.each([
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
] as const)('%s ends the connection with %s, and the next one is well', async (mode, code) => {
  await arrange(bench(), { on: 'connection', mode })
  const client = rawClientOf(bench().simulators.pge, { patienceMs: code === 'silent' ? 300 : 10_000 })
  expect((await client.request(bench().feed, bench())).error).toBe(code)
  if (mode === 'refuse') await admin(bench().simulators.pge, 'DELETE', '/fault')
  client.close()
  const next = rawClientOf(bench().simulators.pge)
  expect((await next.request(bench().feed, bench())).status).toBe(200)
  next.close()
})

test.each(['slow-handshake', 'certificate-rotated'])('%s is met and survived', async (mode) => {
  await arrange(bench(), { on: 'connection', mode, delayMs: 60 })
  const client = rawClientOf(bench().simulators.pge)
  const seen = await client.request(bench().feed, bench())
  expect([seen.status, seen.error]).toEqual([200, null])
  client.close()
  expect(await admin(bench().simulators.pge, 'GET', '/fault')).toMatchObject({ faults: [] })
})

test('refuse ends at the moment that `until` names', async () => {
  await arrange(bench(), { on: 'connection', mode: 'refuse', until: '2026-07-15T19:10:00Z' })
  const client = rawClientOf(bench().simulators.pge)
  expect((await client.request(bench().feed, bench())).error).toBe('ECONNREFUSED')
  await admin(bench().simulators.pge, 'PUT', '/clock', { clock: '2026-07-15T19:10:00Z' })
  expect((await client.request(bench().feed, bench())).status).toBe(200)
  client.close()
})

test.each([
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
] as const)('%s gives status %s and ends with %s', async (mode, status, error) => {
  const seen = await seeFeed(bench(), { mode }, error === 'silent' ? 500 : 10_000)
  expect([seen.status, seen.error]).toEqual([status, error])
})

test.each(['drip', 'narrow-band'])('%s brings everything, in many pieces', async (mode) => {
  const seen = await seeFeed(bench(), { mode, delayMs: 1 })
  expect([seen.error, readings(text(seen))]).toEqual([null, readings(bench().right)])
  expect(seen.pieces).toBeGreaterThan(5)
})

test('stale-keep-alive answers, and ends the connection at the next request', async () => {
  const client = rawClientOf(bench().simulators.pge, { keepAlive: true })
  await arrange(bench(), { on: 'resource', mode: 'stale-keep-alive' })
  expect((await client.request(bench().feed, bench())).status).toBe(200)
  expect((await client.request(bench().feed, bench())).error).toBe('ECONNRESET')
  expect((await client.request(bench().feed, bench())).status).toBe(200)
  client.close()
})

test('late-answer has done its work before it answers', async () => {
  const before = bench().listener.bodies.length
  await arrange(bench(), { on: 'resource', mode: 'late-answer', delayMs: 200 })
  const bulk = bench().feed.replace(/\/UsagePoint.*/, '?published-min=2026-07-01')
  const client = rawClientOf(bench().simulators.pge, { patienceMs: 2000 })
  const answer = client.request(bulk, bench())
  await bench().listener.next(before + 1)
  expect((await answer).status).toBe(202)
  client.close()
})

test.each([
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
] as const)('%s is answered with %s, by token and resource', async (mode, status) => {
  const seen = await seeFeed(bench(), { mode, seconds: 120 })
  expect(seen.status).toBe(status)
  expect((await seeToken(bench(), { mode })).status).toBe(status)
})

test('what comes with some of the statuses', async () => {
  expect((await seeFeed(bench(), { mode: 'http-429' })).headers['retry-after']).toBeUndefined()
  expect((await seeFeed(bench(), { mode: 'http-429-seconds', seconds: 120 })).headers['retry-after']).toBe('120')
  expect((await seeFeed(bench(), { mode: 'http-503-retry-after' })).headers['retry-after']).toBe('30')
  const dated = (await seeFeed(bench(), { mode: 'http-429-date', seconds: 120 })).headers['retry-after'] ?? ''
  expect(Date.parse(dated)).toBeGreaterThan(Date.now() + 60_000)
  expect((await seeFeed(bench(), { mode: 'redirect-foreign' })).headers.location).toMatch(
    /^https:\/\/elsewhere\.example\//,
  )
  expect((await seeFeed(bench(), { mode: 'redirect-same' })).headers.location).toBe(bench().feed)
  expect(text(await seeFeed(bench(), { mode: 'client-certificate-refused' }))).toBe('"Invalid Certificate"')
})
