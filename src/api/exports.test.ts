import { zstdDecompressSync } from 'node:zlib'

import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { addBills, addMeter, addReadings, apiFixture, type Fixture, sampleBill } from '../../test/api-fixture.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'

const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

async function parquet(path: string) {
  const { statusCode, headers, rawPayload } = await api.app.inject({
    url: `/api/v3/exports/${path}`,
    headers: { authorization: 'Bearer token-ours' },
  })
  const file = new Uint8Array(rawPayload).buffer
  expect([statusCode, headers['content-type']]).toEqual([200, 'application/vnd.apache.parquet'])
  return { file, rows: await parquetReadObjects({ file, compressors }) }
}

async function csv(path: string): Promise<string[][]> {
  const { status, headers, text } = await api.get(`/api/v3/exports/${path}&format=csv`)
  expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(','))
}

test('readings of every channel come as Parquet and as CSV, oldest first, exact, with moments in UTC', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bulk-1' })
  const start = '2026-11-01T08:30:00Z'
  const place: [string, string] = [authorization, meter]
  await addReadings(api, place, { start, values: [550_001, null, 100], duration: 1800 })
  await addReadings(api, place, { start, values: [3], duration: 1800, quality: 0, channel: { direction: 'received' } })
  const { rows } = await parquet(`intervals?meters=${meter}`)
  const same = {
    meter_uid: meter,
    authorization_uid: authorization,
    utility: 'DEMO',
    timezone: 'America/Los_Angeles',
    commodity: 'electricity',
    quantity: 'energy',
    part: null,
    unit: 'kwh',
    cost: null,
    currency: null,
    tou: null,
  }
  const moment = (time: string) => new Date(`2026-11-01T${time}:00Z`)
  const delivered = { ...same, direction: 'delivered', quality: 'revenue' }
  expect(rows).toEqual([
    { ...delivered, start: moment('08:30'), end: moment('09:00'), value: 0.550001 },
    { ...delivered, start: moment('09:30'), end: moment('10:00'), value: 0.0001 },
    { ...same, direction: 'received', quality: null, start: moment('08:30'), end: moment('09:00'), value: 0.000003 },
  ])
  const [head = [], first = [], ...others] = await csv(`intervals?meters=${meter}`)
  expect(head).toEqual(Object.keys(rows[0] ?? {}).toSorted((a, b) => head.indexOf(a) - head.indexOf(b)))
  expect(first.slice(8, 13)).toEqual(['2026-11-01T08:30:00Z', '2026-11-01T09:00:00Z', '0.550001', 'kwh', 'revenue'])
  expect(others).toHaveLength(2)
  const cut = await csv(`intervals?meters=${meter}&start=2026-11-01T09:00:00Z&end=2026-11-01T10:00:00Z`)
  expect(cut.slice(1).map((line) => line[10])).toEqual(['0.0001'])
})

test('bills and their line items come as tables that add up', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bulk-2', serviceTariff: '@tariff' })
  const later = { start: sampleBill.end, end: epochSeconds(sampleBill.end + 28 * 86_400), tariff: null, total: null }
  const [first, second] = await addBills(api, [authorization, meter], [{}, later])
  const { rows } = await parquet(`bills?meters=${meter}`)
  expect(rows).toEqual([
    expect.objectContaining({
      ...{ bill_uid: first, meter_uid: meter, days: 29, total: 194.78, currency: 'USD', volume: 837, unit: 'kwh' },
      ...{ line_items: 5, tariff: 'E1 XB', statement_date: null, bill_start: new Date('2026-01-07T08:00:00Z') },
    }),
    expect.objectContaining({ bill_uid: second, total: null, tariff: '@tariff', days: 28 }),
  ])
  const { rows: lines } = await parquet(`line-items?meters=${meter}`)
  const costs = lines.filter(({ bill_uid }) => bill_uid === first).map(({ cost }) => Math.round(Number(cost) * 1e5))
  expect(costs.reduce((sum, cost) => sum + cost, 0)).toBe(19_478_000)
  expect(lines[0]).toMatchObject({ name: 'Tier 1', kind: 'delivery', volume: 327, unit: 'kwh', rate: 0.1617 })
  expect((await csv(`bills?meters=${meter}`)).map((line) => line[10])).toEqual(['tariff', 'E1 XB', "'@tariff"])
})

test('many meters come in one file of several row groups, each reading once', async () => {
  const values = Array.from({ length: 3000 }, (_, at) => at)
  const uids: string[] = []
  for (const usagePoint of ['many-1', 'many-2', 'many-3', 'many-4', 'many-5', 'many-6', 'many-7']) {
    const meter = await addMeter(api, authorization, { usagePoint })
    await addReadings(api, [authorization, meter], { start: '2026-01-01T08:00:00Z', values, duration: 3600 })
    uids.push(meter)
  }
  const { file, rows } = await parquet(`intervals?meters=${uids.join(',')}`)
  expect(parquetMetadata(file).row_groups.length).toBe(4)
  const sum = (meter: string) =>
    rows.reduce((all, row) => all + (row['meter_uid'] === meter ? Math.round(Number(row['value']) * 1e6) : 0), 0)
  expect(uids.map(sum)).toEqual(uids.map(() => (3000 * 2999) / 2))
  expect((await csv(`intervals?authorizations=${authorization}`)).length).toBeGreaterThan(7 * 3000)
})

test('a bulk export is of the own company, names what is missing, and is no part of the old contract', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bulk-3' })
  expect((await api.get(`/api/v3/exports/intervals?meters=${meter}`, 'token-theirs')).status).toBe(404)
  expect((await api.get('/api/v3/exports/bills')).body).toMatchObject({ code: 'required_param_missing' })
  expect((await api.get(`/api/v3/exports/bills?meters=${meter}&format=xlsx`)).body).toMatchObject({
    code: 'invalid_param',
    errors: [{ field: 'format' }],
  })
  expect((await api.get(`/exports/bills?meters=${meter}`)).status).toBe(404)
})
