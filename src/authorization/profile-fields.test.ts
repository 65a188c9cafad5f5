import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { granted, type PathBench, pathBench, shared } from '../../test/customer-path.ts'
import { admin } from '../../simulators/test-client.ts'
import type { Answer } from '../utilities/answers.ts'
import type { Connection } from '../utilities/connections.ts'
import type { OAuth, Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { openTransport } from '../utilities/transport.ts'
import { keepGrantsAlive } from './daily.ts'
import { writeEspiScope } from './espi-scope.ts'
import { clientCredentials, refreshGrant, scopeToAsk } from './oauth.ts'
import { idsOf } from './store-grant.ts'
import { repairTokenAnswer } from './token-answer.ts'

/** Each field of a profile that authorization speaks by: what it says is what goes over the wire. */
let bench: PathBench
beforeAll(async () => {
  bench = await pathBench()
})
afterAll(async () => await bench.close())

type Sent = { url: string; type: string; body: string }

/** Notes what reaches a token endpoint on loopback, and answers with a token. */
const sent: Sent[] = []
const server = createServer((request, response) => {
  void text(request).then((body) => {
    sent.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', body })
    response
      .setHeader('content-type', 'application/json')
      .end('{"access_token":"a","token_type":"Bearer","expires_in":60}')
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void server.close())

/** A connection of a profile that differs, to that endpoint. */
async function differing(oauth: Partial<OAuth>): Promise<Connection> {
  const real = await bench.connections.of(bench.registrations.demo)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : ''
  const addresses = { ...real.registration.addresses, tokenEndpoint: `http://127.0.0.1:${port}/token` }
  const registration = { ...real.registration, addresses }
  const utility: Utility = { ...real.utility, oauth: { ...real.utility.oauth, ...oauth } }
  sent.length = 0
  return { ...real, utility, registration, transport: openTransport(utility, registration) }
}

describe('oauth.parameterPlace', () => {
  it('json: names in camelCase, in a JSON body', async () => {
    const connection = await differing({
      parameterPlace: 'json',
      clientAuthentication: 'form',
      clientTokenScope: 'FB=34_35',
    })
    await clientCredentials(connection, bench.clock.now)
    const { clientId, clientSecret } = connection.registration
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      grantType: 'client_credentials',
      clientId,
      clientSecret,
      scope: 'FB=34_35',
    })
    expect(sent[0]?.type).toBe('application/json')
  })

  it('query: an empty body', async () => {
    const connection = await differing({ parameterPlace: 'query' })
    await clientCredentials(connection, bench.clock.now)
    expect(sent[0]).toMatchObject({ body: '' })
    expect(sent[0]?.url).toContain('?grant_type=client_credentials')
  })
})

it.each<[OAuth['refreshScope'], string | null]>([
  ['none', null],
  ['granted', 'FB=4'],
  ['asked', 'FB=4_5;HistoryLength=94608000'],
])('oauth.refreshScope %s: a refresh carries %s', async (refreshScope, scope) => {
  const connection = await differing({ refreshScope })
  const scopes = { granted: 'FB=4', asked: 'FB=4_5;HistoryLength=94608000' }
  await refreshGrant(connection, { refreshToken: 'r', scopes, now: bench.clock.now })
  expect(new URLSearchParams(sent[0]?.body).get('scope')).toBe(scope)
})

describe('oauth.requestScope', () => {
  const wanted = {
    dataClasses: ['meters', 'bills', 'intervals', 'accounting'] as const,
    historyMonths: 24,
    ongoingMs: 365 * 86_400_000,
    bulkId: '50036',
  }
  const espi = (terms: [string, string][]) => ({ kind: 'espi' as const, functionBlocks: [4, 16, 51], terms })
  it.each<[string, [string, string][], string]>([
    ['a bare list', [], 'FB=4_16_51'],
    [
      'history in seconds',
      [['HistoryLength', '{historySeconds}']],
      `FB=4_16_51;HistoryLength=${Math.round(24 * 30.4375) * 86_400}`,
    ],
    [
      'years back and ahead',
      [['AdditionalScope', 'historical-{historyYears}y_ongoing-{ongoingYears}y_meters-all']],
      'FB=4_16_51;AdditionalScope=historical-2y_ongoing-1y_meters-all',
    ],
    ['the bulk id', [['BR', '{bulkId}']], 'FB=4_16_51;BR=50036'],
  ])('%s', (_name, terms, scope) => {
    expect(writeEspiScope(espi(terms), wanted)).toBe(scope)
  })

  it('a term without a value is left out, and narrower data ask for fewer blocks', () => {
    expect(writeEspiScope(espi([['BR', '{bulkId}']]), { ...wanted, bulkId: null })).toBe('FB=4_16_51')
    expect(writeEspiScope(espi([]), { ...wanted, dataClasses: ['intervals'] })).toBe('FB=4')
  })

  it.each([
    ['CONSUMERS', /^FB=4_16_51;AdditionalScope=historical-2y_ongoing-1y_meters-all_sou-default$/],
    ['LONDON', /^FB=1_3_4_5_13_15_16_28_31_37_39_51_53_54_55_56_57_58_59_60_61_64_65_68_69$/],
    ['PG&E', /^MinAuthEndDate=\d+;PreferredAuthEndDate=\d+$/],
  ])('%s', async (id, scope) => {
    const { registration } = await bench.connections.of(bench.registrations.demo)
    const asked = { ...wanted, ends: new Date(bench.clock.now.getTime() + wanted.ongoingMs), now: bench.clock.now }
    expect(scopeToAsk({ utility: utilityOf(id), registration }, asked)).toMatch(scope)
  })
})

it('espi.ids: with ids apart, none is concluded from another', () => {
  const told = {
    subscriptionUri: null,
    authorizationUri: 'https://u.example/resource/Authorization/7',
    customerUri: null,
  }
  expect(idsOf(told, { ids: 'same', fileCustomer: null })).toEqual({ subscription: '7', retailCustomer: '7' })
  expect(idsOf(told, { ids: 'apart', fileCustomer: null })).toEqual({ subscription: null, retailCustomer: null })
  const files = { ...told, subscriptionUri: 'https://u.example/resource/RetailCustomer/ABC/Subscription/8' }
  expect(idsOf(files, { ids: 'apart', fileCustomer: 'resourceURI' })).toEqual({
    subscription: '8',
    retailCustomer: 'ABC',
  })
  expect(idsOf(files, { ids: 'apart', fileCustomer: 'customerResourceURI' }).retailCustomer).toBeNull()
})

describe('answers', () => {
  const { oauth, answers } = utilityOf('PG&E')
  const answer = (status: number, body: string): Answer => ({ status, headers: {}, bytes: Buffer.from(body) })
  it('a limit is known by the profile’s status or text, at the token endpoint too', () => {
    const own = { oauth, answers: { ...answers, limited: [509], limitText: 'quota exceeded' } }
    for (const given of [answer(509, ''), answer(403, '{"message":"Quota exceeded"}')]) {
      expect(() => repairTokenAnswer(given, own, bench.clock.now)).toThrow(
        expect.objectContaining({ code: 'too_many_requests' }),
      )
    }
  })

  it('a refused certificate is known by the profile’s text', () => {
    const own = { oauth, answers: { ...answers, certificateText: 'unknown thumbprint' } }
    const given = answer(403, 'Unknown thumbprint')
    expect(() => repairTokenAnswer(given, own, bench.clock.now)).toThrow(
      expect.objectContaining({ code: 'certificate_refused' }),
    )
  })
})

it('espi.metadataTokens: the Authorization is asked for with the token that the profile names', async () => {
  const { authorizationUid } = await shared(bench, { utility: 'demo' })
  const { utility } = await bench.connections.of(bench.registrations.demo)
  const { metadataTokens } = utility.espi
  const seen: string[] = []
  const { transport, registration } = await bench.connections.of(bench.registrations.demo)
  const { get } = transport
  transport.get = async (url, token, options) => {
    seen.push(token)
    return await get(url, token, options)
  }
  try {
    for (const authorization of ['client', 'access', 'registration'] as const) {
      Object.assign(utility.espi, { metadataTokens: { ...metadataTokens, authorization } })
      await bench.tokens.checkAtUtility(authorizationUid)
    }
  } finally {
    Object.assign(utility.espi, { metadataTokens })
    transport.get = get
  }
  const access = await bench.tokens.withAccessToken(authorizationUid, (token) => Promise.resolve(token))
  expect(seen.slice(0, 3)).toEqual([
    await bench.tokens.clientToken(bench.registrations.demo),
    access,
    registration.registrationAccessToken,
  ])
})

it('ending.replacedByNext: only where a new grant cancels the old one, an end while the customer is on the way waits', async () => {
  const { ending } = utilityOf('DEMO')
  const stateOf = async (uid: string): Promise<unknown> =>
    (await bench.database.admin('select state from authorizations where authorization_uid = $1', [uid]))[0]?.['state']
  const endWhileOnTheWay = async (): Promise<unknown> => {
    const { authorizationUid } = await shared(bench, { utility: 'demo' })
    const subscription = bench.owed.at(-1)?.subscription ?? ''
    await granted(bench, { utility: 'demo' })
    await admin(bench.simulators.demo, 'POST', '/revoke', { subscription })
    await bench.tokens.checkAtUtility(authorizationUid)
    return await stateOf(authorizationUid)
  }
  expect(await endWhileOnTheWay()).toBe('needs_reauthorization')
  try {
    Object.assign(utilityOf('DEMO'), { ending: { ...ending, replacedByNext: false } })
    expect(await endWhileOnTheWay()).toBe('revoked')
  } finally {
    Object.assign(utilityOf('DEMO'), { ending })
  }
})

it('oauth.refreshTokenDays: a grant that nobody uses is used in time, once', async () => {
  const { authorizationUid } = await shared(bench, { utility: 'demo' })
  const versionOf = async (): Promise<unknown> =>
    (
      await bench.database.admin('select max(version) as version from grants where authorization_uid = $1', [
        authorizationUid,
      ])
    )[0]?.['version']
  const atItsMinute = async (days: number): Promise<void> => {
    const minute = Math.floor(bench.clock.now.getTime() / 60_000) + days * 1440
    const slot = Number(BigInt(authorizationUid) % 1440n)
    bench.clock.now = new Date((minute - (minute % 1440) + slot) * 60_000)
    await keepGrantsAlive(bench.deps)
  }
  const before = bench.clock.now
  const first = await versionOf()
  await bench.database.admin(`update authorizations set expires = now() + interval '10 years'`)
  await atItsMinute(200)
  expect(await versionOf()).toBe(first)
  await atItsMinute(100)
  expect(await versionOf()).toBe(Number(first) + 1)
  await atItsMinute(100)
  expect(await versionOf()).toBe(Number(first) + 1)
  bench.clock.now = before
})
