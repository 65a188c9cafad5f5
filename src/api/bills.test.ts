import { afterAll, beforeAll, expect, test } from 'vitest'

import { addBills, addMeter, apiFixture, type Fixture, listOf, NOW, sampleBill } from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'
import type { Bill } from '../model/bill.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

let usagePoints = 0
async function meterWith(bills: Partial<Bill>[], source = '1') {
  const supplier = {
    supplier_type: 'cca' as const,
    supplier_name: 'Bay Clean Power',
    supplier_service_id: 's-1',
    supplier_tariff: null,
  }
  const meter = await addMeter(api, authorization, { usagePoint: `up-${++usagePoints}`, suppliers: [supplier] })
  return { meter, uids: await addBills(api, [authorization, meter], bills, source) }
}

/** A bill of one month of 2026, local midnight to local midnight. */
const monthly = (month: number): Partial<Bill> => ({
  start: epochSeconds(Date.UTC(2026, month - 1, 1, month > 3 ? 7 : 8) / 1000),
  end: epochSeconds(Date.UTC(2026, month, 1, month + 1 > 3 ? 7 : 8) / 1000),
})

test('a bill has every documented key in order and the amounts of the document', async () => {
  const { meter, uids } = await meterWith([{}], '17')
  const answer = await api.get(`/bills?meters=${meter}`)
  expect(answer.status).toBe(200)
  const [bill = {}] = listOf(answer, 'bills')
  const expected = {
    uid: uids[0],
    meter_uid: meter,
    authorization_uid: authorization,
    created: '2026-11-25T12:00:00.000000+00:00',
    updated: '2026-11-25T12:00:00.000000+00:00',
    utility: 'DEMO',
    notes: [],
    blocks: ['base', 'sources', 'line_items', 'suppliers', 'tiers', 'tou', 'demand', 'power', 'programs'],
    base: {
      service_identifier: '1234222222-9',
      service_tariff: 'E1 XB',
      service_class: 'res-electric',
      service_address: '123 Main St, Berkeley CA 94703',
      meter_numbers: ['1009999999'],
      billing_contact: 'Carla Customer',
      billing_address: '123 Main St, Berkeley CA 94703',
      billing_account: '77-1',
      bill_start_date: '2026-01-07T00:00:00.000000-08:00',
      bill_end_date: '2026-02-05T00:00:00.000000-08:00',
      bill_statement_date: null,
      bill_total_cost: 194.78,
      bill_total_volume: 837,
      bill_total_unit: 'kwh',
      bill_total_kwh: 837,
    },
    sources: [{ type: 'greenbutton_cmd', raw_url: `https://proxy.example/api/v2/files/raw_feed/${authorization}/17` }],
    line_items: [
      item('Tier 1', 52.88, 327, 0.1617),
      item('Tier 2', 18.14, 98.1, 0.18491),
      item('Tier 3', 62.54, 228.9, 0.27322),
      item('Tier 4', 60.98, 183, 0.33322),
      item('Energy Commission Tax', 0.24, null, null),
    ],
    suppliers: [
      {
        supplier_type: 'cca',
        supplier_name: 'Bay Clean Power',
        supplier_service_id: 's-1',
        supplier_tariff: null,
        supplier_total_cost: null,
        supplier_total_volume: null,
        supplier_total_unit: null,
        supplier_line_items: [],
      },
    ],
    tiers: [{ name: 'Tier 1', level: 1, cost: 52.88, volume: 327, unit: 'kwh' }],
    tou: [{ name: 'Peak', bucket: 'peak', cost: null, volume: 100, unit: 'kwh' }],
    demand: [{ name: 'Peak demand', cost: null, demand: 5.25 }],
    power: [],
    programs: [],
  }
  expect(JSON.stringify(bill, null, 1)).toBe(JSON.stringify(expected, null, 1))
})

function item(name: string, cost: number, volume: number | null, rate: number | null) {
  const [start, end] = ['2026-01-07T00:00:00.000000-08:00', '2026-02-05T00:00:00.000000-08:00']
  return { name, start, end, cost, volume, rate, unit: volume === null ? null : 'kwh', kind: 'delivery' }
}

test('a gas bill is in therms, with no kilowatt-hours', async () => {
  const volume = { value: 41, exponent: 0, unit: 'therm' } as const
  const { meter } = await meterWith([{ commodity: 'gas', volume, total: null, lines: [] }])
  const [bill] = listOf(await api.get(`/bills?meters=${meter}`), 'bills')
  expect(bill).toMatchObject({
    base: { bill_total_volume: 41, bill_total_unit: 'therms', bill_total_kwh: null, bill_total_cost: null },
    line_items: [],
  })
})

test('arithmetic that fails is a note on the bill', async () => {
  const { meter, uids } = await meterWith([{ warnings: ['lines_do_not_add_up'] }, { ...monthly(5), warnings: ['odd'] }])
  await api.database.admin(`update bills set notes = '[{"type": "strange", "msg": "m"}]' where bill_uid = $1`, [
    uids[0],
  ])
  const ts = '2026-11-25T12:00:00.000000+00:00'
  const [odd, unequal] = listOf(await api.get(`/bills?meters=${meter}`), 'bills')
  expect(odd?.['notes']).toEqual([{ type: 'strange', msg: expect.stringContaining('odd'), ts }])
  expect(unequal?.['notes']).toEqual([
    { type: 'strange', msg: 'm', ts },
    { type: 'audit_failed_on_line_items', msg: expect.any(String), ts },
  ])
})

test('bills come newest period first, earliest first on wish, and page by page with all filters', async () => {
  const { meter, uids } = await meterWith([monthly(1), monthly(2), monthly(3), monthly(4)])
  const list = async (query: string) =>
    listOf(await api.get(`/bills?meters=${meter}${query}`), 'bills').map(({ uid }) => uid)
  expect(await list('')).toEqual(uids.toReversed())
  expect(await list('&order=earliest_first')).toEqual(uids)
  for (const order of ['latest_first', 'earliest_first']) {
    const first = await api.get(`/bills?meters=${meter}&order=${order}&limit=3`)
    const second = await api.get(String(first.body['next']))
    expect(second.body['next']).toBeNull()
    expect([...listOf(first, 'bills'), ...listOf(second, 'bills')].map(({ uid }) => uid)).toEqual(
      order === 'latest_first' ? uids.toReversed() : uids,
    )
  }
  // Wholly inside: a bill that straddles the edge is left out. Short dates are local midnights.
  expect(await list('&start=2026-02-01')).toEqual(uids.slice(1).toReversed())
  expect(await list('&start=2026-02-02')).toEqual(uids.slice(2).toReversed())
  expect(await list('&start=2026-02-01&end=2026-04-01')).toEqual([uids[2], uids[1]])
  expect(await list('&start=2026-02-01T08:00:00Z&end=2026-04-01T06:59:59Z')).toEqual([uids[1]])
})

test('several meters at once, by list or by authorization', async () => {
  const one = await meterWith([monthly(1)])
  const two = await meterWith([monthly(2)])
  for (const query of [`meters=${one.meter},${two.meter}`, `meters=${one.meter}&meters=${two.meter}&meters=99`]) {
    const found = listOf(await api.get(`/bills?${query}`), 'bills').map(({ uid }) => uid)
    expect(found).toEqual([...two.uids, ...one.uids])
  }
  const all = listOf(await api.get(`/bills?authorizations=${authorization}`), 'bills').map(({ uid }) => uid)
  expect(all).toEqual(expect.arrayContaining([...one.uids, ...two.uids]))
})

test('without meters or authorizations there is no answer; without bills there is an empty one', async () => {
  const { status, body } = await api.get('/bills?start=2026-01-01')
  expect([status, body['error']]).toEqual([400, 'required_param_missing'])
  const { meter } = await meterWith([])
  expect((await api.get(`/bills?meters=${meter}`)).body).toEqual({ bills: [], next: null })
  expect((await api.get(`/bills?meters=${meter}&order=random`)).status).toBe(400)
  expect((await api.get('/bills?meters=77')).status).toBe(404)
})

test('bills of an expired authorization stay readable, of a revoked one they are gone at once', async () => {
  const uid = await seedAuthorization(api.database.db, api.ours, { now: NOW })
  const meter = await addMeter(api, uid)
  await addBills(api, [uid, meter], [sampleBill])
  await api.database.admin(`update authorizations set state = 'expired' where authorization_uid = $1`, [uid])
  expect(listOf(await api.get(`/bills?authorizations=${uid}`), 'bills')).toHaveLength(1)
  await api.database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [uid])
  expect((await api.get(`/bills?authorizations=${uid}`)).status).toBe(404)
  expect((await api.get(`/bills?meters=${meter}`)).status).toBe(404)
  const other = await meterWith([monthly(1)])
  const page = await api.get(`/bills?meters=${meter},${other.meter}&limit=1`)
  expect(listOf(page, 'bills').map(({ uid: told }) => told)).toEqual(other.uids)
  expect(page.body['next']).toBeNull()
})
