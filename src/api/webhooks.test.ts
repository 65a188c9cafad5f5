import { afterAll, beforeAll, expect, test } from 'vitest'

import { addMeter, type Answer, apiFixture, type Fixture, listOf, NOW } from '../../test/api-fixture.ts'
import { appendEvent } from '../storage/events.ts'

const clock = { ms: NOW.getTime() }
let api: Fixture
beforeAll(async () => void (api = await apiFixture({ now: () => new Date(clock.ms) })))
afterAll(async () => await api.close())

const URL = 'https://hooks.example.com/gbp'
const send = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> =>
  await api.send(method, `/api/v3${path}`, body)
const logOf = async (uid: unknown) => listOf(await api.get(`/api/v3/webhooks/${String(uid)}/deliveries`), 'deliveries')

test('a webhook shows its secret once, is changed, and is gone with its log', async () => {
  const made = await send('POST', '/webhooks', { url: URL, event_types: ['meter_created'] })
  const { secret, ...webhook } = made.body
  expect(secret).toMatch(/^whsec_[\w+/=]{44}$/)
  expect(webhook).toMatchObject({ url: URL, description: '', event_types: ['meter_created'], state: 'enabled' })
  expect(webhook['public_key']).toMatch(/^whpk_[\w+/=]{44}$/)
  const path = `/webhooks/${String(webhook['uid'])}`
  expect((await api.get(`/api/v3${path}`)).body).toEqual(webhook)
  expect(listOf(await api.get('/api/v3/webhooks'), 'webhooks')).toEqual([webhook])
  expect((await api.get('/api/v3/webhooks', 'token-theirs')).body).toEqual({ webhooks: [], next: null })

  const changed = await send('PATCH', path, { event_types: null, state: 'paused', description: 'nightly' })
  expect(changed.body).toMatchObject({ url: URL, event_types: null, state: 'paused', description: 'nightly' })
  expect((await send('POST', `${path}/ping`)).status).toBe(403)
  expect((await send('PATCH', path, { state: 'disabled' })).body['errors']).toMatchObject([{ field: 'state' }])

  expect((await send('DELETE', path)).body).toEqual({ success: true })
  expect((await api.get(`/api/v3${path}`)).status).toBe(404)
  expect((await api.get(`/api/v3${path}/deliveries`)).status).toBe(404)
})

test.each(['http://hooks.example.com/', 'https://10.0.0.1/', 'https://nobody.example/', ''])(
  'the address %j is refused by name, when made and when changed',
  async (url) => {
    const { uid } = (await send('POST', '/webhooks', { url: URL })).body
    for (const { status, body } of [
      await send('POST', '/webhooks', { url }),
      await send('PATCH', `/webhooks/${String(uid)}`, { url }),
    ])
      expect([status, body['errors']]).toMatchObject([400, [{ field: 'url' }]])
    expect((await send('POST', '/webhooks', {})).body['code']).toBe('required_param_missing')
    await send('DELETE', `/webhooks/${String(uid)}`)
  },
)

test('a secret is changed with an overlap that the caller chooses, up to a week', async () => {
  const { uid, secret } = (await send('POST', '/webhooks', { url: URL })).body
  const path = `/webhooks/${String(uid)}/rotate-secret`
  const rotated = (await send('POST', path)).body
  expect(rotated['secret']).not.toBe(secret)
  expect(rotated['previous_valid_until']).toBe('2026-11-26T12:00:00.000000+00:00')
  expect((await send('POST', path, { overlap_hours: 0 })).body['previous_valid_until']).toMatch(/^2026-11-25T12:00:00/)
  for (const overlap_hours of [-1, 169, 1.5, '24'])
    expect((await send('POST', path, { overlap_hours })).body['errors']).toMatchObject([{ field: 'overlap_hours' }])
  await send('DELETE', `/webhooks/${String(uid)}`)
})

test('a ping goes to one webhook alone, and the log shows it', async () => {
  const [one, other] = [
    (await send('POST', '/webhooks', { url: URL })).body['uid'],
    (await send('POST', '/webhooks', { url: `${URL}/2` })).body['uid'],
  ]
  const { event_uid } = (await send('POST', `/webhooks/${String(one)}/ping`)).body
  const time = '2026-11-25T12:00:00.000000+00:00'
  expect(await logOf(one)).toEqual([
    { event_uid, authorization_uid: null, state: 'owed', attempts: 0, next_try: time, created: time, log: [] },
  ])
  expect(await logOf(other)).toEqual([])
  for (const uid of [one, other]) await send('DELETE', `/webhooks/${String(uid)}`)
})

test('an event, or a span of 30 days, is sent once more; nothing older, nothing of another company', async () => {
  const authorizationUid = api.ours.authorizationUid
  const meterUid = await addMeter(api, authorizationUid)
  const append = async (type: string, days: number, of = authorizationUid) =>
    await api.database.db.operator((tx) =>
      appendEvent(tx, { type, authorizationUid: of, now: new Date(NOW.getTime() - days * 86_400_000) }),
    )
  const [old, kept, second] = [
    await append('authorization_created', 31),
    await append('meter_created', 29),
    await append('authorization_renewed', 1),
  ]
  const foreign = await append('meter_created', 1, api.theirs.authorizationUid)
  const uid = String((await send('POST', '/webhooks', { url: URL })).body['uid'])
  const resend = async (body: unknown) => await send('POST', `/webhooks/${uid}/resend`, body)
  expect((await resend({ event_uid: kept })).body).toEqual({ success: true, events: 1 })
  expect((await logOf(uid)).map((each) => each['event_uid'])).toEqual([kept])
  expect((await resend({ since: '2026-10-26T12:00:00Z' })).body).toEqual({ success: true, events: 2 })
  expect((await logOf(uid)).map((each) => each['event_uid'])).toEqual([second, kept])
  const page = await api.get(`/api/v3/webhooks/${uid}/deliveries?limit=1`)
  expect(listOf(await api.get(String(page.body['next'])), 'deliveries')).toMatchObject([{ event_uid: kept }])
  const [unknown, theirs] = [await resend({ event_uid: '99999999' }), await resend({ event_uid: foreign })]
  expect([theirs.status, theirs.body['errors']]).toEqual([unknown.status, unknown.body['errors']])
  for (const body of [
    {},
    { event_uid: old },
    { event_uid: meterUid },
    { since: '2026-10-20T00:00:00Z' },
    { event_uid: kept, since: NOW.toISOString() },
  ])
    expect((await resend(body)).status).toBe(400)
})
