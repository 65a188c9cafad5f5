import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { addMeter, apiFixture, type Fixture, listOf, NOW, words } from '../../test/api-fixture.ts'
import { seedAuthorization, type SeedOptions } from '../../test/database.ts'

let api: Fixture
beforeAll(async () => void (api = await apiFixture()))
afterAll(async () => await api.close())

const add = async (options: SeedOptions = {}) =>
  await seedAuthorization(api.database.db, api.ours, { now: NOW, ...options })
const set = async (uid: string, changes: string) =>
  await api.database.admin(`update authorizations set ${changes} where authorization_uid = $1`, [uid])
const list = async (query: string) =>
  listOf(await api.get(`/authorizations?${query}`), 'authorizations').map(({ uid }) => uid)

const KEYS = words(`
  uid created customer_signature customer_email declined is_declined expires is_expired exports exports_list
  template_uid form_uid referrals is_archived is_test scope nickname notes revoked is_revoked status
  status_message status_ts user_uid user_email user_status utility`)

describe('an authorization', () => {
  test('has every documented key in order; customer_signature is always an object', async () => {
    const uid = await add()
    await set(
      uid,
      `status = 'updated', notes = '[{"ts": "2026-11-25T12:00:00+00:00", "type": "meters_full", "msg": "ok"}]'`,
    )
    const { status, body } = await api.get(`/authorizations/${uid}`)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(KEYS)
    expect(body).toEqual({
      uid,
      created: '2026-11-25T12:00:00.000000+00:00',
      customer_signature: { type: 'greenbutton', ts: '2026-11-25T12:00:00.000000+00:00', full_name: 'Carla Customer' },
      customer_email: 'carla@customer.example',
      declined: null,
      is_declined: false,
      expires: '2027-11-25T12:00:00.000000+00:00',
      is_expired: false,
      exports: {},
      exports_list: [],
      template_uid: api.ours.templateUid,
      form_uid: null,
      referrals: [],
      is_archived: false,
      is_test: true, // the registration of the seed is a simulated one
      scope: {},
      nickname: null,
      notes: [{ type: 'meters_full', msg: 'ok', ts: '2026-11-25T12:00:00.000000+00:00' }],
      revoked: null,
      is_revoked: false,
      status: 'updated',
      status_message: 'Meters found!',
      status_ts: '2026-11-25T12:00:00.000000+00:00',
      user_uid: api.ours.memberUid,
      user_email: expect.stringContaining('@company.example'),
      user_status: 'active',
      utility: 'DEMO',
    })
    expect(Object.keys(Object(body['notes'])[0])).toEqual(['type', 'msg', 'ts'])
  })

  test.each(['pending', 'abandoned'] as const)("that is %s is nobody's business", async (state) => {
    const uid = await add({ state })
    expect((await api.get(`/authorizations/${uid}`)).status).toBe(404)
    expect(await list(`uids=${uid}`)).toEqual([])
  })

  test('that the utility refuses says so in its notes', async () => {
    const uid = await add({ state: 'needs_reauthorization' })
    await set(uid, `status = 'errored', notes = '[{"type": "access_valid", "msg": "", "ts": "2026-01-01T00:00:00Z"}]'`)
    const { body } = await api.get(`/authorizations/${uid}`)
    expect(body).toMatchObject({ status: 'errored', notes: [{ type: 'access_invalid', msg: expect.any(String) }] })
  })

  test('is found by the referral code of the redirect', async () => {
    const uid = await add()
    await api.database.admin(
      `insert into referrals (code, company_uid, authorization_uid, created) values ('code-1', $1, $2, $3)`,
      [api.ours.companyUid, uid, NOW],
    )
    expect(await list('referrals=code-1,code-2')).toEqual([uid])
    expect(await list('referrals=code-2')).toEqual([])
    expect((await api.get(`/authorizations/${uid}`)).body['referrals']).toEqual(['code-1'])
    expect(listOf(await api.get('/authorizations?referrals=code-1', 'token-theirs'), 'authorizations')).toEqual([])
  })

  test('holds its meters, nested, with include=meters only', async () => {
    const uid = await add()
    const other = await add()
    const meter = await addMeter(api, uid)
    const nested = { meters: [expect.objectContaining({ uid: meter, authorization_uid: uid })], next: null }
    const one = await api.get(`/authorizations/${uid}?include=meters&expand_meter_blocks=true`)
    expect(one.body['meters']).toEqual(nested)
    expect(Object.keys(one.body)).toEqual([...KEYS, 'meters'])
    const both = listOf(await api.get(`/authorizations?uids=${uid}&uids=${other}&include=meters`), 'authorizations')
    expect(both.map(({ meters }) => meters)).toEqual([{ meters: [], next: null }, nested])
  })
})

describe('the list of authorizations', () => {
  let base: string
  beforeEach(async () => {
    await api.database.admin('delete from authorizations where company_uid = $1', [api.ours.companyUid])
    base = await add()
  })

  test('has the newest first and pages with all filters', async () => {
    const made = [base, await add(), await add()]
    expect(await list('')).toEqual(made.toReversed())
    const first = await api.get('/authorizations?limit=2&is_declined=false&utility=DEMO')
    expect(first.body['next']).toBe(
      `https://proxy.example/api/v2/authorizations?limit=2&is_declined=false&utility=DEMO&after=${made[1]}`,
    )
    const second = await api.get(String(first.body['next']))
    expect(listOf(second, 'authorizations').map(({ uid }) => uid)).toEqual([base])
    expect(second.body['next']).toBeNull()
  })

  test.each([
    ['is_declined', `state = 'declined', declined = now()`],
    ['is_revoked', `state = 'revoked', revoked = now()`],
    ['is_expired', `state = 'expired'`],
    ['is_expired', `expires = '2026-11-25T12:00:00Z'`],
    ['is_archived', `is_archived = true`],
  ])('is filtered by %s', async (name, change) => {
    const uid = await add()
    await set(uid, change)
    expect(await list(`${name}=true`)).toEqual([uid])
    expect(await list(`${name}=false`)).toEqual([base])
    expect((await api.get(`/authorizations/${uid}`)).body[name]).toBe(true)
  })

  test('is filtered by uids, forms, templates, users, utility and test', async () => {
    const uid = await add({ utility: 'PG&E' })
    await set(uid, `form_uid = 77, template_uid = 78, member_uid = 79, registration_uid = null`)
    for (const filter of [`uids=${uid}`, 'forms=77', 'templates=78,80', 'users=79', 'utility=PG%26E', 'is_test=false'])
      expect(await list(filter)).toEqual([uid])
    expect(await list(`uids=${uid},${base}`)).toEqual([uid, base])
    expect(await list(`uids=${uid}&forms=76`)).toEqual([])
    expect(await list('is_test=true')).toEqual([base])
  })

  test('hides archived ones unless they are named', async () => {
    await set(base, 'is_archived = true')
    expect(await list('')).toEqual([])
    expect(await list(`uids=${base}`)).toEqual([base])
  })

  test.each(['uids=1,x', 'is_archived=perhaps', 'limit=1001', 'limit=x', 'after=x', 'limit=1&limit=2'])(
    '%s is refused by name',
    async (query) => {
      const { status, body } = await api.get(`/authorizations?${query}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({
        error: 'invalid_param',
        error_description: expect.stringContaining(`"${query.split('=')[0]}"`),
      })
    },
  )
})

describe('changing an authorization', () => {
  test('sets and clears the nickname, archives, and leaves what is not given', async () => {
    const uid = await add()
    const patch = async (body: object) => (await api.send('PATCH', `/authorizations/${uid}`, body)).body
    expect(await patch({ nickname: 'Roof 7', unknown: 1 })).toMatchObject({ nickname: 'Roof 7', is_archived: false })
    expect(await patch({ is_archived: true })).toMatchObject({ nickname: 'Roof 7', is_archived: true })
    expect(await patch({ nickname: null })).toMatchObject({ nickname: null, is_archived: true })
    expect(await patch({ nickname: 7 })).toMatchObject({ error: 'invalid_param' })
    expect(await patch({ is_archived: null })).toMatchObject({ is_archived: true })
  })

  test('revokes once: data is gone, the first time stays, nothing is left to collect', async () => {
    const uid = await add()
    const meter = await addMeter(api, uid)
    api.calls.length = 0
    const { status, body } = await api.send('POST', `/authorizations/${uid}/revoke`)
    expect([status, body['is_revoked'], body['revoked']]).toEqual([200, true, '2026-11-25T12:00:00.000000+00:00'])
    expect((await api.send('POST', `/authorizations/${uid}/revoke`)).body).toEqual(body)
    expect(api.calls).toEqual([['revoke', uid, 'company']])
    expect((await api.get(`/meters/${meter}`)).status).toBe(404)
    expect(listOf(await api.get(`/meters?authorizations=${uid}`), 'meters')).toEqual([])
    for (const path of ['bills', 'intervals'])
      expect((await api.get(`/${path}?authorizations=${uid}`)).status).toBe(404)
    const again = await api.send('POST', '/meters/historical-collection', { meters: [meter] })
    expect(again.body).toMatchObject({ error: 'expired_or_revoked' })
  })

  test('deletes a test, after telling the utility; anything else is forbidden', async () => {
    const uid = await add()
    await addMeter(api, uid)
    api.calls.length = 0
    expect((await api.send('DELETE', `/authorizations/${uid}`)).body).toEqual({ success: true })
    expect(api.calls).toEqual([['revoke', uid, 'company']])
    expect((await api.get(`/authorizations/${uid}`)).status).toBe(404)
    const owing = await add()
    await api.database.admin(
      `insert into grants (authorization_uid, grant_no, company_uid, registration_uid, created, tell_next)
       values ($1, 1, $2, $3, now(), now())`,
      [owing, api.ours.companyUid, api.ours.registrationUid],
    )
    expect((await api.send('DELETE', `/authorizations/${owing}`)).status).toBe(200)
    expect((await api.get(`/authorizations/${owing}`)).status).toBe(404)
    const left = await api.database.admin('select from grants where authorization_uid = $1', [owing])
    expect(left).toHaveLength(1) // the utility still has to be told
    const real = await add()
    await set(real, 'registration_uid = null')
    const { status, body } = await api.send('DELETE', `/authorizations/${real}`)
    expect([status, body['error']]).toEqual([403, 'forbidden'])
  })
})
