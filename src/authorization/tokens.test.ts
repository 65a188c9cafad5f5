import { afterAll, beforeAll, expect, it } from 'vitest'

import { fault, type PathBench, pathBench, requestsAt, shared } from '../../test/customer-path.ts'
import { admin } from '../../simulators/test-client.ts'
import type { Uid } from '../model/uid.ts'
import type { OAuth } from '../utilities/contract.ts'
import { AuthorizationRevoked, ClientRejected, TokenRefused, UtilityUnavailable } from '../utilities/errors.ts'
import { openTransport } from '../utilities/transport.ts'
import { clientCredentials } from './oauth.ts'
import { openTokens, type Tokens } from './tokens.ts'

let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

const expired = (): void => {
  bench.clock.now = new Date(bench.clock.now.getTime() + 7_200_000)
}
const counts = async (): ReturnType<typeof requestsAt> => await requestsAt(bench.simulators.demo)
const anotherProcess = (): Tokens =>
  openTokens({ ...bench.deps, wait: (ms) => new Promise((done) => void setTimeout(done, ms / 10)) })
const rowOf = async (authorizationUid: Uid): Promise<Record<string, unknown>> =>
  (
    await bench.database.admin(
      `select a.state, a.status, a.status_message, array_agg(e.type order by e.event_uid) events
       from authorizations a join events e using (authorization_uid) where a.authorization_uid = $1
       group by a.authorization_uid`,
      [authorizationUid],
    )
  )[0] ?? {}

/** A real request that the token opens. */
async function fetchUsage(authorizationUid: Uid, token: string): Promise<number> {
  const connection = await bench.connections.of(bench.registrations.demo)
  const [grant] = await bench.database.admin(
    'select subscription_uri from grants where authorization_uid = $1 order by grant_no desc',
    [authorizationUid],
  )
  const url = `${String(grant?.['subscription_uri'])}?published-min=2026-07-01T07:00:00Z&published-max=2026-07-02T07:00:00Z`
  return (await connection.transport.get(url, token)).status
}

it('a token that lives is used as it is; 48 callers in four processes refresh an expired one once', async () => {
  const { authorizationUid } = await shared(bench)
  const before = await counts()
  expect(await bench.tokens.withAccessToken(authorizationUid, (token) => fetchUsage(authorizationUid, token))).toBe(200)
  expect((await counts()).refreshes).toBe(before.refreshes)
  expired()
  const processes = [bench.tokens, anotherProcess(), anotherProcess(), anotherProcess()]
  const calls = processes.flatMap((tokens) =>
    Array.from({ length: 12 }, () => tokens.withAccessToken(authorizationUid, (token) => Promise.resolve(token))),
  )
  const tokens = new Set(await Promise.all(calls))
  expect(tokens.size).toBe(1)
  expect((await counts()).refreshes).toBe(before.refreshes + 1)
  expired()
  expect(await bench.tokens.withAccessToken(authorizationUid, (token) => fetchUsage(authorizationUid, token))).toBe(200)
  expect((await counts()).refreshes).toBe(before.refreshes + 2)
})

it('a token that the utility does not take is renewed once, and the work done', async () => {
  const { authorizationUid } = await shared(bench)
  const before = await counts()
  const seen: string[] = []
  const result = await bench.tokens.withAccessToken(authorizationUid, (token) => {
    seen.push(token)
    return seen.length === 1 ? Promise.reject(new TokenRefused(401)) : fetchUsage(authorizationUid, token)
  })
  expect(result).toBe(200)
  expect(new Set(seen).size).toBe(2)
  expect((await counts()).refreshes).toBe(before.refreshes + 1)
})

it('refused twice while the grant stands: outside the grant, the authorization stays', async () => {
  const { authorizationUid } = await shared(bench)
  const use = (): Promise<never> => Promise.reject(new TokenRefused(403))
  await expect(bench.tokens.withAccessToken(authorizationUid, use)).rejects.toMatchObject({ code: 'not_in_grant' })
  expect(await rowOf(authorizationUid)).toMatchObject({ state: 'active' })
})

it('refused because the customer ended it at the utility: revoked, and nothing is asked again', async () => {
  const { authorizationUid } = await shared(bench)
  const subscription = bench.owed.at(-1)?.subscription
  await admin(bench.simulators.demo, 'POST', '/revoke', { subscription })
  const call = bench.tokens.withAccessToken(authorizationUid, (token) => fetchUsage(authorizationUid, token))
  await expect(call).rejects.toBeInstanceOf(AuthorizationRevoked)
  expect(await rowOf(authorizationUid)).toMatchObject({
    state: 'revoked',
    events: ['authorization_created', 'authorization_revoked'],
  })
  const [grant] = await bench.database.admin('select tokens, tell_next from grants where authorization_uid = $1', [
    authorizationUid,
  ])
  expect(grant).toEqual({ tokens: null, tell_next: null })
  await expect(bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve(1))).rejects.toMatchObject({
    code: 'revoked',
  })
})

it('a refresh token that is not taken while the grant stands: the customer has to share again, and the company hears it', async () => {
  const { authorizationUid } = await shared(bench)
  await bench.tokens.clientToken(bench.registrations.demo)
  expired()
  await bench.tokens.clientToken(bench.registrations.demo)
  await fault(bench.simulators.demo, { on: 'token', mode: 'invalid-grant' })
  const call = bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve(1))
  await expect(call).rejects.toMatchObject({ code: 'invalid_grant' })
  expect(await rowOf(authorizationUid)).toMatchObject({
    state: 'needs_reauthorization',
    status: 'errored',
    status_message: expect.stringContaining('authorize again'),
    events: ['authorization_created', 'authorization_update_finished_errored'],
  })
})

it('without a refresh token the end of the access token asks for a new share', async () => {
  await fault(bench.simulators.demo, { on: 'token', mode: 'no-refresh-token' })
  const { authorizationUid } = await shared(bench)
  expect(await bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve('works'))).toBe('works')
  expired()
  const call = bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve(1))
  await expect(call).rejects.toMatchObject({ code: 'no_refresh_token' })
  expect(await rowOf(authorizationUid)).toMatchObject({ state: 'needs_reauthorization' })
})

it('a lost answer gives the lease back: the next try goes on with the pair that is stored', async () => {
  const { authorizationUid } = await shared(bench)
  expired()
  await fault(bench.simulators.demo, { on: 'token', mode: 'close' })
  const call = bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve(1))
  await expect(call).rejects.toMatchObject({ outcomeUnknown: true })
  await expect(call).rejects.toBeInstanceOf(UtilityUnavailable)
  expect(await bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve('works'))).toBe('works')
})

it('a lease whose owner died runs out', async () => {
  const { authorizationUid } = await shared(bench)
  expired()
  await bench.database.admin(
    `update grants set refresh_owner = 'dead', refresh_until = $2 where authorization_uid = $1`,
    [authorizationUid, new Date(bench.clock.now.getTime() + 120_000)],
  )
  const call = bench.tokens.withAccessToken(authorizationUid, () => Promise.resolve('works'))
  bench.clock.now = new Date(bench.clock.now.getTime() + 121_000)
  expect(await call).toBe('works')
})

it('a process that was held up until its lease ran out does not send what another has used meanwhile', async () => {
  const { authorizationUid } = await shared(bench)
  expired()
  const before = await counts()
  let isHeldUp = false
  const of: typeof bench.connections.of = async (registrationUid) => {
    if (!isHeldUp) {
      isHeldUp = true
      bench.clock.now = new Date(bench.clock.now.getTime() + 121_000)
      await anotherProcess().withAccessToken(authorizationUid, () => Promise.resolve(1))
    }
    return await bench.connections.of(registrationUid)
  }
  const wait = (): Promise<void> => Promise.resolve()
  const slow = openTokens({ ...bench.deps, wait, connections: { ...bench.connections, of } })
  expect(await slow.withAccessToken(authorizationUid, (token) => fetchUsage(authorizationUid, token))).toBe(200)
  expect((await counts()).refreshes).toBe(before.refreshes + 1)
  expect(await rowOf(authorizationUid)).toMatchObject({ state: 'active' })
})

it('our own token is asked for once by many, and anew when it is not taken', async () => {
  const fresh = anotherProcess()
  const before = await counts()
  const { demo } = bench.registrations
  const tokens = await Promise.all(Array.from({ length: 20 }, () => fresh.clientToken(demo)))
  expect(new Set(tokens).size).toBe(1)
  expect((await counts()).clientTokens).toBe(before.clientTokens + 1)
  const seen: string[] = []
  const refuse = (token: string): Promise<never> => {
    seen.push(token)
    return Promise.reject(new TokenRefused(401))
  }
  await expect(fresh.withClientToken(demo, refuse)).rejects.toBeInstanceOf(ClientRejected)
  expect(new Set(seen).size).toBe(2)
})

it.each<[string, 'pge' | 'sce' | 'demo', Partial<OAuth>]>([
  ['parameters in the query', 'pge', { parameterPlace: 'query' }],
  ['Basic without percent-encoding', 'sce', { clientAuthentication: 'basic-unencoded' }],
  ['id and secret in the form', 'demo', { clientAuthentication: 'form' }],
])('a profile may say: %s', async (_name, utility, oauth) => {
  const real = await bench.connections.of(bench.registrations[utility])
  const changed = { ...real, utility: { ...real.utility, oauth: { ...real.utility.oauth, ...oauth } } }
  expect(await clientCredentials(changed, bench.clock.now)).toMatchObject({ expiresIn: 3600 })
})

it('without the right client certificate the utility refuses us, and it is called our fault', async () => {
  const real = await bench.connections.of(bench.registrations.pge)
  const utility = { ...real.utility, tls: { ...real.utility.tls, clientCertificate: 'none' as const } }
  const transport = openTransport(utility, real.registration)
  const bare = { ...real, utility, transport }
  await expect(clientCredentials(bare, bench.clock.now)).rejects.toMatchObject({ code: 'certificate_refused' })
  const status = `${real.registration.addresses.resourceBase}/ReadServiceStatus`
  await expect(transport.get(status, 'token')).rejects.toBeInstanceOf(ClientRejected)
  const untrusting = openTransport(utility, { ...real.registration, ca: null })
  await expect(untrusting.get(status, 'token')).rejects.toMatchObject({
    code: 'server_not_trusted',
    outcomeUnknown: false,
  })
  await Promise.all([transport.close(), untrusting.close()])
})

it('no token is stored in the clear', async () => {
  const { authorizationUid } = await shared(bench)
  const token = await bench.tokens.withAccessToken(authorizationUid, (text) => Promise.resolve(text))
  const rows = await bench.database.admin(
    `select encode(tokens, 'escape') as text, grants::text as row from grants where authorization_uid = $1`,
    [authorizationUid],
  )
  expect(rows.every((row) => !`${String(row['text'])}${String(row['row'])}`.includes(token))).toBe(true)
})
