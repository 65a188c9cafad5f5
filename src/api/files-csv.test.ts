import { afterAll, beforeAll, expect, test } from 'vitest'

import {
  addBills,
  addMeter,
  addReadings,
  apiFixture,
  type Fixture,
  listOf,
  PUBLIC_URL,
  sampleBill,
} from '../../test/api-fixture.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

const DAY = 86_400

async function fileOf(path: string): Promise<string[]> {
  const { status, headers, text } = await api.get(path)
  expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
  expect(headers['content-disposition']).toMatch(/^attachment; filename="[a-z_]+\.csv"$/)
  return text.split('\r\n')
}

test('a file of bills has the columns of the incumbent, and one for each thing that some bill has', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bill-1', serviceAddress: '+1 Main St, "A"' })
  const plain = { tou: [], demand: [], tariff: '=cmd()', total: null, volume: null }
  const later = { start: sampleBill.end, end: epochSeconds(sampleBill.end + 31 * DAY) }
  const wh = (value: number) => ({ value, exponent: 0, unit: 'Wh' }) as const
  const tou = [
    { name: 'Winter Usage, Mid-Peak', bucket: 'part-peak', cost: sampleBill.total, quantity: wh(1500) },
    { name: 'Winter Usage, Mid-Peak', bucket: 'part-peak', cost: sampleBill.total, quantity: wh(250) },
  ]
  await addBills(api, [authorization, meter], [{ tou }, { ...plain, ...later }], '41')
  const lines = await fileOf(`/files/meters_bills_csv?meters=${meter}`)
  const before = `${meter},DEMO,1234222222-9,77-1,"'+1 Main St, ""A""",1009999999`
  const behind = `${PUBLIC_URL}/api/v2/files/raw_feed/${authorization}/41,2026-11-25T12:00:00.000000+00:00`
  expect(lines).toEqual([
    'meter_uid,utility,utility_service_id,utility_billing_account,utility_service_address,utility_meter_number,utility_tariff_name,bill_start_date,bill_end_date,bill_days,bill_statement_date,bill_total_kWh,bill_total,source,updated,bill_volume,bill_total_unit,Winter_Usage_Mid_Peak_cost,Winter_Usage_Mid_Peak_kwh,Peak_demand_kw',
    `${before},'=cmd(),2026-02-05T00:00:00.000000-08:00,2026-03-08T00:00:00.000000-08:00,31,,,,${behind},,,,,`,
    `${before},E1 XB,2026-01-07T00:00:00.000000-08:00,2026-02-05T00:00:00.000000-08:00,29,,837,194.78,${behind},837,kwh,389.56,1.75,5.25`,
    '',
  ])
  expect((await fileOf(`/files/meters_bills_csv?authorizations=${authorization}&end=2026-02-06`)).length).toBe(3)
})

test('a file of line items adds up to the bills in JSON', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bill-2' })
  await addBills(api, [authorization, meter], [{}])
  const [head = '', ...lines] = await fileOf(`/files/meters_lineitems_csv?meters=${meter}`)
  const columns = head.split(',')
  const rows = lines.slice(0, -1).map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(columns.map((name, at) => [name, cells[at + cells.length - columns.length] ?? '']))
  })
  const [bill] = listOf<{ line_items: { name: string; cost: number; volume: number | null; rate: number | null }[] }>(
    await api.get(`/bills?meters=${meter}`),
    'bills',
  )
  const cell = (value: number | null) => (value === null ? '' : String(value))
  expect(rows.map((row) => [row['line_item_name'], row['line_item_cost'], row['line_item_volume']])).toEqual(
    bill?.line_items.map(({ name, cost, volume }) => [name, cell(cost), cell(volume)]),
  )
  expect(rows[0]).toMatchObject({ line_item_unit: 'kwh', line_item_rate: '0.1617', line_item_kind: 'delivery' })
})

test('a file of meters names each meter of an authorization, archived ones too', async () => {
  const own = await apiFixture()
  try {
    const uid = own.ours.authorizationUid
    const first = await addMeter(own, uid, { usagePoint: 'a', billingContact: '@Carla' })
    const second = await addMeter(own, uid, { usagePoint: 'b' })
    await addReadings(own, [uid, first], { start: '2026-07-01T07:00:00Z', values: [1, 2], duration: 3600 })
    await own.send('PATCH', `/meters/${second}`, { is_archived: true })
    const { text } = await own.get(`/files/meters_csv?accounts=${uid}`)
    const lines = text.split('\r\n')
    expect(lines[0]?.split(',').slice(0, 4)).toEqual([
      'meter_uid',
      'authorization_uid',
      'utility',
      'utility_service_id',
    ])
    const one = lines.find((line) => line.startsWith(first))
    expect(one).toContain(`,'@Carla,`)
    expect(one).toContain(',0,,,2,2026-07-01T00:00:00.000000-07:00,2026-07-01T02:00:00.000000-07:00,')
    expect(lines.filter((line) => line.startsWith(second))).toHaveLength(1)
    expect((await own.get(`/files/meters_csv?accounts=${uid}`, 'token-theirs')).status).toBe(404)
    expect((await own.get('/files/meters_csv')).body).toMatchObject({ error: 'required_param_missing' })
  } finally {
    await own.close()
  }
})

test('files of bills are of the own company only', async () => {
  const meter = await addMeter(api, authorization, { usagePoint: 'bill-3' })
  for (const name of ['meters_bills_csv', 'meters_lineitems_csv']) {
    expect((await api.get(`/files/${name}?meters=${meter}`, 'token-theirs')).status).toBe(404)
    expect((await api.get(`/files/${name}`)).body).toMatchObject({ error: 'required_param_missing' })
    expect((await fileOf(`/files/${name}?meters=${meter}`)).length).toBe(2)
  }
})
