import { expect, test } from 'vitest'

import { startSimulators } from '../../../simulators/index.ts'
import { all, apiOf, type Got, linkOf, parse, text } from '../../../simulators/test-client.ts'
import { addThirdParty, batchOf, billsOf, grantAt, openBench, texts } from './checklist-bench.ts'

const bench = openBench('pge', { customers: 50 })

const bulk = (query = ''): string => `${bench().base}/Batch/Bulk/${bench().utility.registration.bulkId}${query}`

const starts = (got: Pick<Got, 'body'>): number[] =>
  got.body === '' ? [] : all(parse(got.body), 'interval').map((interval) => Number(text(interval, 'start')))

const day = 86_400
const monday = Date.parse('2026-07-06T07:00:00Z') / 1000

test('D2.8 an asynchronous answer: 202, then two addresses, electricity and gas', async () => {
  const { api, base, grant, announced } = bench()
  const own = await grant('solar')
  const [addresses = []] = await announced(async () => {
    const answer = await api.get(`${base}/Batch/Subscription/${own.id}?published-min=${monday}`, own.access)
    expect([answer.status, answer.body]).toEqual([202, ''])
  })
  expect(addresses).toHaveLength(2)
  for (const address of addresses) expect(address).toMatch(/\/Batch\/Subscription\/\d+\?correlationID=[0-9a-f-]{36}$/)
  const [electric, gas] = [await api.get(addresses[0] ?? '', own.access), await api.get(addresses[1] ?? '', own.access)]
  expect([new Set(texts(electric, 'commodity')), new Set(texts(gas, 'commodity'))]).toEqual([
    new Set(['1']),
    new Set(['7']),
  ])
})

test('D2.8 the second address is empty without gas, and both are gone after five days', async () => {
  const { api, admin, grant, announced, clientToken } = bench()
  await admin('PUT', '/third-party', bench().listener)
  await grant('home')
  const [addresses = []] = await announced(async () => api.get(bulk('?published-min=2026-07-10'), await clientToken()))
  const fetchAll = async (): Promise<number[]> => {
    const token = await clientToken()
    return Promise.all(addresses.map(async (address) => (await api.get(address, token)).status))
  }
  expect((await fetchAll())[0]).toBe(200)
  await admin('PUT', '/settings', { dailyPush: false })
  await admin('PUT', '/clock', { clock: '2026-07-20T18:59:00Z' })
  expect((await fetchAll())[0]).toBe(200)
  await admin('PUT', '/clock', { clock: '2026-07-20T19:01:00Z' })
  expect(await fetchAll()).toEqual([404, 404])
  await admin('PUT', '/settings', { goneStatus: 204 })
  expect(await fetchAll()).toEqual([204, 204])
  await admin('PUT', '/settings', { goneStatus: 404, dailyPush: true })
})

test('D2.9 windows: epoch and Zulu, both ends included, whole days; 204 without data', async () => {
  const { grant } = bench()
  const own = await grant('home')
  const ask = (from: string | number, until: string | number) =>
    batchOf(bench(), own, `?published-min=${from}&published-max=${until}`)
  expect(starts(await ask(monday, monday + 82_800))).toEqual([monday])
  expect(starts(await ask(monday, monday + day))).toEqual([monday, monday + day])
  expect(starts(await ask('2026-07-06T07:00:00Z', '2026-07-07T07:00:00Z'))).toEqual([monday, monday + day])
  expect(starts(await ask(monday + 40_000, monday + 44_000))).toEqual([monday])
  const none = await ask(100, 200)
  expect([none.status, none.body]).toEqual([204, ''])
  expect((await ask('yesterday', monday)).status).toBe(400)
})

test('D2.9 updated-min and updated-max look into a change log: published, billed, corrected', async () => {
  const { admin, grant, api } = bench()
  const own = await grant('home')
  const ask = (from: string, until: string) => batchOf(bench(), own, `?updated-min=${from}&updated-max=${until}`)
  // 6 July was published with 8 July.
  expect(starts(await ask('2026-07-08T00:00:00Z', '2026-07-08T23:00:00Z'))).toContain(monday)
  await admin('PUT', '/clock', { clock: '2026-07-15T19:30:00Z' })
  await admin('POST', '/correct', { login: 'home', usagePoint: own.points[0], day: '2026-07-06' })
  await admin('POST', '/rebill', { login: 'home', usagePoint: own.points[0] })
  const corrected = await ask('2026-07-15T19:20:00Z', '2026-07-15T19:40:00Z')
  expect([starts(corrected), new Set(texts(corrected, 'quality'))]).toEqual([[monday], new Set(['19'])])
  expect(starts(await ask('2026-07-08T00:00:00Z', '2026-07-08T23:00:00Z'))).toContain(monday)
  const bills = await billsOf(bench(), own, '?updated-min=2026-07-15T19:20:00Z')
  expect(texts(bills, 'note')).toContain('Billing Adjustment')
  expect((await api.get('/', own.access)).status).toBe(404)
})

test('D2.10 the daily package holds the latest day and the days corrected since, for those who asked for it', async () => {
  const { admin, grant, announced, api, clientToken } = bench()
  const own = await grant('customer000003')
  const quiet = await addThirdParty(bench(), 'quiet', { dailyPush: false })
  await grantAt(quiet, 'customer000003')
  await announced(() =>
    admin('POST', '/correct', { login: 'customer000003', usagePoint: own.points[0], day: '2026-07-06' }),
  )
  const [addresses = []] = await announced(() => admin('POST', '/new-day'))
  const feed = parse((await api.get(addresses[0] ?? '', await clientToken())).body)
  const mine = all(feed, 'entry').filter((e) => linkOf(e, 'self').includes(`/UsagePoint/${own.points[0]}/`))
  const days = mine.flatMap((e) => all(e, 'interval')).map((interval) => Number(text(interval, 'start')))
  // 14 July is published with 16 July: two days after it.
  expect([...new Set(days)]).toEqual([monday, monday + 8 * day])
  expect(quiet.listener.bodies.flatMap((body) => (body.includes('/Batch/Bulk/') ? [body] : []))).toHaveLength(1)
  await quiet.close()
})

test('D2.10 published two or three days later by setting; quality 17 first, 19 after the bill', async () => {
  const { admin, grant, api } = bench()
  const own = await grant('home')
  const last = async (): Promise<number> => starts(await batchOf(bench(), own)).at(-1) ?? 0
  const latest = await last()
  await admin('PUT', '/settings', { publishAfterDays: 3 })
  expect(await last()).toBe(latest - day)
  await admin('PUT', '/settings', { publishAfterDays: null })
  const { json } = await api.token({ grant_type: 'refresh_token', refresh_token: own.refresh })
  const renewed = { ...own, access: String(json['access_token']) }
  const qualities = async (token: string): Promise<string[]> =>
    texts(
      await batchOf(
        bench(),
        { ...renewed, access: token },
        '?published-min=2026-07-13T07:00:00Z&published-max=2026-07-14T06:00:00Z',
      ),
      'quality',
    )
  expect(await qualities(renewed.access)).toContain('17')
  await admin('PUT', '/clock', { clock: '2026-08-30T19:00:00Z' })
  const later = await api.token({ grant_type: 'refresh_token', refresh_token: String(json['refresh_token']) })
  expect(await qualities(String(later.json['access_token']))).not.toContain('17')
})

test('D2.10 a customer who cancels is announced with the address of the Authorization', async () => {
  const { admin, grant, announced, api, clientToken } = bench()
  const own = await grant('customer000004')
  const [addresses = []] = await announced(() => admin('POST', '/revoke', { subscription: own.id }))
  expect(addresses).toEqual([expect.stringMatching(new RegExp(`/resource/Authorization/${own.id}$`))])
  expect(texts(await api.get(addresses[0] ?? '', await clientToken()), 'status')).toEqual(['0'])
})

test('D2.12 limits answer 429 when they are on, and the day turns at 17:00 Pacific', async () => {
  const { admin, api, base, clientToken } = bench()
  const ask = async (token: string): Promise<number> => (await api.get(`${base}/ReadServiceStatus`, token)).status
  const before = await clientToken()
  expect(await Promise.all([ask(before), ask(before), ask(before)])).toEqual([200, 200, 200])
  await admin('PUT', '/clock', { clock: '2026-07-15T23:58:00Z' })
  const token = await clientToken()
  await admin('PUT', '/settings', { quota: { perSecond: 1000, perHour: 1000, perDay: 1 } })
  expect(await ask(token)).toBe(429)
  await admin('PUT', '/clock', { clock: '2026-07-16T00:00:00Z' })
  expect([await ask(token), await ask(token)]).toEqual([200, 429])
  await admin('PUT', '/settings', { quota: { perSecond: 1, perHour: 1000, perDay: 1000 } })
  await admin('PUT', '/clock', { clock: '2026-07-16T00:00:05Z' })
  expect([await ask(token), await ask(token)]).toEqual([200, 429])
  await admin('PUT', '/settings', { quota: null })
})

test('D2.13 authorizing again cancels the old id, and the usage points stay; a new address is a new one', async () => {
  const { admin, api, base, grant, clientToken } = bench()
  const first = await grant('customer000005')
  const second = await grant('customer000005')
  expect([second.id === first.id, second.points]).toEqual([false, first.points])
  expect((await api.get(`${base}/Subscription/${first.id}/UsagePoint`, first.access)).status).toBe(403)
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: first.refresh })).json['error']).toBe(
    'invalid_grant',
  )
  expect(texts(await api.get(`${base}/Authorization/${first.id}`, await clientToken()), 'status')).toEqual(['0'])
  await admin('POST', '/move', { login: 'customer000005', day: '2026-07-08' })
  const entries = all(
    parse((await api.get(`${base}/Subscription/${second.id}/UsagePoint`, second.access)).body),
    'entry',
  )
  const points = entries.map((entry) => linkOf(entry, 'self').split('/').at(-1) ?? '')
  expect(points).toHaveLength(2 * second.points.length)
  const [fresh = ''] = points.filter((point) => !second.points.includes(point))
  expect(starts(await batchOf(bench(), { ...second, points: [fresh] }))[0]).toBeGreaterThanOrEqual(monday + 2 * day)
  expect(starts(await batchOf(bench(), second)).at(-1)).toBe(monday + day)
})

test('D2.14 history of 48 months, publishedPeriod.start names its beginning', async () => {
  const { listener } = bench()
  const simulators = await startSimulators({
    clock: '2026-07-15T19:00:00Z',
    historyMonths: 48,
    thirdParties: { pge: listener },
  })
  const api = apiOf(simulators.pge)
  const own = await grantAt({ utility: simulators.pge, api, listener }, 'home')
  const client = String((await api.token({ grant_type: 'client_credentials' })).json['client_access_token'])
  const authorization = parse((await api.get(`${bench().base}/Authorization/${own.id}`, client)).body)
  const begin = Number(text(all(authorization, 'publishedPeriod')[0], 'start')) / 1000
  const months = (Date.parse('2026-07-15T19:00:00Z') / 1000 - begin) / (30.44 * day)
  expect([months > 47.9, months < 50]).toEqual([true, true])
  const window = `?published-min=${begin}&published-max=${begin + 80_000}`
  const oldest = await api.get(
    `${bench().base}/Batch/Subscription/${own.id}/UsagePoint/${own.points[0]}${window}`,
    own.access,
  )
  expect(starts(oldest)).toEqual([begin])
  await api.close()
  await simulators.close()
})

test('D2.14 a third party with a shorter HistoryLength sees that much', async () => {
  const recent = await addThirdParty(bench(), 'recent', { historySeconds: 30 * day })
  const theirs = await grantAt(recent, 'home')
  expect(String(theirs.json['scope'])).toContain(`HistoryLength=${30 * day};`)
  const seen = starts(
    await recent.api.get(
      `${bench().base}/Batch/Subscription/${theirs.id}/UsagePoint/${theirs.points[0]}`,
      theirs.access,
    ),
  )
  expect(seen[0]).toBe(Date.parse('2026-06-15T07:00:00Z') / 1000)
  await bench().admin('POST', '/revoke', { subscription: theirs.id })
  await recent.close()
})
