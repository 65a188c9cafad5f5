import { describe, expect, test } from 'vitest'

import { all, linkOf, parse, press, text, visit } from '../../../simulators/test-client.ts'
import { openBench, texts } from './checklist-bench.ts'

/** The conversations that `reference/utilities.md` writes down, replayed step by step in their order. */
describe('PG&E', () => {
  const bench = openBench('pge')

  test('A2 the connectivity test and the OAuth test before production', async () => {
    const { api, base, utility, listener } = bench()
    const { clientId, applicationInformationId, registrationAccessToken } = utility.registration
    const twin = '/datacustodian/test/oauth/v2'
    const client = await api.token({ grant_type: 'client_credentials' }, { path: `${twin}/token`, inQuery: true })
    const token = String(client.json['client_access_token'])
    const status = await api.get(`${base}/ReadServiceStatus`, token)
    expect([status.status, parse(status.body).children[0]?.name, texts(status, 'currentStatus')]).toEqual([
      200,
      'currentStatus',
      ['1'],
    ])
    expect([200, 202]).toContain((await api.get(`${base}/DownloadSampleData`, token)).status)
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: listener.redirectUri,
      response_type: 'code',
      state: 'x',
    })
    const away = await api.get(`${twin}/authorize?${query.toString()}`)
    const back = new URL(away.headers.get('location') ?? '')
    const code = back.searchParams.get('code') ?? ''
    const tokens = await api.token(
      { grant_type: 'authorization_code', code, redirect_uri: listener.redirectUri },
      { path: `${twin}/token` },
    )
    expect([away.status, tokens.status, typeof tokens.json['access_token']]).toEqual([302, 200, 'string'])
    const own = await api.get(`${base}/ApplicationInformation/${applicationInformationId}`, registrationAccessToken)
    expect(texts(own, 'client_id')).toEqual([clientId])
  })

  test('A4 the authorization of a customer, from the redirect to the history', async () => {
    const { api, base, utility, listener, clientToken } = bench()
    const end = Date.parse('2027-07-15T00:00:00Z') / 1000
    const query = new URLSearchParams({
      ...{
        client_id: utility.registration.clientId,
        redirect_uri: listener.redirectUri,
        response_type: 'code',
        state: 'st',
      },
      scope: `MinAuthEndDate=${end};PreferredAuthEndDate=${end}`,
    })
    const signIn = await visit(`${utility.pages}/myAuthorization?${query.toString()}`)
    const choices = await press(signIn, '/sign-in', 'sign-in', { login: 'solar', password: 'demo' })
    const back = new URL((await press(choices, '/submit', 'submit', { agree: 'yes' })).location ?? '')
    expect(back.searchParams.get('state')).toBe('st')
    const { json } = await api.token({
      ...{ grant_type: 'authorization_code', redirect_uri: listener.redirectUri },
      code: back.searchParams.get('code') ?? '',
    })
    const access = String(json['access_token'])
    const authorization = await api.get(String(json['authorizationURI']), await clientToken())
    const published = all(parse(authorization.body), 'publishedPeriod')[0]
    const begin = Number(text(published, 'start')) / 1000
    expect([texts(authorization, 'status'), begin < end]).toEqual([['1'], true])
    const id = String(json['authorizationURI']).split('/').at(-1) ?? ''
    const points = await api.get(`${base}/Subscription/${id}/UsagePoint`, access)
    const agreements = all(parse(points.body), 'entry').map((e) => linkOf(e, 'self').split('/').at(-1) ?? '')
    const customer = await api.get(`${base}/Batch/RetailCustomer/${id}`, access)
    const named = all(parse(customer.body), 'entry')
      .map((e) => /CustomerAgreement\/(\d+)$/.exec(linkOf(e, 'self'))?.[1])
      .filter((agreement) => agreement !== undefined)
    expect([...named].sort()).toEqual([...agreements].sort())
    const now = Date.parse('2026-07-15T19:00:00Z') / 1000
    const days = new Set<string>()
    for (let until = now; until > begin; until -= 28 * 86_400) {
      const window = `?published-min=${until - 28 * 86_400}&published-max=${until - 1}`
      const history = await api.get(`${base}/Batch/Subscription/${id}/UsagePoint/${agreements[0]}${window}`, access)
      for (const block of history.body === '' ? [] : all(parse(history.body), 'interval'))
        days.add(text(block, 'start') ?? '')
    }
    expect(Math.min(...[...days].map(Number))).toBe(begin)
    expect(days.size).toBe(Math.round((Date.parse('2026-07-14T07:00:00Z') / 1000 - begin) / 86_400))
  })

  test('A5 tokens: code, refresh, client credentials, their fields and their order', async () => {
    const { api, grant } = bench()
    const own = await grant('home')
    const fields = [
      'token_type',
      'scope',
      'refresh_token',
      'access_token',
      'resourceURI',
      'authorizationURI',
      'expires_in',
    ]
    expect([...Object.keys(own.json)].sort()).toEqual([...fields].sort())
    expect(own.access).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(own.json['resourceURI']).toMatch(/\/resource\/Batch\/Subscription\/\d{7}$/)
    const renewed = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh }, { inQuery: true })
    expect([...Object.keys(renewed.json)].sort()).toEqual([...fields].sort())
    const client = await api.token({ grant_type: 'client_credentials', scope: 'FB=34_35' })
    expect(client.json).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      client_access_token: expect.any(String),
    })
  })

  test('A7 resources from the usage point down to one block, and the master lists', async () => {
    const { api, base, grant } = bench()
    const own = await grant('home')
    const point = `${base}/Subscription/${own.id}/UsagePoint/${own.points[0]}`
    expect((await api.get(point, own.access)).status).toBe(200)
    const [reading] = all(parse((await api.get(`${point}/MeterReading`, own.access)).body), 'entry')
    const self = linkOf(reading ?? parse('<a/>'), 'self')
    expect((await api.get(self, own.access)).status).toBe(200)
    const blocks = await api.get(`${self}/IntervalBlock?published-min=2026-07-10T07:00:00Z`, own.access)
    const [block] = all(parse(blocks.body), 'entry')
    const one = await api.get(linkOf(block ?? parse('<a/>'), 'self'), own.access)
    expect(texts(one, 'IntervalReading')).toHaveLength(24)
    const type = /ReadingType\/[^/"]+/.exec(blocks.body + JSON.stringify(reading))?.[0] ?? ''
    expect(texts(await api.get(`${base}/${type}`, own.access), 'intervalLength')).toEqual(['3600'])
    expect(texts(await api.get(`${base}/LocalTimeParameters/1`, own.access), 'tzOffset')).toEqual(['-28800'])
    const [summary] = all(parse((await api.get(`${point}/UsageSummary`, own.access)).body), 'entry')
    expect((await api.get(linkOf(summary ?? parse('<a/>'), 'self'), own.access)).status).toBe(200)
  })

  test('A8 bulk: 202, a BatchList with correlation ids, 200 to it, each address fetched unchanged', async () => {
    const { api, base, grant, announced, clientToken, utility, listener } = bench()
    const own = await grant('solar')
    const bulk = `${base}/Batch/Bulk/${utility.registration.bulkId}`
    const [addresses = []] = await announced(async () => {
      expect((await api.get(`${bulk}?published-min=2026-07-12T07:00:00Z`, await clientToken())).status).toBe(202)
    })
    expect(listener.bodies.at(-1)).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<ns0:BatchList xmlns:ns0="http:\/\/naesb\.org\/espi">/,
    )
    const token = await clientToken()
    for (const address of addresses) {
      expect(address).toMatch(new RegExp(`^${utility.api}${bulk}\\?correlationID=[0-9a-f-]{36}$`))
      expect((await api.get(address, token)).body).toContain(`/Subscription/${own.id}/`)
    }
    expect((await api.get(addresses[0] ?? '', own.access)).status).toBe(403)
  })

  test('A9 revoked by the customer, by the third party, and by time', async () => {
    const { api, admin, base, grant, announced, clientToken } = bench()
    const statusOf = async (id: string): Promise<string[]> =>
      texts(await api.get(`${base}/Authorization/${id}`, await clientToken()), 'status')
    const first = await grant('home')
    await announced(() => admin('POST', '/revoke', { subscription: first.id }))
    expect((await api.get(`${base}/ReadingType`, first.access)).status).toBe(403)
    expect(await statusOf(first.id)).toEqual(['0'])
    const second = await grant('home')
    expect((await api.get(`${base}/Authorization/${second.id}`, await clientToken(), 'DELETE')).status).toBe(200)
    expect((await api.token({ grant_type: 'refresh_token', refresh_token: second.refresh })).json['error']).toBe(
      'invalid_grant',
    )
    const third = await grant('home', { end: 'date', end_date: '2026-07-16' })
    await announced(() => admin('POST', '/new-day', { days: 2 }))
    expect(await statusOf(third.id)).toEqual(['0'])
  })
})

describe('SCE', () => {
  const bench = openBench('sce')

  test('B3 from the portal through the screens to tokens, notification and files', async () => {
    const { api, base, utility, listener, clientToken, announced } = bench()
    const away = await press(await visit(`${utility.pages}/portal`), '/portal', 'choose', {
      login: 'home',
      password: 'demo',
    })
    const selection = new URL(away.location ?? '')
    expect(selection.searchParams.get('DataCustodianID')).toBe('SCE')
    const query = new URLSearchParams({
      ...{
        client_id: utility.registration.clientId,
        redirect_uri: listener.redirectUri,
        response_type: 'code',
        state: 'st',
      },
      scope: selection.searchParams.get('scope') ?? '',
    })
    const signIn = await visit(`${utility.pages}/DataCustodian/oauth/authorize?${query.toString()}`)
    const terms = await press(signIn, '/sign-in', 'sign-in', { login: 'home', password: 'demo' })
    const accounts = await press(terms, '/terms', 'continue')
    let back = new URL(listener.redirectUri)
    const [addresses = []] = await announced(async () => {
      back = new URL((await press(accounts, '/submit', 'submit')).location ?? '')
    })
    expect(back.searchParams.get('state')).toBe('st')
    const { json } = await api.token({
      ...{ grant_type: 'authorization_code', redirect_uri: listener.redirectUri },
      code: back.searchParams.get('code') ?? '',
    })
    for (const field of [
      'access_token',
      'refresh_token',
      'expires_in',
      'scope',
      'resourceURI',
      'authorizationURI',
      'customerResourceURI',
    ])
      expect(json).toHaveProperty(field)
    const token = await clientToken()
    for (const address of addresses) {
      expect(address).toContain(`${base}/Batch/Bulk/${utility.registration.bulkId}/`)
      expect((await api.get(address, token)).status).toBe(200)
    }
  })
})
