import { gunzipSync } from 'node:zlib'

import { expect, test } from 'vitest'

import { startSimulators } from '../../../simulators/index.ts'
import { rawClientOf } from '../../../simulators/raw-client.ts'
import { all, formsOf, linkOf, parse, press, text, visit } from '../../../simulators/test-client.ts'
import { addThirdParty, batchOf, billsOf, clock, grantAt, openBench, texts } from './checklist-bench.ts'

const bench = openBench('pge', { customers: 100_000 })

test('D1.1 two third parties share a customer and see nothing of each other', async () => {
  const { admin, api, base, grant, clientToken } = bench()
  const own = await grant('home')
  const second = await addThirdParty(bench(), 'second')
  const theirs = await grantAt(second, 'home')
  expect(theirs.points).toEqual(own.points)
  expect(theirs.id).not.toBe(own.id)
  expect((await api.get(`${base}/Subscription/${own.id}/UsagePoint`, own.access)).status).toBe(200)
  const foreign = await second.api.get(`${base}/Subscription/${own.id}/UsagePoint`, theirs.access)
  const stolen = await second.api.get(`${base}/Subscription/${own.id}/UsagePoint`, own.access)
  expect([foreign.status, stolen.status]).toEqual([403, 400])
  const listed = texts(await api.get(`${base}/Authorization`, await clientToken()), 'authorizationURI')
  expect(listed.some((uri) => uri.endsWith(`/${own.id}`))).toBe(true)
  expect(listed.some((uri) => uri.endsWith(`/${theirs.id}`))).toBe(false)
  const swapped = await second.api.token({ grant_type: 'refresh_token', refresh_token: own.refresh })
  expect(swapped.json['error']).toBe('invalid_grant')
  await admin('POST', '/revoke', { subscription: theirs.id })
  await second.close()
})

test('D1.1 the same seed and clock give the same answers, another seed gives others; the last of 100,000 is there', async () => {
  const [same, other] = await Promise.all(
    [7, 8].map((seed) => startSimulators({ seed, clock, historyMonths: 2, customers: 100_000 })),
  )
  const ask = async (admin: string): Promise<string> =>
    (await fetch(`${admin}/_admin/customers?login=customer100000`)).text()
  const mine = await ask(bench().utility.admin)
  expect(mine).toContain('Customer 100000')
  expect(await ask(same?.pge.admin ?? '')).toBe(mine)
  expect(await ask(other?.pge.admin ?? '')).not.toBe(mine)
  await Promise.all([same?.close(), other?.close()])
})

test('D1.1 the virtual clock drives publication, expiry and the change to summer time', async () => {
  const { admin, grant, api, base } = bench()
  const own = await grant('home')
  const before = texts(await batchOf(bench(), own), 'IntervalReading').length
  await admin('POST', '/new-day')
  expect((await api.get(`${base}/Subscription/${own.id}/UsagePoint`, own.access)).status).toBe(403)
  const { json } = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh })
  const renewed = { ...own, access: String(json['access_token']) }
  expect(texts(await batchOf(bench(), renewed), 'IntervalReading').length).toBe(before + 24)
})

test('D1.2 links carry the public host when one is set', async () => {
  const { admin, grant, utility } = bench()
  const own = await grant('home')
  await admin('PUT', '/settings', { linkOrigin: 'https://api.pge.example' })
  const feed = await batchOf(bench(), own, '?published-min=2026-07-10')
  await admin('PUT', '/settings', { linkOrigin: null })
  expect(feed.body).toContain('href="https://api.pge.example/GreenButtonConnect/espi/1_1/resource/')
  expect(feed.body).not.toContain(utility.api)
})

test.each([false, true])(
  'D1.3 token parameters by form or by query (%s), with codes that are good once',
  async (inQuery) => {
    const { api, grant, listener } = bench()
    const own = await grant('home')
    const code = own.back.searchParams.get('code') ?? ''
    const again = { grant_type: 'authorization_code', code, redirect_uri: listener.redirectUri }
    const refused = await api.token(again, { inQuery })
    expect([refused.status, refused.json['error'], refused.headers.get('cache-control')]).toEqual([
      400,
      'invalid_grant',
      'no-store',
    ])
    const renewed = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh }, { inQuery })
    expect([renewed.status, renewed.headers.get('cache-control')]).toEqual([200, 'no-store'])
  },
)

test('D1.3 errors of the token endpoint are those of RFC 6749', async () => {
  const { api, admin, listener } = bench()
  const errorOf = async (parameters: Record<string, string>, secret?: string): Promise<unknown> =>
    (await api.token(parameters, secret === undefined ? {} : { secret })).json['error']
  expect(await errorOf({ grant_type: 'client_credentials' }, 'wrong')).toBe('invalid_client')
  expect(await errorOf({ grant_type: 'password' })).toBe('unsupported_grant_type')
  expect(await errorOf({})).toBe('invalid_request')
  expect(await errorOf({ grant_type: 'refresh_token', refresh_token: 'x' })).toBe('invalid_grant')
  const back = await fresh()
  expect(
    await errorOf({ grant_type: 'authorization_code', code: back, redirect_uri: `${listener.redirectUri}/` }),
  ).toBe('invalid_grant')
  const late = await fresh()
  await admin('PUT', '/clock', { clock: '2026-07-15T19:10:00Z' })
  expect(await errorOf({ grant_type: 'authorization_code', code: late, redirect_uri: listener.redirectUri })).toBe(
    'invalid_grant',
  )
})

/** A code that nobody has exchanged. */
const fresh = async (): Promise<string> => {
  const { utility, listener } = bench()
  const query = new URLSearchParams({
    client_id: utility.registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
  })
  const first = await visit(`${utility.pages}/myAuthorization?${query.toString()}`)
  const choices = await press(first, '/sign-in', 'sign-in', { login: 'home', password: 'demo' })
  const last = await press(choices, '/submit', 'submit', { agree: 'yes' })
  return new URL(last.location ?? '').searchParams.get('code') ?? ''
}

test('D1.4 the pages are plain forms: sign in, agreements, data, period, approve, cancel', async () => {
  const { utility, listener } = bench()
  const query = new URLSearchParams({
    client_id: utility.registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
  })
  const first = await visit(`${utility.pages}/myAuthorization?${query.toString()}`)
  expect(first.body).not.toContain('<script')
  const choices = await press(first, '/sign-in', 'sign-in', { login: 'accounts', password: 'demo' })
  const [form] = formsOf(choices.body)
  const names = new Set(form?.fields.map(([name]) => name))
  expect([...names].sort()).toEqual(['agreement', 'data', 'end', 'end_date', 'flow'])
  expect(form?.buttons.map(([, value]) => value)).toEqual(['submit', 'cancel'])
  const dated = await press(choices, '/submit', 'submit', { agree: 'yes', end: 'date', end_date: '2026-12-31' })
  expect(dated.location).toContain('?code=')
})

test('D1.5 notifications are retried, doubled, put out of order, cut and forged as arranged', async () => {
  const { admin, announced, grant, listener } = bench()
  await grant('home')
  const push = (): Promise<unknown> => admin('POST', '/push')
  listener.statuses.push(500)
  const [first, second] = await announced(push, 2)
  expect(first).toEqual(second)
  for (const [mode, count] of [
    ['doubled', 2],
    ['forged-host', 1],
  ] as const) {
    await admin('POST', '/fault', { on: 'notification', mode })
    const lists = await announced(push, count)
    expect(lists.flat()[0]?.startsWith('https://forged.example')).toBe(mode === 'forged-host')
  }
  await admin('POST', '/fault', { on: 'notification', mode: 'truncated' })
  const before = listener.bodies.length
  await push()
  await listener.next(before + 1)
  expect(() => parse(listener.bodies.at(-1) ?? '')).toThrow('unclosed')
  await admin('POST', '/fault', { on: 'notification', mode: 'held' })
  const held = await announced(async () => {
    await push()
    await push()
  }, 2)
  expect(new Set(held.map(([address]) => address)).size).toBe(2)
})

test('D1.6 the admin API replaces a meter while running', async () => {
  const { admin, grant, api, base } = bench()
  const own = await grant('shop')
  const serial = async (): Promise<string[]> =>
    texts(await api.get(`${base}/Batch/RetailCustomer/${own.id}`, own.access), 'serialNumber')
  const [old] = await serial()
  expect(await admin('POST', '/replace-meter', { login: 'shop', day: '2026-07-10' })).toMatchObject({ from: old })
  const [now] = await serial()
  expect(now).not.toBe(old)
  const day = await batchOf(bench(), own, '?published-min=2026-07-10T07:00:00Z&published-max=2026-07-11T06:59:59Z')
  expect(new Set(texts(day, 'quality'))).toEqual(new Set(['17', '8']))
  await admin('PUT', '/settings', { meterInReadingIds: true })
  const readings = all(
    parse((await api.get(`${base}/Subscription/${own.id}/UsagePoint/${own.points[0]}/MeterReading`, own.access)).body),
    'entry',
  )
  await admin('PUT', '/settings', { meterInReadingIds: false })
  const named = readings.map((entry) =>
    Buffer.from(linkOf(entry, 'self').split('/').at(-1) ?? '', 'base64')
      .toString()
      .split(':')
      .at(-1),
  )
  expect(named).toEqual([old, now])
})

test('D1.6 the admin API moves a customer, expires tokens, fails and slows calls', async () => {
  const { admin, grant, api, base } = bench()
  const own = await grant('customer000007')
  const moved = await admin('POST', '/move', { login: 'customer000007', day: '2026-07-10' })
  const points = texts(await api.get(`${base}/Subscription/${own.id}/UsagePoint`, own.access), 'ServiceCategory').length
  expect(points).toBe(own.points.length * 2)
  expect(moved).toMatchObject({ day: '2026-07-10' })
  await admin('POST', '/fault', { on: 'resource', status: 503, times: 2 })
  const statuses = [
    await api.get(base, own.access),
    await api.get(base, own.access),
    await api.get(`${base}/ReadingType`, own.access),
  ]
  expect(statuses.map((s) => s.status)).toEqual([503, 503, 200])
  await admin('POST', '/fault', { on: 'token', mode: 'expire-now' })
  expect((await api.get(`${base}/ReadingType`, own.access)).status).toBe(403)
})

test('D1.7 a day of the change of time has 23 or 25 hours, without a gap', async () => {
  const { admin, grant, api } = bench()
  const own = await grant('shop')
  await admin('PUT', '/clock', { clock: '2026-11-10T20:00:00Z' })
  const { json } = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh })
  const later = { ...own, access: String(json['access_token']) }
  const feed = await batchOf(bench(), later, '?published-min=2026-11-01T07:00:00Z&published-max=2026-11-02T07:59:59Z')
  const block = all(parse(feed.body), 'IntervalBlock')[0]
  expect(text(block, 'interval', 'duration')).toBe('90000')
  expect(all(block ?? parse('<a/>'), 'IntervalReading')).toHaveLength(100)
})

test('D1.7 missing and estimated readings, gas beside electricity, solar in both directions, a letter with an accent', async () => {
  const { grant, api, base } = bench()
  const solar = await grant('solar')
  const electric = await batchOf(bench(), solar)
  expect(new Set(texts(electric, 'flowDirection'))).toEqual(new Set(['1', '19']))
  expect(texts(await batchOf(bench(), solar, '', 1), 'commodity')).toEqual(['7'])
  expect(texts(electric, 'quality')).toContain('8')
  expect(texts(await api.get(`${base}/Batch/RetailCustomer/${solar.id}`, solar.access), 'name')).toContain('Dana Núñez')
  const home = await grant('home')
  const starts = all(parse((await batchOf(bench(), home)).body), 'timePeriod').map((p) => Number(text(p, 'start')))
  expect(starts.slice(1).some((start, i) => start - (starts[i] ?? 0) > 3600)).toBe(true)
})

test('D1.7 amounts below and at zero, an escaped note, an agreement that closed in the middle of a period', async () => {
  const { grant } = bench()
  const home = await grant('home')
  const bills = await billsOf(bench(), home)
  expect(bills.body).toContain('&lt;Tier 1 &amp; below&gt;')
  expect(texts(bills, 'amount').some((amount) => Number(amount) < 0)).toBe(true)
  const moved = await grant('moved')
  expect(moved.points).toHaveLength(2)
  const [closed] = all(parse((await billsOf(bench(), moved)).body), 'billingPeriod')
  expect(Number(text(closed, 'duration'))).toBeLessThan(28 * 86_400)
})

test('D1.8 a large answer is streamed, and packed when asked', async () => {
  const { grant, base } = bench()
  const own = await grant('solar')
  const client = rawClientOf(bench().utility)
  const path = `${base}/Batch/Subscription/${own.id}/UsagePoint/${own.points[0]}`
  const plain = await client.request(path, { token: own.access })
  const packed = await client.request(path, { token: own.access, headers: { 'accept-encoding': 'gzip' } })
  client.close()
  expect(plain.headers['transfer-encoding']).toBe('chunked')
  expect(plain.pieces).toBeGreaterThan(10)
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(packed.body.length * 5).toBeLessThan(gunzipSync(packed.body).length)
})
