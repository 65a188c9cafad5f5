import { createHash } from 'node:crypto'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { NOW } from '../../test/api-fixture.ts'
import { CALLBACK, CARLA, custodianKit, type CustodianKit, type Registered } from '../../test/custodian-kit.ts'
import { openBrowser } from '../authorization/scripted-browser.ts'

let kit: CustodianKit
let client: Registered
beforeAll(async () => void (kit = await custodianKit()))
beforeEach(async () => {
  kit.clock.ms += 3_700_000 // the requests of the test before are over
  client = await kit.register()
})
afterAll(async () => await kit.close())

const exchange = { grant_type: 'authorization_code', redirect_uri: CALLBACK }
const refused = { status: 400, body: { error: 'invalid_grant', error_description: 'The code or token is not valid.' } }
const authorization = (): string => kit.api.ours.authorizationUid

describe('a customer who lets a third party in', () => {
  it('sees who asks and for what, confirms by mail, and the code becomes tokens', async () => {
    const { browser, page } = await kit.toConsent(client, { scope: 'FB=4_16;HistoryLength=2592000' })
    expect(page.html).toContain('Bright Homes')
    expect(page.html).toContain('Energy use over time')
    expect(page.html).not.toContain('Billing account')
    const back = new URL((await browser.submit(page, /allow/i)).url).searchParams
    expect([...back.keys()]).toEqual(['code', 'state'])
    expect(back.get('state')).toBe('st&te')
    const { status, body, headers } = await kit.token(client, { ...exchange, code: back.get('code') ?? '' })
    const base = `${kit.url}/DataCustodian/espi/1_1/resource`
    expect([status, headers.get('cache-control'), body]).toEqual([
      200,
      'no-store',
      {
        token_type: 'Bearer',
        access_token: expect.stringMatching(/^[\w-]{43}$/),
        refresh_token: expect.stringMatching(/^[\w-]{43}$/),
        expires_in: 3600,
        scope: expect.stringMatching(
          /^FB=1_3_4_5_7_8_10_13_15_16_31_32_35_37_39;BlockDuration=daily;HistoryLength=2592000;/,
        ),
        resourceURI: `${base}/Batch/Subscription/${authorization()}`,
        customerResourceURI: `${base}/Batch/RetailCustomer/${authorization()}`,
        authorizationURI: `${base}/Authorization/${authorization()}`,
      },
    ])
    const [consent] = await kit.api.database.admin(
      'select data_classes, text_shown, text_hash, agreed from client_consents where client_uid = $1',
      [client.uid],
    )
    expect(consent).toMatchObject({ data_classes: ['bills', 'intervals'], agreed: new Date(kit.clock.ms) })
    expect(createHash('sha256').update(String(consent?.['text_shown'])).digest('hex')).toBe(consent?.['text_hash'])
    const audit = await kit.api.database.admin(`select actor from audit_entries where action = 'client_let_in'`)
    expect(audit).toContainEqual({ actor: 'customer' })
  })

  it('may say no, at either page, and is sent back with that', async () => {
    const { browser, page } = await kit.toConsent(client)
    const back = new URL((await browser.submit(page, /decline/i)).url)
    expect(Object.fromEntries(back.searchParams)).toEqual({ error: 'access_denied', state: 'st&te' })
    expect((await browser.open(await kit.mailed('client_asks'))).status).toBe(409)
    const other = openBrowser({ stopBefore: CALLBACK })
    const first = await other.open(kit.authorizeUrl(client))
    expect(new URL((await other.submit(first, /no, go back/i)).url).searchParams.get('error')).toBe('access_denied')
  })

  it('is told the same whether the address is known or not, and is mailed three times an hour at most', async () => {
    const texts: string[] = []
    const mails = async () => await kit.api.database.admin(`select recipient from mails where kind = 'client_asks'`)
    const before = (await mails()).length
    for (const email of [CARLA, 'nobody@elsewhere.example', CARLA, CARLA, CARLA]) {
      const browser = openBrowser()
      const page = await browser.submit(await browser.open(kit.authorizeUrl(client)), /send me/i, { email })
      texts.push(page.html)
    }
    expect(new Set(texts).size).toBe(1)
    expect((await mails()).length - before).toBe(3)
  })

  it('opens the link in the browser that asked, or not at all', async () => {
    await kit.toConsent(client)
    const page = await openBrowser().open(await kit.mailed('client_asks'))
    expect([page.status, page.html.includes('Bright Homes')]).toEqual([403, false])
  })

  it('ends on a page and is sent nowhere when client or address are not known good', async () => {
    for (const [query, status] of [
      [{ client_id: 'nobody' }, 401],
      [{ redirect_uri: `${CALLBACK}/` }, 400],
      [{ redirect_uri: `${CALLBACK}?x=1` }, 400],
      [{ redirect_uri: 'https://evil.example/back' }, 400],
      [{ redirect_uri: CALLBACK.replace('back', 'BACK') }, 400],
    ] as const) {
      const page = await openBrowser({ stopBefore: CALLBACK }).open(kit.authorizeUrl(client, query))
      expect([query, page.status, page.url.startsWith(kit.url)]).toEqual([query, status, true])
    }
    const twice = `${kit.authorizeUrl(client)}&redirect_uri=${encodeURIComponent('https://evil.example')}`
    expect((await openBrowser().open(twice)).status).toBe(400)
  })

  it.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ scope: 'everything' }, 'invalid_scope'],
    [{ scope: 'FB=99' }, 'invalid_scope'],
    [{ code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
  ])('is sent back with the error for %j', async (query, error) => {
    const page = await openBrowser({ stopBefore: CALLBACK }).open(kit.authorizeUrl(client, query))
    expect(Object.fromEntries(new URL(page.url).searchParams)).toEqual({ error, state: 'st&te' })
  })

  it('passes nothing on by a form of another site', async () => {
    await kit.toConsent(client)
    const link = await kit.mailed('client_asks')
    const forged = await fetch(link, {
      method: 'POST',
      body: new URLSearchParams({ share: '1', token: 'x' }),
      redirect: 'manual',
    })
    expect(forged.status).toBe(403)
    const [row] = await kit.api.database.admin('select count(*)::int as n from client_consents where client_uid = $1', [
      client.uid,
    ])
    expect(row).toEqual({ n: 0 })
  })
})

describe('a code', () => {
  const codeOf = async (query?: Record<string, string>): Promise<string> =>
    (await kit.letIn(client, query)).get('code') ?? ''

  it('is good once; when it comes again, what it had brought ends', async () => {
    const code = await codeOf()
    const first = await kit.token(client, { ...exchange, code })
    expect(first.status).toBe(200)
    expect(await kit.token(client, { ...exchange, code })).toMatchObject(refused)
    const refresh_token = String(first.body['refresh_token'])
    expect(await kit.token(client, { grant_type: 'refresh_token', refresh_token })).toMatchObject(refused)
  })

  it('is good for five minutes', async () => {
    const code = await codeOf()
    kit.clock.ms += 301_000
    expect(await kit.token(client, { ...exchange, code })).toMatchObject(refused)
  })

  it('is of no use to another client, of this or another company, and still good for its own', async () => {
    const code = await codeOf()
    const [second, foreign] = [await kit.register(), await kit.register({}, 'token-theirs')]
    for (const thief of [second, foreign]) expect(await kit.token(thief, { ...exchange, code })).toMatchObject(refused)
    expect((await kit.token(client, { ...exchange, code })).status).toBe(200)
  })

  it('needs the address that it was asked with', async () => {
    for (const given of [{}, { redirect_uri: `${CALLBACK}/` }]) {
      const code = await codeOf()
      expect(await kit.token(client, { grant_type: 'authorization_code', code, ...given })).toMatchObject(refused)
      kit.clock.ms += 3_700_000
    }
  })

  it('needs the verifier of its challenge, and none where there was no challenge', async () => {
    const verifier = 'v'.repeat(43)
    const code_challenge = createHash('sha256').update(verifier).digest('base64url')
    const pkce = { code_challenge, code_challenge_method: 'S256' }
    for (const [query, fields, status] of [
      [pkce, { code_verifier: verifier }, 200],
      [pkce, { code_verifier: 'w'.repeat(43) }, 400],
      [pkce, {}, 400],
      [{}, { code_verifier: verifier }, 400],
    ] as const) {
      const code = await codeOf(query)
      expect((await kit.token(client, { ...exchange, code, ...fields })).status).toBe(status)
      kit.clock.ms += 3_700_000
    }
  })

  it('that comes twenty times at once brings tokens at most once', async () => {
    const code = await codeOf()
    const answers = await Promise.all(Array.from({ length: 20 }, () => kit.token(client, { ...exchange, code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('a refresh token', () => {
  const again = async (refresh_token: string, more = {}) =>
    await kit.token(client, { grant_type: 'refresh_token', refresh_token, ...more })

  it('is good once; the pair before ends, and a token that comes again ends all', async () => {
    const { refresh } = await kit.tokens(client)
    const next = await again(refresh)
    expect(next.status).toBe(200)
    expect(next.body['refresh_token']).not.toBe(refresh)
    expect(await again(refresh)).toMatchObject(refused)
    expect(await again(String(next.body['refresh_token']))).toMatchObject(refused)
  })

  it('keeps its scope: neither wider nor malformed', async () => {
    const { refresh, body } = await kit.tokens(client, { scope: 'FB=4' })
    for (const scope of ['FB=4_16_51', 'FB=4_16;HistoryLength=999999999', 'nonsense'])
      expect(await again(refresh, { scope })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    const same = String(body['scope']).split(';').toReversed().join(';')
    expect(await again(refresh, { scope: same })).toMatchObject({ status: 200, body: { scope: body['scope'] } })
  })

  it('is of no use to another client', async () => {
    const { refresh } = await kit.tokens(client)
    expect(
      await kit.token(await kit.register(), { grant_type: 'refresh_token', refresh_token: refresh }),
    ).toMatchObject(refused)
  })

  it.each([
    [
      'the customer stops it by the mailed link',
      async () => {
        const browser = openBrowser()
        const page = await browser.submit(await browser.open(await kit.mailed('client_let_in')), /stop it now/i)
        expect(page.html).toContain('may not read your energy data any more')
      },
    ],
    [
      'the share itself is revoked',
      async () =>
        void (await kit.api.database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [
          authorization(),
        ])),
    ],
    [
      'the share runs out',
      async () => {
        const state = `update authorizations set state = 'active', expires = $2 where authorization_uid = $1`
        await kit.api.database.admin(state, [authorization(), new Date(kit.clock.ms)])
      },
    ],
    ['the third party is removed', async () => void (await kit.api.send('DELETE', `/api/v3/clients/${client.uid}`))],
  ])('is dead once %s', async (_how, end) => {
    const { refresh } = await kit.tokens(client)
    await end()
    expect([400, 401]).toContain((await again(refresh)).status)
    const alive = `update authorizations set state = 'active', expires = $2 where authorization_uid = $1`
    await kit.api.database.admin(alive, [authorization(), new Date(NOW.getTime() + 365 * 86_400_000)])
  })
})

describe('the token endpoint', () => {
  it('knows a client by HTTP Basic alone', async () => {
    const post = async (headers: Record<string, string>, fields: Record<string, string>) =>
      await fetch(`${kit.url}/DataCustodian/oauth/token`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
      })
    const { clientId: client_id, clientSecret: client_secret } = client
    const grant_type = 'client_credentials'
    const none = await post({}, { grant_type, client_id, client_secret })
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="green button"'])
    const encode = (text: string): string => text.replaceAll(/[-_]/g, (one) => (one === '-' ? '%2D' : '%5F'))
    const encoded = `Basic ${Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString('base64')}`
    expect((await post({ authorization: encoded }, { grant_type })).status).toBe(200)
    const wrong = `Basic ${Buffer.from(`${client_id}:${client_secret}x`).toString('base64')}`
    expect((await post({ authorization: wrong }, { grant_type })).status).toBe(401)
    expect((await kit.token(client, { grant_type, client_id })).body).toMatchObject({ error: 'invalid_request' })
    expect((await kit.token(client, {})).body).toMatchObject({ error: 'invalid_request' })
    expect((await kit.token(client, { grant_type: 'password' })).body).toMatchObject({
      error: 'unsupported_grant_type',
    })
  })

  it('takes multipart forms, as some clients send them', async () => {
    const code = (await kit.letIn(client)).get('code') ?? ''
    const body = new FormData()
    for (const [name, value] of Object.entries({ ...exchange, code })) body.append(name, value)
    const authorization = `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`
    const answer = await fetch(`${kit.url}/DataCustodian/demo/oauth/token`, {
      method: 'POST',
      headers: { authorization },
      body,
    })
    expect(answer.status).toBe(200)
  })

  it('gives a client a token of its own, without a refresh token', async () => {
    const { body } = await kit.token(client, { grant_type: 'client_credentials' })
    const base = `${kit.url}/DataCustodian/espi/1_1/resource`
    expect(body).toEqual({
      ...{
        token_type: 'Bearer',
        access_token: expect.stringMatching(/^[\w-]{43}$/),
        expires_in: 3600,
        scope: 'FB=34_35',
      },
      ...{ resourceURI: `${base}/Batch/Bulk/${client.uid}`, authorizationURI: `${base}/Authorization` },
    })
  })

  it('takes the secret before until its time is over, and the new one at once', async () => {
    const rotated = await kit.api.send('POST', `/api/v3/clients/${client.uid}/rotate-secret`, { overlap_hours: 1 })
    const fresh = { ...client, clientSecret: String(rotated.body['client_secret']) }
    const grant = { grant_type: 'client_credentials' }
    expect([(await kit.token(client, grant)).status, (await kit.token(fresh, grant)).status]).toEqual([200, 200])
    kit.clock.ms += 3_600_001
    expect([(await kit.token(client, grant)).status, (await kit.token(fresh, grant)).status]).toEqual([401, 200])
  })
})

it('no secret of a client, no code and no token is stored as it is', async () => {
  const { access, refresh } = await kit.tokens(client)
  const tables = ['clients', 'client_requests', 'client_tokens', 'client_consents', 'audit_entries']
  const rows = await Promise.all(tables.map((table) => kit.api.database.admin(`select t::text as row from ${table} t`)))
  const text = JSON.stringify(rows)
  const secrets = [access, refresh, client.clientSecret, client.registrationToken]
  expect(
    secrets.filter((secret) => text.includes(secret) || text.includes(Buffer.from(secret).toString('hex'))),
  ).toEqual([])
})
