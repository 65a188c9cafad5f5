import { afterAll, beforeAll, expect, test } from 'vitest'

import { addMeter, apiFixture, type Fixture, listOf, NOW, words } from '../../test/api-fixture.ts'
import { appendEvent } from '../storage/events.ts'

let api: Fixture
beforeAll(async () => void (api = await apiFixture()))
afterAll(async () => await api.close())

test('events come newest first with the uids of their subject and no others', async () => {
  const authorizationUid = api.ours.authorizationUid
  const meterUid = await addMeter(api, authorizationUid)
  await api.database.admin('update authorizations set form_uid = 5 where authorization_uid = $1', [authorizationUid])
  await api.database.db.operator(async (tx) => {
    await appendEvent(tx, { type: 'form_created', companyUid: api.ours.companyUid, formUid: '5', now: NOW })
    await appendEvent(tx, { type: 'authorization_created', authorizationUid, now: NOW })
    await appendEvent(tx, { type: 'meter_created', authorizationUid, meterUid, now: NOW })
    await appendEvent(tx, { type: 'ping', companyUid: api.ours.companyUid, now: NOW })
  })
  const common = {
    uid: expect.stringMatching(/^\d+$/),
    ts: '2026-11-25T12:00:00.000000+00:00',
    delivery_method: 'webhook',
    delivery_target: '',
    is_delivered: false,
  }
  const events = listOf(await api.get('/events'), 'events')
  expect(events).toEqual([
    { ...common, type: 'ping' },
    { ...common, type: 'meter_created', authorization_uid: authorizationUid, meter_uid: meterUid },
    { ...common, type: 'authorization_created', authorization_uid: authorizationUid },
    { ...common, type: 'form_created', form_uid: '5' },
  ])
  expect(Object.keys(events[1] ?? {})).toEqual(
    words(`
  uid type ts delivery_method delivery_target is_delivered authorization_uid meter_uid`),
  )
})

test('an event is marked as delivered and back, and found by it', async () => {
  const [event] = listOf<{ uid: string }>(await api.get('/events?limit=1'), 'events')
  const path = `/events/${event?.uid}`
  expect((await api.get(path)).body).toEqual(event)
  expect((await api.send('PATCH', path, { is_delivered: true })).body).toEqual({ ...event, is_delivered: true })
  const list = async (query: string) => listOf(await api.get(`/events?${query}`), 'events').map(({ uid }) => uid)
  expect(await list('is_delivered=true')).toEqual([event?.uid])
  expect(await list('is_delivered=false')).not.toContain(event?.uid)
  expect((await api.send('PATCH', path, { is_delivered: false })).body).toEqual(event)
  expect((await api.send('PATCH', path, { is_delivered: 'maybe' })).status).toBe(400)
  const first = await api.get('/events?limit=1&is_delivered=false')
  expect(first.body['next']).toBe(`https://proxy.example/api/v2/events?limit=1&is_delivered=false&after=${event?.uid}`)
})

test('a raw feed comes as the utility sent it, to its company only, and never as something that a browser runs', async () => {
  const path = `/files/raw_feed/${api.ours.authorizationUid}/900`
  expect((await api.get(path)).status).toBe(404)
  await api.database.admin(
    `insert into raw_feeds (authorization_uid, raw_feed_uid, company_uid, product, resource, fetched, media_type, sha256,
       size, body) values ($1, 900, $2, 'usage', '', now(), 'text/html', '', 0, '')`,
    [api.ours.authorizationUid, api.ours.companyUid],
  )
  const answer = await api.get(path)
  expect([answer.status, answer.text]).toEqual([200, '<feed/>'])
  expect(answer.headers).toMatchObject({
    'content-type': 'application/atom+xml',
    'content-disposition': 'attachment; filename="900.xml"',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  const foreign = await api.get(path, 'token-theirs')
  expect([foreign.status, foreign.text]).toEqual([404, (await api.get('/files/raw_feed/1/2')).text])
  await api.database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [
    api.ours.authorizationUid,
  ])
  expect((await api.get(path)).status).toBe(404)
})
