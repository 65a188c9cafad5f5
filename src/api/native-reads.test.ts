import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import {
  addBills,
  addMeter,
  addReadings,
  type Answer,
  apiFixture,
  type Fixture,
  listOf,
  NOW,
} from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { currencyE5 } from '../units/currency-e5.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'

const clock = { ms: NOW.getTime() }
let api: Fixture
let authorizationUid: Uid
let meterUid: Uid
beforeAll(async () => void (api = await apiFixture({ now: () => new Date(clock.ms) })))
beforeEach(async () => {
  authorizationUid = await seedAuthorization(api.database.db, api.ours, { utility: 'DEMO' })
  meterUid = await addMeter(api, authorizationUid)
})
afterAll(async () => await api.close())

const get = async (path: string): Promise<Answer> => await api.get(`/api/v3${path}`)

/** An hour of energy each, in Wh at -3. */
const hours = async (start: string, count: number, more: { source?: Uid; quality?: number; value?: number } = {}) =>
  await addReadings(api, [authorizationUid, meterUid], {
    start,
    values: Array.from({ length: count }, () => more.value ?? 1_000_000),
    duration: 3600,
    ...more,
  })

test('sums by day and month are of the calendar of the utility, with days of 23 and 25 hours', async () => {
  await hours('2026-03-08T08:00:00Z', 23 + 24) // the clocks go forward on the 8th
  await hours('2026-11-01T07:00:00Z', 25) // and back on the 1st
  const sums = async (query: string) =>
    listOf<{ channels: { unit: string; periods: Record<string, unknown>[] }[] }>(
      await get(`/sums?meters=${meterUid}&${query}`),
      'sums',
    )[0]?.channels[0]
  expect(await sums('by=day')).toMatchObject({
    unit: 'kwh',
    periods: [
      { start: '2026-03-08T00:00:00.000000-08:00', end: '2026-03-09T00:00:00.000000-07:00', readings: 23, total: 23 },
      { start: '2026-03-09T00:00:00.000000-07:00', readings: 24, total: 24 },
      { start: '2026-11-01T00:00:00.000000-07:00', end: '2026-11-02T00:00:00.000000-08:00', readings: 25, total: 25 },
    ],
  })
  expect((await sums('by=month'))?.periods.map(({ start, total }) => [start, total])).toEqual([
    ['2026-03-01T00:00:00.000000-08:00', 47],
    ['2026-11-01T00:00:00.000000-07:00', 25],
  ])
  expect((await sums('by=day&start=2026-03-09&end=2026-11-01'))?.periods).toHaveLength(1)
  expect((await get(`/sums?meters=${meterUid}&by=week`)).body['errors']).toMatchObject([{ field: 'by' }])
  expect((await get('/sums')).body['errors']).toMatchObject([{ field: 'authorizations' }, { field: 'meters' }])
  expect((await api.get(`/api/v3/sums?meters=${meterUid}`, 'token-theirs')).status).toBe(404)
})

test('columns come by format=columns and hold what rows do', async () => {
  await hours('2026-07-01T07:00:00Z', 5)
  const [asked, included] = [
    await get(`/intervals?meters=${meterUid}&format=columns`),
    await api.get(`/intervals?meters=${meterUid}&include=columns`),
  ]
  expect(asked.text).toBe(included.text)
  expect(listOf(asked, 'intervals')).toMatchObject([
    { columns: [{ values: Array.from({ length: 5 }, () => 1_000_000) }] },
  ])
  expect((await get(`/bills?meters=${meterUid}&format=columns`)).body['code']).toBe('unknown_param')
})

test('quality tells coverage, gaps, estimates, clock changes, and bills against readings and lines', async () => {
  await hours('2026-01-07T08:00:00Z', 29 * 24)
  await hours('2026-03-08T08:00:00Z', 22, { quality: 2 })
  const [ok, wrong] = await addBills(
    api,
    [authorizationUid, meterUid],
    [
      { volume: { value: 696_000, exponent: 0, unit: 'Wh' } },
      { start: epochSeconds(1_800_000_000), end: epochSeconds(1_800_086_400), total: currencyE5(1), volume: null },
    ],
  )
  const { body } = await get(`/meters/${meterUid}/quality`)
  expect(body).toMatchObject({
    meter_uid: meterUid,
    channels: [
      {
        unit: 'kwh',
        readings: 718,
        gap_count: 1,
        gaps: [{ start: '2026-02-05T00:00:00.000000-08:00', end: '2026-03-08T00:00:00.000000-08:00' }],
        estimated_share: 22 / 718,
        qualities: { estimated: 22, revenue: 696 },
        clock_changes: [{ date: '2026-03-08', hours: 23, covered_hours: 22, is_complete: false }],
      },
    ],
    bills: [
      { bill_uid: wrong, bill_volume: null, difference: null, line_items_add_up: false },
      {
        bill_uid: ok,
        unit: 'kwh',
        bill_volume: 696,
        interval_volume: 696,
        difference: 0,
        covered_share: 1,
        bill_total: 194.78,
        line_items_total: 194.78,
        line_items_add_up: true,
      },
    ],
  })
  expect((await api.get(`/api/v3/meters/${meterUid}/quality`, 'token-theirs')).status).toBe(404)
})

test('lineage tells from which raw feed readings came, and where it is while it is kept', async () => {
  await hours('2026-07-01T07:00:00Z', 4, { source: '901' })
  await hours('2026-07-01T09:00:00Z', 1, { source: '902', value: 7 })
  await api.database.admin(
    `insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256,
       size, body) values ($1, 901, $2, 'usage', '', $3, 'text/xml', '', 0, '')`,
    [authorizationUid, api.ours.companyUid, NOW],
  )
  const lineage = listOf(await get(`/meters/${meterUid}/lineage`), 'lineage')
  const raw_url = `https://proxy.example/api/v2/files/raw_feed/${authorizationUid}/901`
  const kept = { raw_feed_uid: '901', product: 'usage', fetched: '2026-11-25T12:00:00.000000+00:00', raw_url }
  expect(lineage).toMatchObject([
    { start: '2026-07-01T00:00:00.000000-07:00', readings: 2, source: kept },
    { readings: 1, source: { raw_feed_uid: '902', product: null, fetched: null, raw_url: null } },
    { end: '2026-07-01T04:00:00.000000-07:00', readings: 1, source: kept },
  ])
  expect((await get(raw_url.replace('https://proxy.example/api/v2', ''))).status).toBe(200)
  expect(listOf(await get(`/meters/${meterUid}/lineage?start=2026-07-01T03:00`), 'lineage')).toHaveLength(1)
})

test('updated_after leaves out what was not changed since, in meters, bills and intervals', async () => {
  await hours('2026-07-01T07:00:00Z', 2)
  await addBills(api, [authorizationUid, meterUid], [{}])
  for (const [path, plural] of [
    [`/meters?uids=${meterUid}`, 'meters'],
    [`/bills?meters=${meterUid}`, 'bills'],
    [`/intervals?meters=${meterUid}`, 'intervals'],
  ] as const) {
    const count = async (since: string) => listOf(await get(`${path}&updated_after=${since}`), plural).length
    expect([await count('2026-11-25T12:00:00Z'), await count('2026-11-25T12:00:01Z')]).toEqual([1, 0])
    expect((await get(`${path}&updated_after=yesterday`)).body['errors']).toMatchObject([{ field: 'updated_after' }])
  }
})

test('utilities tell what they deliver and whether customers can be sent there', async () => {
  const utilities = listOf(await get('/utilities'), 'utilities')
  expect(utilities.length).toBeGreaterThan(2)
  const of = (id: string) => utilities.find((utility) => utility['id'] === id)
  expect(of('SCE')).toMatchObject({ timezone: 'America/Los_Angeles', is_available: false, environment: null })
  expect(of('DEMO')).toMatchObject({ is_available: true, environment: 'simulated', products: { bill_pdfs: false } })
})
