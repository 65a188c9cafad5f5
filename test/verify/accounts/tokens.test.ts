import { createHash } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import type { Answer } from '../../api-fixture.ts'
import { type Bench, fieldsOf, useBench } from './accounts-bench.ts'

const ANSWER_BOTH = ['/api/v2/forms', '/api/v3/forms']
const HOUR_MS = 3_600_000

let bench: Bench
let token: string
let admin: string
useBench('tokens', async (opened) => {
  bench = opened
  token = await bench.token()
  admin = await bench.token()
})

const flipCase = (text: string): string =>
  text.replace(/[a-zA-Z](?=[^a-zA-Z]*$)/, (char) =>
    char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
  )

/** Where a request carries what: headers, and the query as it stands. */
type Carried = { headers?: string[]; query?: string }
const bearer = (text: string): Carried => ({ headers: [`Authorization: Bearer ${text}`] })

const ACCEPTED: [string, (t: string) => Carried][] = [
  ['a bearer token', bearer],
  ['the scheme in lower case', (t) => ({ headers: [`authorization: bearer ${t}`] })],
  ['the scheme in upper case', (t) => ({ headers: [`AUTHORIZATION: BEARER ${t}`] })],
  ['more than one blank before it', (t) => ({ headers: [`Authorization: Bearer   ${t}  `] })],
  ['X-Api-Key', (t) => ({ headers: [`X-Api-Key: ${t}`] })],
  ['the query', (t) => ({ query: `access_token=${t}` })],
  ['the query, escaped', (t) => ({ query: `access_token=${t.replace('gbp', '%67%62%70')}` })],
  ['a header, whatever the query says', (t) => ({ ...bearer(t), query: 'access_token=nobody' })],
]

const REFUSED: [string, (t: string) => Carried][] = [
  ['no token', () => ({})],
  ['an empty one', () => bearer('')],
  ['the prefix alone', () => bearer('gbp_')],
  ['one without its prefix', (t) => bearer(t.slice(4))],
  ['another prefix', (t) => bearer(`sk_${t.slice(4)}`)],
  ['the prefix in upper case', (t) => bearer(`GBP_${t.slice(4)}`)],
  ['the prefix twice', (t) => bearer(`gbp_${t}`)],
  ['one character too few', (t) => bearer(t.slice(0, -1))],
  ['one character too many', (t) => bearer(`${t}A`)],
  ['one letter in the other case', (t) => bearer(flipCase(t))],
  ['all of it in upper case', (t) => bearer(t.toUpperCase())],
  ['its hash, as somebody who read the table has it', (t) => bearer(createHash('sha256').update(t).digest('hex'))],
  ['its hash behind the prefix', (t) => bearer(`gbp_${createHash('sha256').update(t).digest('base64url')}`)],
  ['wildcards of SQL', () => bearer(`gbp_${'%'.repeat(43)}`)],
  ['quotes of SQL', () => bearer(`gbp_${"'".repeat(43)}`)],
  ['8 KiB', (t) => bearer(t.repeat(170))],
  ['a list of tokens', (t) => bearer(`${t},${t}`)],
  ['letters of full width', (t) => ({ query: `access_token=${encodeURIComponent(t.replace('gbp', 'ｇｂｐ'))}` })],
  ['a NUL behind it', (t) => ({ query: `access_token=${t}%00` })],
  ['a line end behind it', (t) => ({ query: `access_token=${t}%0D%0A` })],
  ['a blank before it', (t) => ({ query: `access_token=%20${t}` })],
  ['the query twice', (t) => ({ query: `access_token=${t}&access_token=${t}` })],
  ['the query as an array', (t) => ({ query: `access_token[]=${t}` })],
  ['the query with another case', (t) => ({ query: `Access_Token=${t}` })],
  ['a wrong header beside a right query', (t) => ({ ...bearer('nobody'), query: `access_token=${t}` })],
  ['two headers', (t) => ({ headers: [`Authorization: Bearer ${t}`, 'Authorization: Bearer nobody'] })],
  [
    'two headers, the other way round',
    (t) => ({ headers: ['Authorization: Bearer nobody', `authorization: Bearer ${t}`] }),
  ],
  ['two equal headers', (t) => ({ headers: [`Authorization: Bearer ${t}`, `Authorization: Bearer ${t}`] })],
  ['X-Api-Key twice', (t) => ({ headers: [`X-Api-Key: ${t}`, `X-Api-Key: ${t}`] })],
  ['Basic', (t) => ({ headers: [`Authorization: Basic ${Buffer.from(`${t}:`).toString('base64')}`] })],
  ['no scheme', (t) => ({ headers: [`Authorization: ${t}`] })],
  ['a cookie', (t) => ({ headers: [`Cookie: access_token=${t}`] })],
]

async function ask(address: string, { headers = [], query }: Carried): Promise<Answer> {
  return await bench.raw(`GET ${address}${query === undefined ? '' : `?${query}`}`, headers)
}

describe('a token is taken from', () => {
  test.each(ACCEPTED)('%s', async (_, carry) => {
    for (const address of ANSWER_BOTH) expect((await ask(address, carry(token))).status).toBe(200)
  })
})

describe('nobody is let in by', () => {
  test.each(REFUSED)('%s', async (_, carry) => {
    for (const address of ANSWER_BOTH) {
      const { status, headers, text, body } = await ask(address, carry(token))
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(body['code'] ?? body['error']).toBe('unauthorized')
      expect(text).not.toContain(token.slice(4, 20))
    }
  })

  test('a token in a body', async () => {
    const body = Buffer.from(JSON.stringify({ access_token: token }))
    for (const address of ANSWER_BOTH) expect((await bench.raw(`POST ${address}`, [], body)).status).toBe(401)
  })

  test.each([
    ['64 KiB in a header', (t: string) => t.repeat(1400), 431],
    ['a NUL in a header', (t: string) => `${t}\0`, 400],
    ['a bare line end in a header', (t: string) => `${t}\nX-Other: 1`, 400],
  ])('%s, and the server goes on', async (_, change, status) => {
    expect((await ask('/api/v3/forms', bearer(change(token)))).status).toBe(status)
    expect((await ask('/api/v3/forms', bearer(token))).status).toBe(200)
  })
})

describe('a token that was one', () => {
  const told = async (given: string): Promise<unknown[]> => {
    const [v2, v3] = [await bench.api.get('/forms', given), await bench.api.get('/api/v3/forms', given)]
    expect([v2.status, v3.status, v2.body['error'], v3.body['code']]).toEqual([
      401,
      401,
      'unauthorized',
      'unauthorized',
    ])
    expect(Object.keys(v2.body)).toEqual(['error', 'error_description', 'url'])
    expect(v2.body['error_description']).toBe(v3.body['detail'])
    return [v3.body['detail']]
  }

  test('and has expired is answered as an unknown one is, and told so', async () => {
    const short = await bench.token({ days: 1 })
    bench.clock.ms += 24 * HOUR_MS - 1
    expect((await bench.api.get('/forms', short)).status).toBe(200)
    bench.clock.ms += 1
    expect(await told(short)).toEqual(['The access token has expired.'])
    expect(await told(flipCase(short))).toEqual(['A valid access token is required.'])
  })

  test('and was revoked is refused with the next request', async () => {
    const made = await bench.api.send('POST', '/api/v3/tokens', { name: 'x', scopes: ['read'] }, admin)
    const given = String(made.body['token'])
    expect((await bench.api.get('/forms', given)).status).toBe(200)
    const address = `/api/v3/tokens/${String(made.body['uid'])}`
    expect((await bench.api.send('DELETE', address, undefined, admin)).status).toBe(200)
    expect(await told(given)).toEqual(['The access token was revoked.'])
    expect((await bench.api.send('DELETE', address, undefined, admin)).status).toBe(200)
  })

  test('of a member who was removed is refused with the next request', async () => {
    const memberUid = await bench.member('member')
    const given = await bench.token({ memberUid })
    expect((await bench.api.get('/forms', given)).status).toBe(200)
    expect((await bench.api.send('DELETE', `/api/v3/members/${memberUid}`, undefined, admin)).status).toBe(200)
    expect(await told(given)).toEqual(['The access token was revoked.'])
  })
})

describe('a new token', () => {
  test('is shown once, and never again', async () => {
    const made = await bench.api.send('POST', '/api/v3/tokens', { name: 'once', scopes: ['read'] }, admin)
    const { uid, token: shown, ...facts } = made.body
    expect(shown).toMatch(/^gbp_[A-Za-z0-9_-]{43}$/)
    const [got, listed] = [
      await bench.api.get(`/api/v3/tokens/${String(uid)}`, admin),
      await bench.api.get('/api/v3/tokens', admin),
    ]
    expect(got.body).toEqual({ uid, ...facts })
    expect(`${got.text}${listed.text}`).not.toContain(String(shown))
    const rows = await bench.api.database.admin('select t::text as row from api_tokens t')
    const hash = createHash('sha256').update(String(shown)).digest('hex')
    expect(rows.filter(({ row }) => String(row).includes(hash))).toHaveLength(1)
    expect(rows.filter(({ row }) => String(row).includes(String(shown).slice(4)))).toEqual([])
  })

  test('is the same under the same Idempotency-Key, of which the table shows nothing', async () => {
    const key = { 'idempotency-key': 'token-1' }
    const body = { name: 'twice', scopes: ['read'] }
    const [first, again] = [
      await bench.api.send('POST', '/api/v3/tokens', body, admin, key),
      await bench.api.send('POST', '/api/v3/tokens', body, admin, key),
    ]
    expect(again.body).toEqual(first.body)
    const rows = await bench.api.database.admin(`select encode(answer, 'escape') as text from idempotent_requests`)
    expect(rows.filter(({ text }) => String(text).includes('gbp_'))).toEqual([])
  })

  test.each([
    ['expires', { expires: '2026-11-25T11:59:59Z' }],
    ['expires', { expires: '2037-01-01T00:00:00Z' }],
    ['expires', { expires: '2027-01-01' }],
    ['expires', { expires: 1_900_000_000 }],
    ['expires', { expires: '+275760-09-13T00:00:00Z' }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: 'read' }],
    ['scopes', { scopes: ['READ'] }],
    ['scopes', { scopes: ['read', '*'] }],
    ['scopes', { scopes: Array.from({ length: 8 }, () => 'read') }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'a\0b' }],
    ['user_uid', { user_uid: '1' }],
    ['user_uid', { user_uid: 1001 }],
    ['token', { token: `gbp_${'A'.repeat(43)}` }],
    ['company_uid', { company_uid: '1001' }],
  ])('is refused for its %s: %j', async (field, change) => {
    const before = (await bench.api.get('/api/v3/tokens', admin)).text
    const body = { name: 'x', scopes: ['read'], ...change }
    const refused = await bench.api.send('POST', '/api/v3/tokens', body, admin)
    expect([refused.status, fieldsOf(refused)]).toEqual([400, [field]])
    expect((await bench.api.get('/api/v3/tokens', admin)).text).toBe(before)
  })
})

describe('a rotation', () => {
  const make = async (): Promise<{ uid: string; token: string }> => {
    const { body } = await bench.api.send('POST', '/api/v3/tokens', { name: 'r', scopes: ['read', 'forms'] }, admin)
    return { uid: String(body['uid']), token: String(body['token']) }
  }
  const rotate = async (uid: string, body?: object): Promise<Answer> =>
    await bench.api.send('POST', `/api/v3/tokens/${uid}/rotate`, body, admin)

  test('lets the old one go on for the overlap, and the new one be as it was', async () => {
    const old = await make()
    const successor = await rotate(old.uid, { overlap_hours: 2 })
    expect(successor.body).toMatchObject({ name: 'r', scopes: ['read', 'forms'], revoked: null, last_used: null })
    const both = async (): Promise<number[]> => [
      (await bench.api.get('/forms', old.token)).status,
      (await bench.api.get('/forms', String(successor.body['token']))).status,
    ]
    bench.clock.ms += 2 * HOUR_MS - 1
    expect(await both()).toEqual([200, 200])
    bench.clock.ms += 1
    expect(await both()).toEqual([401, 200])
    expect((await rotate(old.uid)).body['code']).toBe('expired_or_revoked')
  })

  test('without overlap ends the old one at once', async () => {
    const old = await make()
    expect((await rotate(old.uid, { overlap_hours: 0 })).status).toBe(200)
    expect((await bench.api.get('/forms', old.token)).status).toBe(401)
  })

  test.each([-1, 169, 1.5, '2', null])('with an overlap of %j is refused', async (overlap_hours) => {
    const old = await make()
    const refused = await rotate(old.uid, { overlap_hours })
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ['overlap_hours']])
    expect((await bench.api.get('/forms', old.token)).status).toBe(200)
  })
})

test('a company has at most 100 tokens, and can revoke one to make another', async () => {
  const theirs = await bench.token({ of: 'theirs' })
  const make = async () => await bench.api.send('POST', '/api/v3/tokens', { name: 'many', scopes: ['read'] }, theirs)
  for (let n = 1; n < 99; n++) expect((await make()).status).toBe(200)
  const last = await make()
  expect([last.status, (await make()).status]).toEqual([200, 403])
  const address = `/api/v3/tokens/${String(last.body['uid'])}`
  expect((await bench.api.send('POST', `${address}/rotate`, undefined, theirs)).status).toBe(403)
  expect((await bench.api.get('/forms', String(last.body['token']))).status).toBe(200)
  await bench.api.send('DELETE', address, undefined, theirs)
  expect((await make()).status).toBe(200)
})

test('no log line has a token or what looks like one', () => {
  expect(bench.logs.length).toBeGreaterThan(50)
  expect(bench.logs.filter((line) => /gbp_|access_token/.test(line))).toEqual([])
})
