import { expect, test } from 'vitest'
import { objectOf, press, visit, type Visit } from '../../test-client.ts'
import { arrange, type Bench, grantAt, openBench, seeToken, text } from './bench.ts'

/** Faults of tokens and redirects, seen by a plain client. */
const bench = openBench()

type Field = readonly [mode: string, (answer: Record<string, unknown>, right: Record<string, unknown>) => unknown[]]

const fields: readonly Field[] = [
  ['string-expires-in', (answer) => [answer['expires_in'], '3600']],
  ['expires-in-zero', (answer) => [answer['expires_in'], 0]],
  ['expires-in-huge', (answer) => [answer['expires_in'], 1e12]],
  ['expires-in-missing', (answer) => [answer['expires_in'], undefined]],
  ['narrower-scope', (answer) => [String(answer['scope']).split(';')[0], 'FB=1_3_4_5_13_14']],
  ['wider-scope', (answer) => [/_51_99;/.test(String(answer['scope'])), true]],
  ['foreign-resource-uri', (answer) => [new URL(String(answer['resourceURI'])).host, 'foreign.example']],
  ['foreign-authorization-uri', (answer) => [new URL(String(answer['authorizationURI'])).host, 'foreign.example']],
  ['unknown-token-type', (answer) => [answer['token_type'], 'mac']],
  ['no-refresh-token', (answer) => [answer['refresh_token'], undefined]],
  ['no-access-token', (answer) => [answer['access_token'], undefined]],
  ['huge-token', (answer) => [String(answer['access_token']).length, 1_000_000]],
]

test.each(fields)('%s bends the token answer', async (mode, check) => {
  await arrange(bench(), { on: 'token', mode })
  const [actual, expected] = check((await grantAt(bench())).json, {})
  expect(actual).toEqual(expected)
})

test('xml-token answers in XML', async () => {
  const seen = await seeToken(bench(), { mode: 'xml-token' })
  expect([seen.status, text(seen)]).toEqual([200, expect.stringMatching(/^<Response>.*<client_access_token>/)])
})

test.each([
  ['invalid-grant', 400, 'invalid_grant'],
  ['invalid-client', 401, 'invalid_client'],
] as const)('%s refuses a refresh with %s', async (mode, status, error) => {
  const { refresh } = await grantAt(bench())
  const form = `grant_type=refresh_token&refresh_token=${refresh}`
  const refused = await seeToken(bench(), { mode }, form)
  expect([refused.status, objectOf(text(refused))['error']]).toEqual([status, error])
  expect((await bench().api.token({ grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(200)
})

test('rotation-off keeps the refresh token, expire-now ends the access token only', async () => {
  const { refresh, token } = await grantAt(bench())
  const form = `grant_type=refresh_token&refresh_token=${refresh}`
  expect(objectOf(text(await seeToken(bench(), { mode: 'rotation-off' }, form)))['refresh_token']).toBe(refresh)
  await arrange(bench(), { on: 'token', mode: 'expire-now' })
  expect((await bench().api.get(bench().feed, token)).status).toBe(403)
  expect((await bench().api.token({ grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(200)
})

const authorizeAddress = ({ simulators, listener }: Bench): string => {
  const query = new URLSearchParams({
    client_id: simulators.pge.registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
    state: 's',
  })
  return `${simulators.pge.pages}/myAuthorization?${query.toString()}`
}

test.each([
  ['server-error', 'error=server_error'],
  ['access-denied', 'error=access_denied'],
  ['temporarily-unavailable', 'error=temporarily_unavailable'],
])('%s comes back at once', async (mode, error) => {
  await arrange(bench(), { on: 'authorize', mode })
  expect((await visit(authorizeAddress(bench()))).location).toContain(`?${error}&state=s`)
})

/** Up to the redirect that ends the customer's way. */
const wayBack = async (mode: string): Promise<URLSearchParams> => {
  const first = await visit(authorizeAddress(bench()))
  const choices: Visit = await press(first, '/sign-in', 'sign-in', { login: 'home', password: 'demo' })
  await arrange(bench(), { on: 'authorize', mode, match: '/submit' })
  return new URL((await press(choices, '/submit', 'submit', { agree: 'yes' })).location ?? '').searchParams
}

test.each([
  ['no-code', { code: null, state: 's', error: null }],
  ['wrong-code', { code: '00000000-0000-4000-8000-000000000000', state: 's', error: null }],
  ['no-state', { code: expect.any(String), state: null, error: null }],
  ['wrong-state', { code: expect.any(String), state: 'somebody-else', error: null }],
  ['code-and-error', { code: expect.any(String), state: 's', error: 'server_error' }],
])('%s bends the way back', async (mode, expected) => {
  const back = await wayBack(mode)
  expect({ code: back.get('code'), state: back.get('state'), error: back.get('error') }).toEqual(expected)
})
