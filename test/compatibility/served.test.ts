import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { addDecimals, readLedger } from '../../src/cli/demo-totals.ts'
import { type Company, CUSTOMERS, openCompany } from './company.ts'
import { type Reader, readerOf, uidOf, uidsIn } from './reader.ts'
import { faultsOf } from './rules.ts'
import { recordOf, recordsOf } from './walk.ts'
import { webhookFaults } from './webhook-rules.ts'

vi.setConfig({ testTimeout: 120_000 })

let company: Company
beforeAll(async () => {
  company = await openCompany(CUSTOMERS)
}, 120_000)
afterAll(async () => await company.close())

const good: Reader['good'] = async (...given) => await readerOf(company).good(...given)
const listed: Reader['listed'] = async (path) => await readerOf(company).listed(path)
const walk: Reader['walk'] = async (path) => await readerOf(company).walk(path)

const authorizations = (): string => company.shares.map(({ authorizationUid }) => authorizationUid).join(',')

it.each([
  ['/templates?disabled=false', 1],
  ['/forms', 0],
  ['/authorizations?include=meters&expand_meter_blocks=true&is_archived=false', 9],
  ['/authorizations?is_revoked=false&is_declined=false&utility=PG%26E', 5],
  ['/meters?expand_meter_blocks=true&utility=PG%26E,SCE,DEMO', 13],
  ['/accounting/billing-accounts', 9],
  ['/accounting/billing-summaries', 9],
  ['/events', 50],
] as const)('%s: whole, in pages of one, and each alone', async (path, atLeast) => {
  const objects = await listed(path)
  expect(objects.length).toBeGreaterThanOrEqual(atLeast)
  expect(await walk(path)).toEqual(uidsIn(objects))
  const [address = ''] = path.split('?')
  for (const uid of uidsIn(objects)) expect((await good(`${address}/${uid}`))['uid']).toBe(uid)
})

it.each([
  ['/bills?order=earliest_first', 1],
  ['/bills?start=2020-01-01&end=2100-01-01T00:00:00Z', 1],
  [`/intervals?start=${new Date(Date.now() - 33 * 86_400_000).toISOString().slice(0, 10)}`, 2],
] as const)('%s of every share: whole, and in pages of one', async (path, atLeast) => {
  for (const { authorizationUid, login } of company.shares) {
    const asked = `${path}&authorizations=${authorizationUid}`
    const objects = await listed(asked)
    expect(objects.length).toBeGreaterThanOrEqual(login === 'new' ? 0 : atLeast)
    expect(await walk(asked)).toEqual(uidsIn(objects))
  }
})

it('lists by comma and by repetition are the same', async () => {
  const uids = company.shares.map(({ authorizationUid }) => authorizationUid)
  const repeated = `/meters?${uids.map((uid) => `authorizations=${uid}`).join('&')}`
  expect(uidsIn(await listed(repeated))).toEqual(uidsIn(await listed(`/meters?authorizations=${uids.join(',')}`)))
  expect(await walk(repeated)).toEqual(uidsIn(await listed(repeated)))
})

it('all datapoints added up, as Home Assistant does, are the net of what the utility knows', async () => {
  for (const { utility, authorizationUid, subscription } of company.shares) {
    const points = (await listed(`/intervals?authorizations=${authorizationUid}`))
      .flatMap(({ readings }) => recordsOf(readings))
      .flatMap(({ datapoints }) => recordsOf(datapoints))
      .filter(({ unit }) => unit === 'kwh')
    const ledger = await readLedger(company.running.simulators[utility].admin, subscription)
    const net = addDecimals([Number(ledger.kwh_delivered), -Number(ledger.kwh_received)])
    expect([subscription, addDecimals(points.map(({ value }) => Number(value)))]).toEqual([subscription, net])
  }
})

it('the first source of every bill and interval, and every file that a meter or share names, can be downloaded', async () => {
  const of = `authorizations=${authorizations()}`
  const bills = await listed(`/bills?${of}`)
  const meters = await listed('/meters')
  const sources = [...bills, ...(await listed('/accounting/billing-summaries'))].flatMap(({ sources: all }) =>
    recordsOf(all)
      .slice(0, 1)
      .map(({ raw_url: url }) => String(url)),
  )
  const files = [...meters, ...(await listed('/authorizations'))].flatMap(({ exports, exports_list: list }) => {
    const links = recordsOf(list).map(({ link }) => String(link))
    expect(links).toEqual(expect.arrayContaining(Object.values(recordOf(exports))))
    return links
  })
  expect(files.length).toBeGreaterThan(meters.length * 2)
  for (const url of new Set([...sources, ...files])) {
    const { status, mediaType, text } = await company.ask(url)
    expect([url, status]).toEqual([url, 200])
    expect(mediaType).toMatch(/xml|csv/)
    expect(text.length).toBeGreaterThan(50)
  }
})

it('a form, archived and disabled, and a share that was declined at it', async () => {
  const body = { customer_email: 'dee@customer.example', utility: 'DEMO' }
  const form = await good('/forms', { method: 'POST', body })
  expect(form).toMatchObject(body)
  const { browser } = await company.running.toChoices('demo', 'test')
  const page = await browser.open(String(form['url']))
  await browser.submit(page, /Decline/, { name: 'Dee', email: 'dee@customer.example' })
  const [declined] = await listed(`/authorizations?forms=${uidOf(form)}&is_declined=true`)
  expect(declined).toMatchObject({ is_declined: true, form_uid: form['uid'], declined: expect.any(String) })
  expect(await listed(`/meters?authorizations=${uidOf(declined)}`)).toEqual([])
  expect(
    await good(`/forms/${uidOf(form)}`, { method: 'PATCH', body: { is_archived: true, disabled: true } }),
  ).toMatchObject({ is_archived: true, disabled: true })
  expect(uidsIn(await listed('/forms'))).not.toContain(form['uid'])
  expect(uidsIn(await listed('/forms?is_archived=true'))).toEqual([form['uid']])
  const deleted = await company.ask(`/forms/${uidOf(form)}`, { method: 'DELETE' })
  expect([deleted.status, deleted.body]).toEqual([200, { success: true }])
})

it('collection, monitoring, archives and nicknames answer with what was asked', async () => {
  const [meter] = await listed(`/meters?authorizations=${company.shares[0]?.authorizationUid}`)
  const meters = [uidOf(meter)]
  const ordered = { meters, collection_duration: 12 }
  expect(await good('/meters/historical-collection', { method: 'POST', body: ordered })).toEqual({
    success: true,
    ...ordered,
  })
  for (const monitored of [
    { meters, frequency: 'monthly', fixed_refresh_day: 31 },
    { meters, frequency: 'daily', fixed_refresh_day: null },
    { meters, frequency: 'off' },
  ]) {
    const body = await good('/meters/ongoing-monitoring', { method: 'POST', body: monitored })
    expect(body).toEqual({ success: true, ...monitored })
    expect(recordOf((await good(`/meters/${meters[0]}`))['ongoing_monitoring'])['frequency']).toBe(monitored.frequency)
  }
  const patches: [string, object][] = [
    [`/meters/${meters[0]}`, { is_archived: true }],
    [`/meters/${meters[0]}`, { is_archived: false }],
    [`/authorizations/${company.shares[0]?.authorizationUid}`, { nickname: 'The first', is_archived: true }],
    [`/authorizations/${company.shares[0]?.authorizationUid}`, { nickname: null, is_archived: false }],
  ]
  for (const [path, body] of patches) expect(await good(path, { method: 'PATCH', body })).toMatchObject(body)
})

it('a customer’s share cannot be deleted, only revoked; then its meters are gone, and bills and readings are not found', async () => {
  const { authorizationUid: uid } = company.shares.find(({ utility }) => utility === 'sce') ?? {}
  const [meter] = await listed(`/meters?authorizations=${uid}`)
  // What a simulated utility shares is a test's, and may be deleted.
  const atUtility = async (environment: string): Promise<unknown> =>
    await company.running.database.admin(`update registrations set environment = $1 where utility = 'SCE'`, [
      environment,
    ])
  await atUtility('production')
  const refused = await company.ask(`/authorizations/${uid}`, { method: 'DELETE' })
  await atUtility('simulated')
  expect([refused.status, faultsOf('error', refused.body)]).toEqual([403, []])
  const revoked = await good(`/authorizations/${uid}/revoke`, { method: 'POST' })
  expect(revoked).toMatchObject({ uid, is_revoked: true, revoked: expect.any(String) })
  expect((await good(`/authorizations/${uid}/revoke`, { method: 'POST' }))['revoked']).toBe(revoked['revoked'])
  expect(await listed(`/meters?authorizations=${uid}`)).toEqual([])
  expect(recordOf((await good(`/authorizations/${uid}?include=meters`))['meters'])).toEqual({ meters: [], next: null })
  for (const path of [`/bills?authorizations=${uid}`, `/intervals?meters=${uidOf(meter)}`, `/meters/${uidOf(meter)}`]) {
    const gone = await company.ask(path)
    expect([path, gone.status, faultsOf('error', gone.body)]).toEqual([path, 404, []])
  }
  const ordered = await company.ask('/meters/historical-collection', {
    method: 'POST',
    body: { meters: [meter?.['uid']] },
  })
  expect([ordered.status, recordOf(ordered.body)['error']]).toEqual([400, 'expired_or_revoked'])
})

it('every event was delivered in a webhook that every known receiver takes', async () => {
  await company.running.app.idle()
  const { received, secret } = { ...company.receiver, secret: company.secret }
  expect(received.flatMap((delivery) => webhookFaults(delivery, secret))).toEqual([])
  const told = received.flatMap(({ body }) => uidsIn(recordsOf(recordOf(JSON.parse(body))['events'])))
  const events = await listed('/events')
  expect(new Set(told)).toEqual(new Set(uidsIn(events)))
  expect(events.filter((event) => event['is_delivered'] !== true)).toEqual([])
  const [event] = events
  const undelivered = await good(`/events/${uidOf(event)}`, { method: 'PATCH', body: { is_delivered: false } })
  expect(undelivered['is_delivered']).toBe(false)
  expect(uidsIn(await listed('/events?is_delivered=false'))).toEqual([event?.['uid']])
})

it('a share of a test can be deleted, and is not found afterwards', async () => {
  const { authorizationUid: uid } = company.shares.find(({ login }) => login === 'new') ?? {}
  const deleted = await company.ask(`/authorizations/${uid}`, { method: 'DELETE' })
  expect([deleted.status, deleted.body]).toEqual([200, { success: true }])
  const gone = await company.ask(`/authorizations/${uid}`)
  expect([gone.status, faultsOf('error', gone.body)]).toEqual([404, []])
})
