import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  addBills,
  addMeter,
  addReadings,
  apiFixture,
  type Fixture,
  listOf,
  NOW,
  words,
} from '../../test/api-fixture.ts'
import { seedAuthorization } from '../../test/database.ts'
import type { MeterFacts } from '../model/meter.ts'

let api: Fixture
let authorization: string
beforeAll(async () => {
  api = await apiFixture()
  authorization = api.ours.authorizationUid
})
afterAll(async () => await api.close())

let usagePoints = 0
const add = async (facts: Partial<MeterFacts> = {}, owner = authorization, now = NOW) =>
  await addMeter(api, owner, { usagePoint: `up-${++usagePoints}`, ...facts }, now)
const set = async (uid: string, changes: string) =>
  await api.database.admin(`update meters set ${changes} where meter_uid = $1`, [uid])
const list = async (query: string) => listOf(await api.get(`/meters?${query}`), 'meters').map(({ uid }) => uid)

const BASE_KEYS = words(`
  service_identifier service_tariff service_class service_address meter_numbers billing_contact
  billing_address billing_account`)
const KEYS = words(`
  uid authorization_uid created user_email user_uid is_archived is_activated is_expanded notes status
  status_message status_ts ongoing_monitoring utility bill_count bill_coverage bill_sources interval_count
  interval_coverage interval_sources exports exports_list blocks base`)

describe('a meter', () => {
  test('has every documented key in order and, at its top level, no other', async () => {
    const uid = await add()
    const { status, body } = await api.get(`/meters/${uid}?expand_meter_blocks=true`)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(KEYS)
    expect(body).toMatchObject({
      uid,
      authorization_uid: authorization,
      created: '2026-11-25T12:00:00.000000+00:00',
      user_uid: api.ours.memberUid,
      is_archived: false,
      is_activated: false,
      is_expanded: true,
      notes: [],
      status: 'pending',
      status_message: 'Waiting for data.',
      utility: 'DEMO',
      bill_count: 0,
      bill_coverage: [],
      bill_sources: [],
      interval_count: 0,
      interval_coverage: [],
      interval_sources: [],
      exports: {},
      exports_list: [],
      blocks: ['base'],
    })
    const monitoring = {
      frequency: 'off',
      prepay: null,
      next_prepay: null,
      next_refresh: null,
      fixed_refresh_day: null,
    }
    expect(JSON.stringify(body['ongoing_monitoring'])).toBe(JSON.stringify(monitoring))
    expect(Object.keys(Object(body['base']))).toEqual(BASE_KEYS)
  })

  test('without facts keeps all keys of base', async () => {
    const owner = await seedAuthorization(api.database.db, api.ours, { dataClasses: ['intervals'], now: NOW })
    const uid = await add({}, owner)
    expect((await api.get(`/meters/${uid}`)).body['base']).toEqual({
      ...Object.fromEntries(BASE_KEYS.map((key) => [key, null])),
      service_class: 'electric', // the usage point's kind is always known
      meter_numbers: [],
    })
  })

  test('shows other blocks than base only when asked, and electric_details only with a value', async () => {
    const supplier = {
      supplier_type: 'cca' as const,
      supplier_name: 'Bay',
      supplier_service_id: null,
      supplier_tariff: null,
    }
    const program = { code: 'DR', date_type: 'enrolled', name: 'Peak Day' }
    const device = { name: 'Gateway', serial_number: 'g-1' }
    const uid = await add({ voltage: '240', suppliers: [supplier], programs: [program], otherDevices: [device] })
    const plain = (await api.get(`/meters/${uid}`)).body
    expect(Object.keys(plain)).toEqual(KEYS)
    for (const answer of [
      (await api.get(`/meters/${uid}?include=blocks`)).body,
      listOf(await api.get(`/meters?uids=${uid}&include=blocks`), 'meters')[0],
    ])
      expect(answer).toMatchObject({
        blocks: ['base', 'electric_details', 'programs', 'suppliers', 'other_devices'],
        electric_details: { voltage: '240' },
        suppliers: [supplier],
        programs: [program],
        other_devices: [device],
      })
  })

  test('tells what is covered in local time, and how much', async () => {
    const uid = await add()
    await addReadings(api, [authorization, uid], { start: '2026-07-01T07:00:00Z', values: [1, 2, 3, 4] })
    await addBills(api, [authorization, uid], [{}])
    expect((await api.get(`/meters/${uid}`)).body).toMatchObject({
      bill_count: 1,
      bill_coverage: [['2026-01-07T00:00:00.000000-08:00', '2026-02-05T00:00:00.000000-08:00']],
      bill_sources: ['xml'],
      interval_count: 4,
      interval_coverage: [['2026-07-01T00:00:00.000000-07:00', '2026-07-01T01:00:00.000000-07:00']],
      interval_sources: ['xml'],
    })
  })

  test('names its newest strange bill, and a refusal of the utility', async () => {
    const uid = await add()
    await set(uid, `notes = '[{"type": "meter_full", "msg": "All", "ts": "2026-11-25T12:00:00+00:00"}]'`)
    const [bill] = await addBills(api, [authorization, uid], [{ warnings: ['lines_do_not_add_up'] }])
    expect((await api.get(`/meters/${uid}`)).body['notes']).toEqual([
      { type: 'meter_full', msg: 'All', ts: '2026-11-25T12:00:00.000000+00:00' },
      {
        type: 'bills_strange',
        msg: expect.any(String),
        ts: '2026-11-25T12:00:00.000000+00:00',
        bill_note_type: 'audit_failed_on_line_items',
        bill_statement_date: null,
        bill_uid: bill,
      },
    ])
    const owner = await seedAuthorization(api.database.db, api.ours, { now: NOW })
    const refused = await add({}, owner)
    const admin = `update authorizations set state = 'needs_reauthorization' where authorization_uid = $1`
    await api.database.admin(admin, [owner])
    expect((await api.get(`/meters/${refused}`)).body['notes']).toMatchObject([{ type: 'access_invalid' }])
  })

  test('is archived and taken back, and hidden from plain lists meanwhile', async () => {
    const uid = await add()
    const answer = await api.send('PATCH', `/meters/${uid}`, { is_archived: true })
    expect([answer.status, answer.body['is_archived']]).toEqual([200, true])
    expect(await list('')).not.toContain(uid)
    expect(await list('is_archived=true')).toEqual([uid])
    expect(await list(`uids=${uid}`)).toEqual([uid])
    expect((await api.send('PATCH', `/meters/${uid}`, { is_archived: false })).body['is_archived']).toBe(false)
    expect((await api.send('PATCH', `/meters/${uid}`, { is_archived: 5 })).status).toBe(400)
    expect((await api.send('PATCH', `/meters/${uid}`)).status).toBe(200)
  })
})

describe('the list of meters', () => {
  test('is filtered by all there is, ANDed', async () => {
    const owner = await seedAuthorization(api.database.db, api.ours, { utility: 'SCE', now: NOW })
    const uid = await add({}, owner)
    await set(uid, `is_activated = true, monitoring = monitoring || '{"frequency": "daily"}'`)
    await api.database.admin('update authorizations set member_uid = 79 where authorization_uid = $1', [owner])
    for (const filter of [`uids=${uid}`, `authorizations=${owner}`, 'users=79', 'utility=SCE', 'is_activated=true'])
      expect(await list(filter)).toEqual([uid])
    expect(await list('is_monitored=true')).toEqual([uid])
    expect(await list(`uids=${uid}&is_monitored=false`)).toEqual([])
    expect(await list(`uids=${uid}&authorizations=${authorization}`)).toEqual([])
  })

  test('has the newest first, also of an older authorization, and pages', async () => {
    const later = new Date(NOW.getTime() + 1000)
    const newer = await seedAuthorization(api.database.db, api.ours, { now: NOW })
    const first = await add({}, newer, NOW)
    const second = await add({}, authorization, later)
    const uids = `uids=${first},${second}`
    expect(await list(uids)).toEqual([second, first])
    const page = await api.get(`/meters?${uids}&limit=1`)
    expect(listOf(await api.get(String(page.body['next'])), 'meters').map(({ uid }) => uid)).toEqual([first])
    expect((await api.get('/meters?after=123456789')).body).toMatchObject({ error: 'invalid_param' })
  })
})

describe('collecting history', () => {
  const collect = async (body: unknown) => await api.send('POST', '/meters/historical-collection', body)

  test('takes the meters that can be collected and leaves out the others', async () => {
    const uid = await add()
    const expired = await seedAuthorization(api.database.db, api.ours, { now: NOW })
    const gone = await add({}, expired)
    await api.database.admin('update authorizations set expires = $2 where authorization_uid = $1', [expired, NOW])
    const foreign = await addMeter(api, api.theirs.authorizationUid)
    api.calls.length = 0
    const { status, body } = await collect({ meters: [uid, gone, foreign, '99'], collection_duration: 24 })
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toBe(JSON.stringify({ success: true, meters: [uid], collection_duration: 24 }))
    expect(api.calls).toEqual([['oweHistory', api.ours.companyUid, [uid], 24]])
    for (const meters of [[gone], [foreign], ['99']])
      expect((await collect({ meters })).body).toMatchObject({ error: 'expired_or_revoked' })
  })

  test('is of twelve months unless told otherwise, and takes uids as text, numbers or one text', async () => {
    const uid = await add()
    for (const meters of [[uid], [Number(uid)], uid, [uid, uid]])
      expect((await collect({ meters })).body).toEqual({ success: true, meters: [uid], collection_duration: 12 })
    expect((await collect({ meters: [uid], collection_duration: null })).status).toBe(200)
    expect((await collect({ meters: [uid], collection_duration: '6' })).body['collection_duration']).toBe(6)
  })

  test.each([
    [{}, 'required_param_missing', 'meters'],
    [{ meters: null }, 'required_param_missing', 'meters'],
    [{ meters: [] }, 'invalid_param', 'meters'],
    [{ meters: ['x'] }, 'invalid_param', 'meters'],
    [{ meters: ['1'], collection_duration: 0 }, 'invalid_param', 'collection_duration'],
    [{ meters: ['1'], collection_duration: 37 }, 'invalid_param', 'collection_duration'],
    [{ meters: ['1'], collection_duration: 1.5 }, 'invalid_param', 'collection_duration'],
  ])('%j is refused', async (body, error, name) => {
    const answer = await collect(body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ error, error_description: expect.stringContaining(`"${name}"`) })
  })
})

describe('monitoring', () => {
  const monitor = async (body: unknown) => await api.send('POST', '/meters/ongoing-monitoring', body)

  test('starts, is seen on the meter, and stops', async () => {
    const uid = await add()
    const { status, body } = await monitor({ meters: [uid], frequency: 'monthly', fixed_refresh_day: 31 })
    expect(status).toBe(200)
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({ success: true, meters: [uid], frequency: 'monthly', fixed_refresh_day: 31 }),
    )
    const meter = (await api.get(`/meters/${uid}`)).body
    expect(meter).toMatchObject({ is_activated: true })
    expect(JSON.stringify(meter['ongoing_monitoring'])).toBe(
      '{"frequency":"monthly","prepay":null,"next_prepay":null,"next_refresh":"2026-12-25T12:00:00.000000+00:00","fixed_refresh_day":31}',
    )
    expect((await monitor({ meters: [uid], frequency: 'off' })).body).toEqual({
      success: true,
      meters: [uid],
      frequency: 'off',
    })
    expect((await api.get(`/meters/${uid}`)).body).toMatchObject({
      is_activated: true,
      ongoing_monitoring: { frequency: 'off', next_refresh: null, fixed_refresh_day: null },
    })
  })

  test.each([
    [{ meters: ['1'] }, 'required_param_missing', 'frequency'],
    [{ frequency: 'daily' }, 'required_param_missing', 'meters'],
    [{ meters: ['1'], frequency: 'hourly' }, 'invalid_param', 'frequency'],
    [{ meters: ['1'], frequency: 'daily', fixed_refresh_day: 1 }, 'invalid_param', 'fixed_refresh_day'],
    [{ meters: ['1'], frequency: 'monthly', fixed_refresh_day: 32 }, 'invalid_param', 'fixed_refresh_day'],
  ])('%j is refused', async (body, error, name) => {
    const answer = await monitor(body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ error, error_description: expect.stringContaining(`"${name}"`) })
  })
})
