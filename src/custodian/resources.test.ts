import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { addMeter, addReadings, KWH, listOf } from '../../test/api-fixture.ts'
import { type CustodianKit, custodianKit, type Registered, type Told } from '../../test/custodian-kit.ts'
import { seedAuthorization } from '../../test/database.ts'
import { addGreenButtonMeter } from '../../test/green-button-meter.ts'
import { parseAuthorization, parseServiceStatus } from '../espi/parse-batch-list.ts'
import { parseBytes } from '../espi/parse.ts'
import { decodeFeed, decodingOf } from '../utilities/decode.ts'
import { utilityOf } from '../utilities/index.ts'

let kit: CustodianKit
let client: Registered
let authorization: string
let meter: string
beforeAll(async () => {
  kit = await custodianKit()
  authorization = kit.api.ours.authorizationUid
  meter = await addGreenButtonMeter(kit.api, authorization)
  client = await kit.register()
})
beforeEach(() => void (kit.clock.ms += 3_700_000))
afterAll(async () => await kit.close())

const entriesOf = ({ text }: Told) => parseBytes(Buffer.from(text)).entries
const decode = ({ text }: Told) => decodeFeed(Buffer.from(text), decodingOf(utilityOf('DEMO')))
const clientToken = async (of = client): Promise<string> =>
  String((await kit.token(of, { grant_type: 'client_credentials' })).body['access_token'])

describe('the feed of a subscription', () => {
  it('is what the token answer points to, and says what the API says: every reading once', async () => {
    const { access, body } = await kit.tokens(client)
    const told = await kit.get(String(body['resourceURI']), access)
    expect([told.status, told.headers.get('content-type')]).toEqual([200, 'application/atom+xml; charset=utf-8'])
    const { text } = await kit.api.get(`/files/intervals_xml?meters=${meter}`)
    const file = decode({ ...told, text })
    const feed = decode(told)
    expect(feed.series.length).toBe(3)
    expect(feed.series).toEqual(file.series)
    expect(feed.bills).toEqual(file.bills)
    expect([feed.warnings, feed.quarantined]).toEqual([[], []])
  })

  it('hangs together by addresses of which each is answered, with what the feed has there', async () => {
    const { access } = await kit.tokens(client)
    const whole = entriesOf(await kit.get(`/Batch/Subscription/${authorization}`, access))
    const addresses = new Set(whole.flatMap(({ self, up, related }) => [self ?? '', up ?? '', ...related]))
    expect(addresses.size).toBeGreaterThan(20)
    for (const address of addresses) {
      const told = await kit.get(address, access)
      expect([address, told.status]).toEqual([address, 200])
      const selves = entriesOf(told).map(({ self }) => self)
      const expected = whole.filter(({ self, up }) => self === address || up === address).map(({ self }) => self)
      expect([address, selves]).toEqual([address, expected])
    }
  })

  it('is cut by the time of the readings, so that parts side by side are the whole, and by the last change', async () => {
    const { access } = await kit.tokens(client)
    const ask = async (query: string) => await kit.get(`/Batch/Subscription/${authorization}?${query}`, access)
    const cut = '2026-10-31T07:07:00Z' // within a reading
    const [all, before, after] = [await ask(''), await ask(`published-max=${cut}`), await ask(`published-min=${cut}`)]
    const count = (told: Told) => decode(told).series.reduce((sum, { start }) => sum + start.length, 0)
    expect(count(before)).toBeGreaterThan(0)
    expect(count(after)).toBeGreaterThan(0)
    expect(count(before) + count(after)).toBe(count(all))
    const twoDays = decode(await ask('published-min=2026-10-31T07:00:00Z&published-max=2026-11-01T07:00:00Z'))
    for (const { start } of twoDays.series) {
      expect(Math.min(...start)).toBeGreaterThanOrEqual(Date.parse('2026-10-31T07:00:00Z') / 1000)
      expect(Math.max(...start)).toBeLessThan(Date.parse('2026-11-01T07:00:00Z') / 1000)
    }
    expect(decode(await ask('updated-min=2030-01-01T00:00:00Z')).series).toEqual([])
    expect(count(await ask('updated-min=2020-01-01T00:00:00Z&updated-max=2030-01-01T00:00:00Z'))).toBe(count(all))
    expect(count(await ask('updated-max=2020-01-01T00:00:00Z'))).toBe(0)
  })

  it.each([
    'published-min=yesterday',
    'published-max=03/01/2016',
    'updated-min=2026-13-01T00:00:00Z',
    'updated-max=2026-11-01',
    'start-index=0',
    'start-index=x',
    'max-results=-1',
    'depth=x',
    'published-min=2026-11-01T00:00:00Z&published-min=2026-11-02T00:00:00Z',
  ])('refuses %s', async (query) => {
    const { access } = await kit.tokens(client)
    expect((await kit.get(`/Batch/Subscription/${authorization}?${query}`, access)).status).toBe(400)
  })

  it('is compressed for who can read that', async () => {
    const { access } = await kit.tokens(client)
    const headers = { authorization: `Bearer ${access}`, 'accept-encoding': 'gzip' }
    const answer = await fetch(`${kit.url}/DataCustodian/espi/1_1/resource/Batch/Subscription/${authorization}`, {
      headers,
    })
    expect([answer.headers.get('content-encoding'), (await answer.text()).endsWith('</feed>\n')]).toEqual([
      'gzip',
      true,
    ])
  })

  it('comes later where nothing was collected yet', async () => {
    const { companyUid } = kit.api.ours
    const email = 'new@customer.example'
    const fresh = await seedAuthorization(kit.api.database.db, kit.api.ours)
    await kit.api.database.admin('update authorizations set customer_email = $1 where authorization_uid = $2', [
      email,
      fresh,
    ])
    const { browser, page } = await kit.toConsent(client, {}, email)
    const code = new URL((await browser.submit(page, /allow/i)).url).searchParams.get('code') ?? ''
    const { body } = await kit.token(client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: 'http://127.0.0.1:9/back',
    })
    const told = await kit.get(String(body['resourceURI']), String(body['access_token']))
    expect([told.status, told.headers.get('retry-after'), told.text, companyUid]).toEqual([202, '60', '', companyUid])
  })
})

describe('what a customer did not pass on', () => {
  it('is not in the feed: classes', async () => {
    const { access } = await kit.tokens(client, { scope: 'FB=4' })
    const told = await kit.get(`/Batch/Subscription/${authorization}`, access)
    const kinds = new Set(entriesOf(told).map(({ content }) => content?.kind))
    expect(kinds).toEqual(
      new Set(['IntervalBlock', 'LocalTimeParameters', 'MeterReading', 'ReadingType', 'UsagePoint']),
    )
    expect(told.text).not.toMatch(/E-19|Carla|Main St/)
    expect((await kit.get(`/Batch/RetailCustomer/${authorization}`, access)).status).toBe(403)
    const bills = entriesOf(await kit.get(`/Subscription/${authorization}/UsagePoint/${meter}/UsageSummary`, access))
    expect(bills).toEqual([])
    const { access: onlyBills } = await kit.tokens(await kit.register(), { scope: 'FB=16' })
    const billed = entriesOf(await kit.get(`/Batch/Subscription/${authorization}`, onlyBills)).map(
      ({ content }) => content?.kind,
    )
    expect([
      billed.includes('UsageSummary'),
      billed.includes('IntervalBlock'),
      billed.includes('MeterReading'),
    ]).toEqual([true, false, false])
  })

  it('is not in the feed: what lies before its history, whatever is asked', async () => {
    const seconds = Math.floor((kit.clock.ms - Date.parse('2026-10-31T07:00:00Z')) / 1000)
    const { access } = await kit.tokens(client, { scope: `FB=4_16;HistoryLength=${seconds}` })
    const feed = decode(
      await kit.get(`/Batch/Subscription/${authorization}?published-min=2020-01-01T00:00:00Z`, access),
    )
    const first = Math.min(...feed.series.flatMap(({ start }) => [...start]))
    expect(first).toBeGreaterThanOrEqual(Date.parse('2026-10-31T07:00:00Z') / 1000)
    expect(feed.bills).toEqual([])
  })

  it('is not in the feed: a class that the share itself has lost meanwhile', async () => {
    const { access } = await kit.tokens(client)
    const set = 'update authorizations set data_classes = $2 where authorization_uid = $1'
    await kit.api.database.admin(set, [authorization, ['meters', 'bills', 'accounting']])
    const told = await kit.get(`/Batch/Subscription/${authorization}`, access)
    expect(told.text).not.toContain('IntervalReading')
    await kit.api.database.admin(set, [authorization, ['meters', 'bills', 'intervals', 'accounting']])
  })
})

describe('customer data', () => {
  it('name account, agreement, place and meter, and tie them to the usage point', async () => {
    const { access, body } = await kit.tokens(client)
    const told = await kit.get(String(body['customerResourceURI']), access)
    const [facts] = decode(told).meters
    expect(facts).toMatchObject({
      ...{ usagePoint: meter, serviceIdentifier: '1234222222-9', serviceAddress: '123 Main St, Berkeley CA 94703' },
      ...{ meterNumbers: ['1009999999'], billingContact: 'Carla Customer', billingAccount: '77-1', status: 'active' },
    })
    for (const { self, up } of entriesOf(told))
      for (const address of [self ?? '', up ?? '']) {
        const found = await kit.get(address, access)
        expect([address, found.status, entriesOf(found).length > 0]).toEqual([address, 200, true])
        expect(address).not.toMatch(/\/77-1|1009999999|1234222222|Carla/)
      }
  })

  it('leave out the account without its class, and the meter without its own', async () => {
    const { access } = await kit.tokens(client, { scope: 'FB=58_60' })
    const { text } = await kit.get(`/Batch/RetailCustomer/${authorization}`, access)
    expect([text.includes('1009999999'), />77-1<|Carla/.test(text)]).toEqual([true, false])
    const { access: account } = await kit.tokens(client, { scope: 'FB=56' })
    const other = await kit.get(`/Batch/RetailCustomer/${authorization}`, account)
    expect([other.text.includes('1009999999'), other.text.includes('>77-1<')]).toEqual([false, true])
  })
})

describe('what is the client’s own', () => {
  it('is its Authorizations, the status and everything in one feed', async () => {
    const own = await kit.register()
    const { access } = await kit.tokens(own)
    const token = await clientToken(own)
    expect(parseServiceStatus(Buffer.from((await kit.get('/ReadServiceStatus', token)).text))).toBe(1)
    const list = await kit.get('/Authorization', token)
    const one = await kit.get(`/Authorization/${authorization}`, access)
    const [told] = parseAuthorization(Buffer.from(one.text))
    expect(told?.value).toMatchObject({
      status: '1',
      token_type: 'Bearer',
      scope: expect.stringContaining('FB=1_3_4_5'),
    })
    expect(parseAuthorization(Buffer.from(list.text))).toEqual([told])
    const bulk = decode(await kit.get(`/Batch/Bulk/${own.uid}`, token))
    expect(bulk.series).toEqual(decode(await kit.get(`/Batch/Subscription/${authorization}`, access)).series)
  })

  it('is its registration, without secrets', async () => {
    const { status, text } = await kit.get(`/ApplicationInformation/${client.uid}`, client.registrationToken)
    expect([status, text.includes(client.clientId), text.includes(client.clientSecret)]).toEqual([200, true, false])
  })

  it('ends by DELETE of the Authorization, which then says so', async () => {
    const own = await kit.register()
    const { access, refresh } = await kit.tokens(own)
    const token = await clientToken(own)
    expect((await kit.get(`/Authorization/${authorization}`, token, 'DELETE')).status).toBe(200)
    expect((await kit.get(`/Batch/Subscription/${authorization}`, access)).status).toBe(401)
    expect((await kit.token(own, { grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(400)
    const [told] = parseAuthorization(Buffer.from((await kit.get(`/Authorization/${authorization}`, token)).text))
    expect(told?.value.status).toBe('0')
    expect(entriesOf(await kit.get('/Authorization', token))).toEqual([])
  })
})

describe('a token opens nothing else', () => {
  it('another customer’s subscription, and none at all, look alike', async () => {
    const foreign = await addMeter(kit.api, kit.api.theirs.authorizationUid, { usagePoint: 'theirs' })
    await addReadings(kit.api, [kit.api.theirs.authorizationUid, foreign], {
      start: '2026-07-01T07:00:00Z',
      values: [1],
      channel: KWH,
    })
    const second = await seedAuthorization(kit.api.database.db, kit.api.ours)
    const rename = `update authorizations set customer_email = 'other@customer.example' where authorization_uid = $1`
    await kit.api.database.admin(rename, [second])
    const { access } = await kit.tokens(client)
    const token = await clientToken()
    const places = [
      '/Batch/Subscription/',
      '/Subscription/',
      '/Batch/RetailCustomer/',
      '/RetailCustomer/',
      '/Authorization/',
    ]
    for (const uid of [kit.api.theirs.authorizationUid, second, '999999999'])
      for (const place of places)
        for (const each of place === '/Authorization/' ? [access, token] : [access])
          for (const method of ['GET', ...(place === '/Authorization/' ? ['DELETE'] : [])]) {
            const { status, text } = await kit.get(`${place}${uid}`, each, method)
            expect([place, uid, status, text]).toEqual([
              place,
              uid,
              403,
              '{"error":"This token does not open this resource."}',
            ])
          }
    const elsewhere = [
      `/Subscription/${authorization}/UsagePoint/${foreign}`,
      `/Batch/Subscription/${authorization}/UsagePoint/${foreign}`,
    ]
    for (const address of elsewhere) expect((await kit.get(address, access)).status).toBe(404)
  })

  it('neither with the wrong kind of token', async () => {
    const { access, refresh } = await kit.tokens(client)
    const token = await clientToken()
    const foreign = await clientToken(await kit.register({}, 'token-theirs'))
    const batch = `/Batch/Subscription/${authorization}`
    for (const [address, given, status] of [
      [batch, token, 403],
      [batch, client.registrationToken, 403],
      [batch, refresh, 401],
      [batch, 'x'.repeat(43), 401],
      [batch, null, 401],
      [batch, foreign, 403],
      ['/ReadServiceStatus', access, 403],
      ['/Authorization', access, 403],
      [`/Batch/Bulk/${client.uid}`, access, 403],
      [`/Batch/Bulk/${client.uid}`, foreign, 403],
      [`/ApplicationInformation/${client.uid}`, access, 403],
      [`/ApplicationInformation/${client.uid}`, token, 403],
      [`/Authorization/${authorization}`, foreign, 403],
      [`/ReadingType`, token, 403],
      ['/Nothing', access, 404],
      ['/Nothing', null, 401],
      [`/Subscription/${authorization}/Nothing`, access, 404],
      [`/Subscription/${authorization}/UsagePoint/1/UsageSummary`, access, 404],
      [`/Subscription/${authorization}/UsagePoint/${meter}/MeterReading/none/IntervalBlock`, access, 404],
    ] as const)
      expect([address, (await kit.get(address, given)).status]).toEqual([address, status])
    const changed = await Promise.all(['PUT', 'POST', 'PATCH'].map((method) => kit.get(batch, access, method)))
    expect(changed.map(({ status }) => status)).toEqual([405, 405, 405])
    expect((await kit.get(batch, access, 'DELETE')).status).toBe(405)
  })

  it('when its time is over, or what it stands on', async () => {
    const batch = `/Batch/Subscription/${authorization}`
    const { access } = await kit.tokens(client)
    kit.clock.ms += 3_600_000
    expect((await kit.get(batch, access)).status).toBe(401)
    const own = await kit.register()
    const { access: revoked } = await kit.tokens(own)
    await kit.api.database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [
      authorization,
    ])
    expect((await kit.get(batch, revoked)).status).toBe(401)
    expect(entriesOf(await kit.get('/Authorization', await clientToken(own)))).toEqual([])
    await kit.api.database.admin(`update authorizations set state = 'active' where authorization_uid = $1`, [
      authorization,
    ])
  })
})

it('the bulk feed and the list of a client have nothing of another client', async () => {
  const [one, other] = [await kit.register(), await kit.register()]
  await kit.tokens(one)
  expect(entriesOf(await kit.get(`/Batch/Bulk/${other.uid}`, await clientToken(other)))).toEqual([])
  expect(entriesOf(await kit.get('/Authorization', await clientToken(other)))).toEqual([])
  expect(
    listOf(await kit.api.get('/api/v3/clients', 'token-theirs'), 'clients').some(({ uid }) => uid === one.uid),
  ).toBe(false)
})
