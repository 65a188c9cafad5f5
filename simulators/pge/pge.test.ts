import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCertificates } from '../kit/certificates.ts'
import { startSimulators, type Simulators } from '../index.ts'
import { addFeed, emptySums, ledgerFrom } from '../test-sums.ts'
import {
  admin,
  all,
  type Api,
  apiOf,
  linkOf,
  listenForNotifications,
  type Listener,
  type Node,
  parse,
  press,
  resourcesOf,
  share,
  text,
  visit,
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
    customers: 3,
    historyMonths: 2,
    thirdParties: { pge: listener },
  })
  api = apiOf(simulators.pge)
})

afterAll(async () => {
  await api.close()
  await simulators.close()
  await listener.close()
})

const base = '/GreenButtonConnect/espi/1_1/resource'

type Grant = { access: string; refresh: string; subscription: string; client: string; code: string }

const grant = async (login: string, changes?: Record<string, string | null>): Promise<Grant> => {
  const back = await share(simulators.pge, login, {
    redirectUri: listener.redirectUri,
    ...(changes ? { changes } : {}),
  })
  const code = back.searchParams.get('code') ?? ''
  const { json, status } = await api.token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: listener.redirectUri,
  })
  expect(status).toBe(200)
  const client = await api.token({ grant_type: 'client_credentials' })
  return {
    access: String(json['access_token']),
    refresh: String(json['refresh_token']),
    subscription: String(json['resourceURI']).split('/').at(-1) ?? '',
    client: String(client.json['client_access_token']),
    code,
  }
}

const pointsOf = async ({ access, subscription }: Grant): Promise<string[]> => {
  const feed = await api.get(`${base}/Subscription/${subscription}/UsagePoint`, access)
  return all(parse(feed.body), 'entry').map((entry) => linkOf(entry, 'self').split('/').at(-1) ?? '')
}

test.each(['solar', 'home', 'shop', 'moved', 'new', 'empty', 'accounts', 'customer000002'])(
  'the ledger of %s equals the sum of what its feeds say',
  async (login) => {
    const own = await grant(login)
    const sums = emptySums()
    for (const point of await pointsOf(own)) {
      const feed = await api.get(`${base}/Batch/Subscription/${own.subscription}/UsagePoint/${point}`, own.access)
      expect(feed.status).toBe(200)
      addFeed(sums, parse(feed.body))
      const bills = await api.get(
        `${base}/Subscription/${own.subscription}/UsagePoint/${point}/UsageSummary`,
        own.access,
      )
      if (bills.status === 200) addFeed(sums, parse(bills.body))
    }
    for (const bill of sums.bills.values())
      expect(bill.lines.reduce<number>((sum, line) => sum + (line ?? 0), 0)).toBe(bill.total)
    const ledger = await admin(simulators.pge, 'GET', `/ledger?subscription=${own.subscription}`)
    expect(ledger).toMatchObject(ledgerFrom(sums))
  },
)

test('the volume of a bill is the net of the readings of its period', async () => {
  const own = await grant('solar')
  const [point = ''] = await pointsOf(own)
  const bills = parse(
    (await api.get(`${base}/Subscription/${own.subscription}/UsagePoint/${point}/UsageSummary`, own.access)).body,
  )
  const summaries = all(bills, 'UsageSummary')
  expect(summaries).toHaveLength(2)
  for (const summary of summaries) {
    const start = Number(text(summary, 'billingPeriod', 'start'))
    const end = start + Number(text(summary, 'billingPeriod', 'duration'))
    const feed = await api.get(
      `${base}/Batch/Subscription/${own.subscription}/UsagePoint/${point}?published-min=${start}&published-max=${end - 1}`,
      own.access,
    )
    const sums = emptySums()
    addFeed(sums, parse(feed.body))
    let net = 0n
    for (const reading of sums.readings.values()) net += reading.flow === 1 ? reading.value : -reading.value
    expect(text(summary, 'overallConsumptionLastPeriod', 'value')).toBe(net.toString())
  }
})

test('windows that tile the history give every reading, and a window that ends at midnight brings the next day too', async () => {
  const own = await grant('home')
  const [point = ''] = await pointsOf(own)
  const address = `${base}/Batch/Subscription/${own.subscription}/UsagePoint/${point}`
  const whole = emptySums()
  addFeed(whole, parse((await api.get(address, own.access)).body))
  const starts = [...whole.readings.keys()].map((key) => Number(key.split('|')[2]))
  const first = Math.min(...starts)
  const tiled = emptySums()
  for (let from = first; from <= Math.max(...starts); from += 28 * 86_400) {
    const until = new Date((from + 28 * 86_400) * 1000).toISOString()
    addFeed(tiled, parse((await api.get(`${address}?published-min=${from}&published-max=${until}`, own.access)).body))
  }
  expect(tiled.readings.size).toBe(whole.readings.size)
  const blocks = async (until: number): Promise<number> =>
    all(
      parse((await api.get(`${address}?published-min=${first}&published-max=${until}`, own.access)).body),
      'IntervalBlock',
    ).length
  expect(await blocks(first + 86_400)).toBe(2)
  expect(await blocks(first + 82_800)).toBe(1)
  expect((await api.get(`${address}?published-min=100&published-max=200`, own.access)).status).toBe(204)
  expect((await api.get(`${address}?published-min=yesterday`, own.access)).status).toBe(400)
})

test('a resource opens only to its own class of token, and only to its own customer', async () => {
  const own = await grant('home')
  const other = await grant('shop')
  const rows: [string, number, number][] = [
    ['ReadServiceStatus', 403, 200],
    ['Authorization', 403, 200],
    [`Authorization/${own.subscription}`, 403, 200],
    ['LocalTimeParameters/1', 200, 403],
    ['ReadingType', 200, 403],
    [`Subscription/${own.subscription}/UsagePoint`, 200, 403],
    [`Batch/RetailCustomer/${own.subscription}/`, 200, 403],
    [`Batch/Bulk/${simulators.pge.registration.bulkId}`, 403, 202],
    [`ApplicationInformation/${simulators.pge.registration.applicationInformationId}`, 403, 403],
  ]
  for (const [path, withAccess, withClient] of rows) {
    expect([path, (await api.get(`${base}/${path}`, own.access)).status]).toEqual([path, withAccess])
    expect([path, (await api.get(`${base}/${path}`, own.client)).status]).toEqual([path, withClient])
  }
  expect((await api.get(`${base}/Subscription/${own.subscription}/UsagePoint`, other.access)).status).toBe(403)
  expect((await api.get(`${base}/Subscription/${own.subscription}/UsagePoint`)).status).toBe(401)
  const { registrationAccessToken, applicationInformationId } = simulators.pge.registration
  expect(
    (await api.get(`${base}/ApplicationInformation/${applicationInformationId}`, registrationAccessToken)).status,
  ).toBe(200)
  const unknown = await api.get('/nowhere', own.access)
  expect([unknown.status, unknown.body]).toEqual([404, 'No listener for endpoint: /nowhere'])
  expect(unknown.headers.get('server')).toBe('Mulesoft-API-Gateway')
})

test('without the registered certificate nothing but 400 "Invalid Certificate" comes back', async () => {
  const own = await grant('home')
  const bare = apiOf(simulators.pge, null)
  const other = await openCertificates(null, 'other', true)
  const wrong = apiOf(simulators.pge, other.client)
  expect((await wrong.get(`${base}/ReadServiceStatus`, own.client)).body).toBe('"Invalid Certificate"')
  const answer = await bare.get(`${base}/ReadServiceStatus`, own.client)
  expect([answer.status, answer.body]).toEqual([400, '"Invalid Certificate"'])
  expect((await bare.token({ grant_type: 'client_credentials' })).body).toBe('"Invalid Certificate"')
  expect((await bare.get('/datacustodian/oauth/v2/token')).status).toBe(405)
  expect((await bare.get('/datacustodian/test/oauth/v2/token')).body).toContain('Missing grant_type')
  expect((await bare.get('/datacustodian/test/oauth/v2/authorize')).body).toBe('client_id is empty')
  await bare.close()
  await wrong.close()
})

test('a code is good once, a refresh token rotates, and a new grant ends the old one under a new id', async () => {
  const first = await grant('home')
  const again = await api.token({
    grant_type: 'authorization_code',
    code: first.code,
    redirect_uri: listener.redirectUri,
  })
  expect([again.status, again.json['error']]).toEqual([400, 'invalid_grant'])
  const points = await pointsOf(first)
  const renewed = await api.token({ grant_type: 'refresh_token', refresh_token: first.refresh }, { inQuery: true })
  expect(renewed.json['refresh_token']).not.toBe(first.refresh)
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: first.refresh })).status).toBe(400)
  const second = await grant('home')
  expect(second.subscription).not.toBe(first.subscription)
  expect(await pointsOf(second)).toEqual(points)
  expect((await api.get(`${base}/Subscription/${first.subscription}/UsagePoint`, first.access)).status).toBe(403)
  const ended = await api.get(`${base}/Authorization/${first.subscription}`, second.client)
  expect(text(all(parse(ended.body), 'Authorization')[0], 'status')).toBe('0')
  expect((await api.get(`${base}/Authorization/${second.subscription}`, second.client, 'DELETE')).status).toBe(200)
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: second.refresh })).json['error']).toBe(
    'invalid_grant',
  )
})

test('wrong token requests are refused by RFC 6749', async () => {
  const bad = async (parameters: Record<string, string>, secret?: string): Promise<unknown[]> => {
    const { status, json } = await api.token(parameters, secret === undefined ? {} : { secret })
    return [status, json['error']]
  }
  expect(await bad({ grant_type: 'client_credentials' }, 'wrong')).toEqual([401, 'invalid_client'])
  expect(await bad({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type'])
  expect(await bad({})).toEqual([400, 'invalid_request'])
  expect(await bad({ grant_type: 'authorization_code', code: 'x', redirect_uri: listener.redirectUri })).toEqual([
    400,
    'invalid_grant',
  ])
})

test('a wrong authorize request is an error page or an error redirect, as PG&E documents', async () => {
  const { pages, registration } = simulators.pge
  const ask = (query: Record<string, string>) =>
    visit(`${pages}/myAuthorization?${new URLSearchParams(query).toString()}`)
  const good = {
    client_id: registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
    state: 's',
  }
  expect((await ask({ ...good, client_id: 'x' })).status).toBe(400)
  expect((await ask({ ...good, redirect_uri: 'http://127.0.0.1:1/' })).status).toBe(400)
  expect((await ask({ ...good, response_type: 'token' })).location).toBe(
    `${listener.redirectUri}?error=invalid_request&state=s`,
  )
  expect((await ask({ ...good, scope: 'MinAuthEndDate=soon' })).location).toContain('error=invalid_request')
  const page = await ask({ ...good, scope: 'MinAuthEndDate=1790000000;PreferredAuthEndDate=1800000000' })
  expect((await press(page, '/sign-in', 'cancel')).location).toBe(`${listener.redirectUri}?error=access_denied&state=s`)
  const retry = await ask(good)
  const refused = await press(retry, '/sign-in', 'sign-in', { login: 'home', password: 'nope' })
  expect([refused.status, refused.body.includes('not right')]).toEqual([401, true])
})

test('the redirect carries the code, the granted scope as it is, and the state', async () => {
  const back = await share(simulators.pge, 'solar', { redirectUri: listener.redirectUri })
  expect(back.search).toMatch(
    /^\?code=[0-9a-f-]{36}&scope=FB=1_3_8_13_14_18_19_31_32_35_37_38_39_4_5_10_15_16_46_47;AdditionalScope=Usage_Billing_Basic_Account_ProgramEnrollment;.*;AccountCollection=2;BR=\d{5};dataCustodianId=PGE&state=a%20b%26c$/,
  )
})

test('an asynchronous batch is announced, one address of electricity and one of gas, and gives the same readings', async () => {
  const own = await grant('solar')
  const before = listener.bodies.length
  expect(
    (await api.get(`${base}/Batch/Subscription/${own.subscription}?published-min=2026-07-01T07:00:00Z`, own.access))
      .status,
  ).toBe(202)
  await listener.next(before + 1)
  const addresses = resourcesOf(listener.bodies[before] ?? '')
  expect(addresses).toHaveLength(2)
  const commodities = []
  for (const address of addresses) {
    const feed = await api.get(address, own.access)
    commodities.push(...new Set(all(parse(feed.body), 'commodity').map((node) => node.text)))
  }
  expect(commodities).toEqual(['1', '7'])
  expect(
    (await api.get(`${base}/Batch/Bulk/${simulators.pge.registration.bulkId}?correlationID=gone`, own.client)).status,
  ).toBe(404)
})

test('what the customer did not tick stays closed', async () => {
  const own = await grant('solar', { data: 'Usage' })
  expect((await api.get(`${base}/Batch/RetailCustomer/${own.subscription}`, own.access)).status).toBe(403)
  const [point = ''] = await pointsOf(own)
  const bills = await api.get(`${base}/Subscription/${own.subscription}/UsagePoint/${point}/UsageSummary`, own.access)
  expect(all(parse(bills.body), 'billLastPeriod')).toHaveLength(0)
  expect(await admin(simulators.pge, 'GET', `/ledger?subscription=${own.subscription}`)).toMatchObject({
    bills: 4,
    bill_total: '0',
    line_items: 0,
  })
  await admin(simulators.pge, 'POST', '/revoke', { subscription: own.subscription })
  expect((await api.get(`${base}/Subscription/${own.subscription}/UsagePoint`, own.access)).status).toBe(403)
})

test('updated-min finds the corrected day and the bill made again, and nothing else', async () => {
  const own = await grant('home')
  const [point = ''] = await pointsOf(own)
  const later = '2026-07-15T20:00:00Z'
  await admin(simulators.pge, 'PUT', '/clock', { clock: later })
  const before = listener.bodies.length
  await admin(simulators.pge, 'POST', '/correct', { login: 'home', permille: 1500 })
  await admin(simulators.pge, 'POST', '/rebill', { login: 'home' })
  // The end of this customer's earlier grant is announced, too, and may come between.
  let pushed: string[] = []
  for (let count = before + 1; pushed.length === 0; count++) {
    await listener.next(count)
    pushed = listener.bodies
      .slice(before)
      .flatMap(resourcesOf)
      .filter((address) => address.includes('/Batch/'))
  }
  const { json } = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh })
  const token = String(json['access_token'])
  const address = `${base}/Batch/Subscription/${own.subscription}/UsagePoint/${point}`
  const blocks = parse((await api.get(`${address}?updated-min=${later}`, token)).body)
  expect(all(blocks, 'IntervalBlock')).toHaveLength(1)
  expect(new Set(all(blocks, 'quality').map((node) => node.text))).toEqual(new Set(['19']))
  const bills = parse(
    (
      await api.get(
        `${base}/Subscription/${own.subscription}/UsagePoint/${point}/UsageSummary?updated-min=${later}`,
        token,
      )
    ).body,
  )
  expect(all(bills, 'UsageSummary')).toHaveLength(1)
  expect(all(bills, 'note').map((node) => node.text)).toContain('Billing Adjustment')
  const client = String((await api.token({ grant_type: 'client_credentials' })).json['client_access_token'])
  expect(all(parse((await api.get(pushed[0] ?? '', client)).body), 'IntervalBlock')).toHaveLength(1)
  expect((await api.get(pushed[1] ?? '', client)).status).toBe(204)
})

test('a new day pushes a package with the day that is published with it', async () => {
  const own = await grant('solar')
  const before = listener.bodies.length
  await admin(simulators.pge, 'POST', '/new-day')
  await listener.next(before + 1)
  const [electric = '', gas = ''] = resourcesOf(listener.bodies.at(-1) ?? '')
  const client = String((await api.token({ grant_type: 'client_credentials' })).json['client_access_token'])
  const feed = parse((await api.get(electric, client)).body)
  const mineIn = (batch: Node): Node[] =>
    all(batch, 'entry').filter((e) => linkOf(e, 'self').includes(`/Subscription/${own.subscription}/`))
  expect(
    mineIn(feed)
      .flatMap((entry) => all(entry, 'IntervalBlock'))
      .map((block) => text(block, 'interval', 'start')),
  ).toEqual(['1784012400', '1784012400'])
  const therms = mineIn(parse((await api.get(gas, client)).body))
  expect(therms.flatMap((entry) => all(entry, 'IntervalBlock'))).toHaveLength(1)
  await admin(simulators.pge, 'POST', '/new-day', { days: 6 })
  const later = String((await api.token({ grant_type: 'client_credentials' })).json['client_access_token'])
  expect((await api.get(electric, later)).status).toBe(404)
})
