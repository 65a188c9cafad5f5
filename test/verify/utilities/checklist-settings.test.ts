import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { all, linkOf, parse, resourcesOf } from '../../../simulators/test-client.ts'
import { addThirdParty, batchOf, openBench, texts } from './checklist-bench.ts'

/** D4: each unknown that touches the wire is a setting, and the wire follows it. SCE's are in D3.1, D3.2, D3.3 and D3.7. */
const bench = openBench('pge')

/** Does something under other settings, and sets them back. */
const under = async <T>(
  settings: Record<string, unknown>,
  back: Record<string, unknown>,
  act: () => Promise<T>,
): Promise<T> => {
  await bench().admin('PUT', '/settings', settings)
  try {
    return await act()
  } finally {
    await bench().admin('PUT', '/settings', back)
  }
}

test.each([403, 401])('D4 status after revocation: %s', async (revokedStatus) => {
  const { grant, admin, api, base } = bench()
  const own = await grant('home')
  await admin('POST', '/revoke', { subscription: own.id })
  const status = await under({ revokedStatus }, { revokedStatus: 403 }, async () => {
    return (await api.get(`${base}/Subscription/${own.id}/UsagePoint`, own.access)).status
  })
  expect(status).toBe(revokedStatus)
})

test('D4 status and body over the limit', async () => {
  const { api, base, clientToken } = bench()
  const token = await clientToken()
  const quota = { perSecond: 1000, perHour: 1, perDay: 1000 }
  const answer = await under(
    { quota, limitStatus: 503, limitBody: 'slow down' },
    { quota: null, limitStatus: 429, limitBody: 'API calls quota exceeded' },
    () => api.get(`${base}/ReadServiceStatus`, token),
  )
  expect([answer.status, answer.body]).toEqual([503, 'slow down'])
})

test('D4 dates of a window: both forms, Zulu only, or epoch only', async () => {
  const own = await bench().grant('home')
  const statuses = async (): Promise<number[]> => [
    (await batchOf(bench(), own, '?published-min=2026-07-10T07:00:00Z')).status,
    (await batchOf(bench(), own, '?published-min=1783666800')).status,
  ]
  expect(await statuses()).toEqual([200, 200])
  expect(await under({ windowDates: 'zulu' }, { windowDates: 'both' }, statuses)).toEqual([200, 400])
  expect(await under({ windowDates: 'epoch' }, { windowDates: 'both' }, statuses)).toEqual([400, 200])
})

test('D4 the encoding of MeterReading ids, with and without the meter', async () => {
  const own = await bench().grant('home')
  const parts = async (): Promise<number> => {
    const entry = all(parse((await batchOf(bench(), own, '?published-min=2026-07-10')).body), 'entry').find((e) =>
      linkOf(e, 'self').includes('/MeterReading/'),
    )
    const id = /MeterReading\/([^/]+)/.exec(linkOf(entry ?? parse('<a/>'), 'self'))?.[1] ?? ''
    return Buffer.from(id, 'base64').toString().split(':').length
  }
  expect(await parts()).toBe(2)
  expect(await under({ meterInReadingIds: true }, { meterInReadingIds: false }, parts)).toBe(3)
})

test('D4 utcNumber in the customer data, or not', async () => {
  const { grant, api, base } = bench()
  const own = await grant('home')
  const numbers = async (): Promise<string[]> =>
    texts(await api.get(`${base}/Batch/RetailCustomer/${own.id}`, own.access), 'utcNumber')
  expect(await numbers()).toEqual([])
  expect(await under({ utcNumber: true }, { utcNumber: false }, numbers)).toEqual([expect.stringMatching(/^UTC\d+$/)])
})

test('D4 the body of a 202, the status of DELETE, the answer without data', async () => {
  const { grant, api, base, clientToken } = bench()
  const own = await grant('home')
  const [accepted, none, deleted] = await under(
    { acceptedBody: '<accepted/>', emptyStatus: 200, deleteStatus: 204 },
    { acceptedBody: '', emptyStatus: 204, deleteStatus: 200 },
    async () => [
      await api.get(`${base}/Batch/Subscription/${own.id}?published-min=2026-07-10`, own.access),
      await batchOf(bench(), own, '?published-min=100&published-max=200'),
      await api.get(`${base}/Authorization/${own.id}`, await clientToken(), 'DELETE'),
    ],
  )
  expect([accepted?.status, accepted?.body]).toEqual([202, '<accepted/>'])
  expect([none?.status, none?.body, deleted?.status]).toEqual([200, '', 204])
})

test('D4 the retry policy of notifications', async () => {
  const { admin, grant, listener } = bench()
  await grant('home')
  const before = listener.bodies.length
  await under({ notifyRetryMs: [5, 5, 5, 5] }, { notifyRetryMs: [200, 800, 2500] }, async () => {
    listener.statuses.push(500, 500, 500, 500)
    await admin('POST', '/push')
    await listener.next(before + 5)
  })
  expect(new Set(listener.bodies.slice(before).map((body) => resourcesOf(body).join())).size).toBe(1)
})

test('D4 whether the end of an authorization that a new one replaces is announced', async () => {
  const party = await addThirdParty(bench(), 'replaced')
  const { grant, announced } = bench()
  const first = await grant('shop')
  const [addresses = []] = await under({ announceReplaced: true }, { announceReplaced: false }, () =>
    announced(() => grant('shop')),
  )
  expect(addresses).toEqual([expect.stringMatching(new RegExp(`/Authorization/${first.id}$`))])
  expect(party.listener.bodies).toEqual([])
  await party.close()
})

test('D4 customerResourceURI in the token answer, periods in seconds', async () => {
  const { grant, api, base, clientToken } = bench()
  const own = await under(
    { customerResourceUri: true, periodsInMilliseconds: false },
    { customerResourceUri: false, periodsInMilliseconds: true },
    async () => {
      const granted = await grant('home')
      return { ...granted, authorization: await api.get(`${base}/Authorization/${granted.id}`, await clientToken()) }
    },
  )
  expect(own.json['customerResourceURI']).toMatch(new RegExp(`/Batch/RetailCustomer/${own.id}$`))
  expect(Number(texts(own.authorization, 'start')[0])).toBe(Date.parse('2026-07-15T19:00:00Z') / 1000)
})

test('D4 every item of D1, D2 and D3 has a test whose name begins with it', () => {
  const count = { D1: 8, D2: 14, D3: 7 }
  const items = Object.entries(count).flatMap(([part, n]) => Array.from({ length: n }, (_, i) => `${part}.${i + 1}`))
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
  const text = files.map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8')).join('\n')
  expect(items.filter((item) => !text.includes(`('${item} `))).toEqual([])
})
