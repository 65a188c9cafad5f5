import { expect, test } from 'vitest'

import { all, apiOf, linkOf, parse, press, share, text, visit } from '../../../simulators/test-client.ts'
import { batchOf, billsOf, openBench, texts } from './checklist-bench.ts'

const bench = openBench('pge')

const query = (fields: Record<string, string> = {}): string => {
  const { utility, listener } = bench()
  const right = { client_id: utility.registration.clientId, redirect_uri: listener.redirectUri, response_type: 'code' }
  return new URLSearchParams({ ...right, state: 's', ...fields }).toString()
}

test('D2.1 without the registered certificate the handshake succeeds and the answer is 400 "Invalid Certificate"', async () => {
  const { base, utility, clientToken } = bench()
  const token = await clientToken()
  const bare = apiOf(utility, null)
  const resource = await bare.get(`${base}/ReadServiceStatus`, token)
  expect([resource.status, resource.body]).toEqual([400, '"Invalid Certificate"'])
  const exchange = await bare.token({ grant_type: 'client_credentials' })
  expect([exchange.status, exchange.body]).toEqual([400, '"Invalid Certificate"'])
  const live = await bare.get('/datacustodian/oauth/v2/token')
  expect([live.status, live.body]).toEqual([405, '{"error":"invalid_request","error_description":"GET not permitted"}'])
  const twin = await bare.get('/datacustodian/test/oauth/v2/token')
  expect([twin.status, twin.body]).toEqual([
    400,
    '{"error":"invalid_request","error_description":"Missing grant_type"}',
  ])
  await bare.close()
})

test('D2.2 an unknown path is 404 in plain text, and every answer carries the headers of the gateway', async () => {
  const { api, base } = bench()
  const unknown = await api.get('/nowhere')
  expect([unknown.status, unknown.body]).toEqual([404, 'No listener for endpoint: /nowhere'])
  expect(unknown.headers.get('content-type')).toBe('text/plain')
  for (const answer of [unknown, await api.get(`${base}/ReadingType`), await api.token({})]) {
    expect(answer.headers.get('server')).toBe('Mulesoft-API-Gateway')
    expect(answer.headers.get('x-transaction-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers.get('x-tracking-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
})

test('D2.3 the test twin redirects at once with a dummy code, and its tokens open no customer data', async () => {
  const { api, base, utility, listener } = bench()
  const away = await api.get(`/datacustodian/test/oauth/v2/authorize?${query()}`)
  const back = new URL(away.headers.get('location') ?? '')
  expect([away.status, back.origin + back.pathname, back.searchParams.get('state')]).toEqual([
    302,
    listener.redirectUri,
    's',
  ])
  const parameters = {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: listener.redirectUri,
  }
  expect((await api.token(parameters)).json['error']).toBe('invalid_grant')
  const { json } = await api.token(parameters, { path: '/datacustodian/test/oauth/v2/token' })
  expect((await api.get(`${base}/ReadingType`, String(json['access_token']))).status).toBe(403)
  const client = await api.token({ grant_type: 'client_credentials' }, { path: '/datacustodian/test/oauth/v2/token' })
  expect((await api.get(`${base}/ReadServiceStatus`, String(client.json['client_access_token']))).status).toBe(200)
  const live = await api.get(`/datacustodian/oauth/v2/authorize?${query()}`)
  expect(live.headers.get('location')).toContain(`${utility.pages}/myAuthorization?`)
})

test('D2.4 wrong authorize requests end as A4 says', async () => {
  const at = (fields: Record<string, string>) => visit(`${bench().utility.pages}/myAuthorization?${query(fields)}`)
  const { redirectUri } = bench().listener
  const noClient = await at({ client_id: 'x' })
  const noAddress = await at({ redirect_uri: 'http://127.0.0.1:1/' })
  expect([noClient.status, noClient.location, noAddress.status]).toEqual([400, null, 400])
  expect((await at({ response_type: 'token' })).location).toBe(`${redirectUri}?error=invalid_request&state=s`)
  expect((await at({ scope: 'MinAuthEndDate=soon' })).location).toContain('error=invalid_request')
  const canceled = await press(await at({}), '/sign-in', 'cancel')
  expect(canceled.location).toBe(`${redirectUri}?error=access_denied&state=s`)
  const test = await bench().api.get('/datacustodian/test/oauth/v2/authorize')
  expect([test.status, test.body]).toEqual([400, 'client_id is empty'])
})

test('D2.4 a guest gives account number and phone; the preferred end is proposed and the earliest one kept to', async () => {
  const { utility, admin } = bench()
  const end = Date.parse('2027-01-01T12:00:00Z') / 1000
  const scope = `MinAuthEndDate=${end};PreferredAuthEndDate=${end + 86_400}`
  const page = await visit(`${utility.pages}/myAuthorization?${query({ login: 'guest', scope })}`)
  const customer = JSON.stringify(await admin('GET', '/customers?login=home'))
  const account = /"account":"(\d{11})"/.exec(customer)?.[1] ?? ''
  const phone = /"phone":"([^"]+)"/.exec(customer)?.[1] ?? ''
  const choices = await press(page, '/guest', 'guest', { account_number: account, phone })
  expect(choices.body).toContain('value="2027-01-02"')
  const early = await press(choices, '/submit', 'submit', { agree: 'yes', end: 'date', end_date: '2026-10-01' })
  expect([early.status, early.location]).toEqual([400, null])
  expect((await press(choices, '/submit', 'submit', { agree: 'yes' })).location).toContain('?code=')
})

test('D2.4 the scope on the redirect is raw, or encoded by setting', async () => {
  const { utility, admin, listener } = bench()
  const raw = await share(utility, 'solar', { redirectUri: listener.redirectUri })
  expect(raw.search).toMatch(
    /^\?code=[0-9a-f-]{36}&scope=FB=1_3_8_13_14_18_19_31_32_35_37_38_39_4_5_10_15_16_46_47;AdditionalScope=Usage_Billing_Basic_Account_ProgramEnrollment;IntervalDuration=900_3600;BlockDuration=Daily;HistoryLength=\d+;SubscriptionFrequency=Daily;AccountCollection=2;BR=\d{5};dataCustodianId=PGE&state=/,
  )
  await admin('PUT', '/settings', { redirectScope: 'encoded' })
  const encoded = await share(utility, 'solar', { redirectUri: listener.redirectUri })
  await admin('PUT', '/settings', { redirectScope: 'raw' })
  expect(encoded.search).toContain('&scope=FB%3D1_3_8')
  expect(encoded.searchParams.get('scope')).toMatch(/^FB=1_3_8.*dataCustodianId=PGE$/)
})

test('D2.5 the redirect from the portal carries a raw scope and dataCustodianId=PGE;', async () => {
  const page = await visit(`${bench().utility.pages}/portal`)
  const away = await press(page, '/portal', 'choose', { login: 'solar', password: 'demo' })
  expect(away.location).toMatch(
    /\/portal\?scope=FB=[\d_]+;IntervalDuration=900_3600;BlockDuration=Daily;HistoryLength=\d+;SubscriptionFrequency=Daily;AccountCollection=2;BR=\d{5}&dataCustodianId=PGE;$/,
  )
})

test('D2.6 client_access_token, an hour, rotation on and off, expires_in as text', async () => {
  const { api, admin, grant } = bench()
  const client = await api.token({ grant_type: 'client_credentials' })
  expect(Object.keys(client.json)).toEqual(['token_type', 'client_access_token', 'expires_in', 'scope'])
  expect(client.json['expires_in']).toBe(3600)
  const own = await grant('home')
  const renew = (token: string) => api.token({ grant_type: 'refresh_token', refresh_token: token })
  const renewed = await renew(own.refresh)
  const next = String(renewed.json['refresh_token'])
  expect([next === own.refresh, (await renew(own.refresh)).status]).toEqual([false, 400])
  await admin('PUT', '/settings', { refreshRotation: false, expiresInText: true })
  const kept = await renew(next)
  await admin('PUT', '/settings', { refreshRotation: true, expiresInText: false })
  expect([kept.json['refresh_token'], kept.json['expires_in']]).toEqual([next, '3600'])
})

test('D2.7 each resource opens to its own class of token, everything else is 403', async () => {
  const { api, base, grant, clientToken, utility } = bench()
  const own = await grant('home')
  const client = await clientToken()
  const { applicationInformationId, registrationAccessToken, bulkId } = utility.registration
  const rows: [string, number, number, number][] = [
    ['ReadServiceStatus', 403, 200, 403],
    ['DownloadSampleData', 403, 200, 403],
    ['Authorization', 403, 200, 403],
    [`Authorization/${own.id}`, 403, 200, 403],
    ['LocalTimeParameters/1', 200, 403, 403],
    ['ReadingType', 200, 403, 403],
    [`Subscription/${own.id}/UsagePoint`, 200, 403, 403],
    [`Batch/RetailCustomer/${own.id}/`, 200, 403, 403],
    [`Batch/RetailDRPrgInfo/${own.id}`, 204, 403, 403],
    [`Batch/Bulk/${bulkId}`, 403, 202, 403],
    [`ApplicationInformation/${applicationInformationId}`, 403, 403, 200],
  ]
  for (const [path, ...expected] of rows) {
    const tokens = [own.access, client, registrationAccessToken]
    const statuses = await Promise.all(tokens.map(async (t) => (await api.get(`${base}/${path}`, t)).status))
    expect([path, statuses]).toEqual([path, expected])
  }
})

test('D2.7 the Authorization feed has the bulk entry, periods in milliseconds and status 0, 1 or 2; DELETE ends one', async () => {
  const { api, base, grant, clientToken, admin, utility } = bench()
  const own = await grant('home')
  const feed = parse((await api.get(`${base}/Authorization`, await clientToken())).body)
  const uris = all(feed, 'resourceURI').map((node) => node.text)
  expect(uris[0]).toMatch(new RegExp(`/Batch/Bulk/${utility.registration.bulkId}$`))
  expect(uris.at(-1)).toMatch(new RegExp(`/resource/Subscription/${own.id}$`))
  const statusOf = async (): Promise<string | null> => {
    const one = await api.get(`${base}/Authorization/${own.id}`, await clientToken())
    return text(all(parse(one.body), 'Authorization')[0], 'status')
  }
  const one = parse((await api.get(`${base}/Authorization/${own.id}`, await clientToken())).body)
  expect(Number(text(all(one, 'authorizedPeriod')[0], 'start'))).toBe(Date.parse('2026-07-15T19:00:00Z'))
  expect(text(all(one, 'authorizedPeriod')[0], 'duration')).toBe('251963658000000')
  expect(await statusOf()).toBe('1')
  expect((await api.get(`${base}/Authorization/${own.id}`, await clientToken(), 'DELETE')).status).toBe(200)
  expect(await statusOf()).toBe('0')
  const again = await grant('shop')
  await admin('POST', '/revoke', { subscription: again.id, status: 2 })
  const denied = await api.get(`${base}/Authorization/${again.id}`, await clientToken())
  expect(texts(denied, 'status')).toEqual(['2'])
})

test('D2.11 bytes: prefixes, xsi:type, bare and fresh ids, titles, order of links, base64 ids, mappings last', async () => {
  const { grant } = bench()
  const own = await grant('solar')
  const window = '?published-min=2026-07-10T07:00:00Z&published-max=2026-07-11T06:00:00Z'
  const [first, second] = [await batchOf(bench(), own, window), await batchOf(bench(), own, window)]
  expect(first.body).toMatch(
    /^<ns1:feed xmlns:ns0="http:\/\/naesb\.org\/espi" xmlns:ns1="http:\/\/www\.w3\.org\/2005\/Atom">/,
  )
  expect(first.body).toMatch(/<ns1:id xmlns:xsi="[^"]+" xsi:type="ns1:idType">[0-9a-f-]{36}<\/ns1:id>/)
  const ids = (body: string): Set<string> => new Set(all(parse(body), 'id').map((node) => node.text))
  expect([...ids(first.body)].filter((id) => ids(second.body).has(id))).toEqual([])
  const entries = all(parse(first.body), 'entry')
  const kinds = entries.map((e) => e.children.find((c) => c.name === 'content')?.children[0]?.name)
  const channel = ['MeterReading', 'IntervalBlock']
  expect(kinds).toEqual([
    'LocalTimeParameters',
    'ReadingType',
    'UsagePoint',
    ...channel,
    'ReadingType',
    ...channel,
    'ProgramIdMappings',
  ])
  expect(entries.map((e) => text(e, 'title'))).toEqual(
    expect.arrayContaining([
      'DST FOR PACIFIC TIMEZONE',
      'Type of Meter Reading Data',
      'Green Button Data File',
      'IntervalBlock_1783666800',
      'Time Of Use & Consumption Tier Code Info',
    ]),
  )
  for (const entry of entries) {
    const rels = entry.children.filter((c) => c.name === 'link').map((c) => c.attributes['rel'])
    expect(rels.slice(0, 2)).toEqual(['up', 'self'])
    expect(new Set(rels.slice(2)).size).toBeLessThan(2)
  }
  const type = entries.map((e) => linkOf(e, 'self')).find((href) => href.includes('/ReadingType/')) ?? ''
  expect(Buffer.from(type.split('/').at(-1) ?? '', 'base64').toString()).toBe('72:null:900:1')
})

test('D2.11 options: mappings outside an entry, customer data of 2016 and 2019, thousands in ids, times in ms', async () => {
  const { grant, admin, api, base } = bench()
  const own = await grant('home')
  await admin('PUT', '/settings', { mappingsOutsideEntry: true, customerStyle: '2016', summaryThousands: true })
  const feed = parse((await batchOf(bench(), own, '?published-min=2026-07-10')).body)
  const old = (await api.get(`${base}/Batch/RetailCustomer/${own.id}`, own.access)).body
  const separated = await billsOf(bench(), own)
  await admin('PUT', '/settings', { mappingsOutsideEntry: false, customerStyle: '2019', summaryThousands: false })
  const young = (await api.get(`${base}/Batch/RetailCustomer/${own.id}`, own.access)).body
  const plain = await billsOf(bench(), own)
  await admin('PUT', '/settings', { summaryThousands: true })
  expect(feed.children.at(-1)?.name).toBe('ProgramIdMappings')
  expect(old).toContain('<ns0:Customer xmlns:ns0="http://naesb.org/espi/customer">')
  expect(young).toMatch(/<ns2:content><Customer><name>/)
  expect(separated.body).toMatch(/UsageSummary\/1,\d{3},\d{3},\d{3},\d{3}"/)
  expect(plain.body).toMatch(/UsageSummary\/1\d{12}"/)
  expect(texts(plain, 'statusTimeStamp')[0]).toBe(String(Date.parse('2026-07-15T19:00:00Z')))
})
