import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { EVENT_TYPES } from '../../src/api/answers/event.ts'
import { until } from '../running-app.ts'
import { type Company, NOBODY, openCompany } from './company.ts'
import { type Reader, readerOf, uidOf, uidsIn } from './reader.ts'
import { recordOf } from './walk.ts'

vi.setConfig({ testTimeout: 120_000 })

let company: Company
beforeAll(async () => {
  company = await openCompany({ ...NOBODY, demo: ['commercial'], pge: ['home'] })
}, 120_000)
afterAll(async () => await company.close())

/** Types that the running product never appends, each with why. */
const NEVER = {
  authorization_update_progress:
    'it tells of the steps of a log-in to web pages; here meters are the steps: meter_created',
}
const seen = new Set<string>()

const good: Reader['good'] = async (...given) => await readerOf(company).good(...given)
const listed: Reader['listed'] = async (path) => await readerOf(company).listed(path)
const post = async (path: string, body: object = {}) => await good(path, { method: 'POST', body })

/** The types of events about one object, oldest first. `after`: only those behind so many. */
async function typesOf(key: string, uid: string, after = 0): Promise<string[]> {
  const events = (await listed('/events')).filter((event) => event[key] === uid)
  const types = events.map(({ type }) => String(type)).toReversed()
  for (const type of types) seen.add(type)
  return types.slice(after)
}
const ofShare = async (uid: string, after = 0): Promise<string[]> => await typesOf('authorization_uid', uid, after)
const ofMeter = async (uid: string, after = 0): Promise<string[]> => await typesOf('meter_uid', uid, after)
/** Waits until the last event of a meter is of this type. */
const untilLast = async (meter: string, type: string): Promise<unknown> =>
  await until(type, async () => ((await ofMeter(meter)).at(-1) === type ? true : null))

const shareOf = (login: string): string => company.shares.find((share) => share.login === login)?.authorizationUid ?? ''
const meterOf = async (login: string): Promise<string> =>
  uidOf((await listed(`/meters?authorizations=${shareOf(login)}`))[0])

/** Moves the clock while nothing is in work, and lets the schedule do its part. */
async function later(hours: number): Promise<void> {
  await company.running.app.idle()
  company.running.forward(hours)
  await company.running.app.tick()
  await company.running.app.idle()
}

it('a share: created, update started, each meter, what was added, and at the end that all is there', async () => {
  const types = await ofShare(shareOf('commercial'))
  const unique = [...new Set(types)]
  expect(unique.slice(0, 3)).toEqual(['authorization_created', 'authorization_update_started', 'meter_created'])
  expect(types.filter((type) => type === 'meter_created')).toHaveLength(4)
  expect(unique).toEqual(expect.arrayContaining(['meter_bills_added', 'meter_intervals_added']))
  expect(unique.at(-1)).toBe('authorization_update_finished_successful')
  expect(types.lastIndexOf('meter_intervals_added')).toBeLessThan(
    types.indexOf('authorization_update_finished_successful'),
  )
  expect((await ofMeter(await meterOf('commercial')))[0]).toBe('meter_created')
})

it('history that is ordered: started, progress once, finished', async () => {
  const meter = await meterOf('home')
  const before = (await ofMeter(meter)).length
  await post('/meters/historical-collection', { meters: [meter], collection_duration: 12 })
  await untilLast(meter, 'meter_historical_collection_finished_successful')
  const told = await ofMeter(meter, before)
  expect(told.slice(0, 2)).toEqual(['meter_historical_collection_started', 'meter_historical_collection_progress'])
  expect(told.filter((type) => type.startsWith('meter_historical'))).toHaveLength(3)
})

it('history that cannot be read: started, progress, and finished with an error, of the meter and of the share', async () => {
  const { running } = company
  const meter = await meterOf('home')
  await later(24)
  const before = [(await ofMeter(meter)).length, (await ofShare(shareOf('home'))).length]
  await running.admin('pge', 'POST', '/fault', { on: 'resource', mode: 'doctype-bomb', times: 1000 })
  running.forward(24)
  await post('/meters/historical-collection', { meters: [meter], collection_duration: 12 })
  await untilLast(meter, 'meter_historical_collection_finished_errored')
  await running.admin('pge', 'DELETE', '/fault')
  expect((await ofMeter(meter, before[0])).slice(0, 2)).toEqual([
    'meter_historical_collection_started',
    'meter_historical_collection_progress',
  ])
  expect((await ofShare(shareOf('home'), before[1])).at(-1)).toBe('authorization_update_finished_errored')
})

it('a utility that is down, or promises and does not deliver: retrying, delayed', async () => {
  const uids = new Map<string, string>()
  for (const scenario of ['websitedown_after', 'pending_manual_after']) {
    const form = await post('/forms')
    const { body } = await company.ask(`/forms/${uidOf(form)}/test-submit`, {
      ...{ method: 'POST', body: { utility: 'DEMO', scenario } },
    })
    const [share] = await listed(`/authorizations?referrals=${String(recordOf(body)['referral'])}`)
    uids.set(scenario, uidOf(share))
    expect(await typesOf('form_uid', uidOf(form))).toEqual(['form_created'])
  }
  for (const [scenario, word] of [
    ['websitedown_after', 'retrying'],
    ['pending_manual_after', 'delayed'],
  ] as const) {
    const uid = uids.get(scenario) ?? ''
    const types = await until(`${scenario}: ${word}`, async () => {
      await later(0.5)
      const told = await ofShare(uid)
      return told.includes(`authorization_update_${word}`) ? told : null
    })
    expect(types.slice(0, 3)).toEqual(['authorization_created', 'authorization_update_started', 'meter_created'])
    expect(types.filter((type) => type === `authorization_update_${word}`)).toHaveLength(1)
    expect(types.indexOf(`meter_historical_collection_${word}`)).toBeGreaterThan(types.indexOf('meter_created'))
  }
})

it('a share that is given again is renewed and updated; one that is revoked is told of last', async () => {
  const { running } = company
  const email = 'again@example.com'
  const { authorizationUid: uid } = await running.share('sce', 'home', email)
  // The utility names its files some moments later.
  const all = 'authorization_update_finished_successful'
  await until(all, async () => ((await ofShare(uid)).at(-1) === all ? true : null))
  const before = (await ofShare(uid)).length
  const again = await running.share('sce', 'home', email)
  expect(again.authorizationUid).toBe(uid)
  await running.app.idle()
  expect((await ofShare(uid, before)).slice(0, 2)).toEqual(['authorization_renewed', 'authorization_update_started'])
  await post(`/authorizations/${uid}/revoke`)
  expect((await ofShare(uid)).at(-1)).toBe('authorization_revoked')
})

it('a share for a week: declined by one; the other is told a day before its end, and at its end', async () => {
  const form = await post('/forms', { utility: 'DEMO', scope: { expires: '7d' } })
  const { browser } = await company.running.toChoices('demo', 'test')
  const opened = await browser.open(String(form['url']))
  await browser.submit(opened, /Decline/, { name: 'Dee', email: 'dee@example.com' })
  const known = await listed(`/authorizations?forms=${uidOf(form)}`)
  expect(await ofShare(uidOf(known[0]))).toEqual(['authorization_declined'])
  let page = await browser.open(String(form['url']))
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Wes', email: 'wes@example.com' })
  if (page.html.includes('name="password"'))
    page = await browser.submit(page, /sign in/i, { login: 'test', password: 'test' })
  page = await browser.submit(page, /submit|share|authorize|allow/i)
  await browser.submit(page, /Continue to Final Step/)
  const [week] = (await listed(`/authorizations?forms=${uidOf(form)}`)).filter(
    (one) => !uidsIn(known).includes(uidOf(one)),
  )
  // It ends with a day of the utility's zone, so that how long it lasts depends on the hour.
  const lasts = (Date.parse(String(week?.['expires'])) - Date.parse(String(week?.['created']))) / 3_600_000
  await later(lasts - 12)
  expect(await ofShare(uidOf(week))).toContain('authorization_expiring_soon')
  await later(24)
  expect((await ofShare(uidOf(week))).at(-1)).toBe('authorization_expired')
})

it('a ping is told to the endpoint that asked for it', async () => {
  const { body } = await company.ask(`${company.running.url}/api/v3/webhooks`)
  const uid = /"uid":"(\d+)"/.exec(JSON.stringify(body))?.[1]
  const ping = await company.ask(`${company.running.url}/api/v3/webhooks/${uid}/ping`, { method: 'POST' })
  expect(await typesOf('uid', String(recordOf(ping.body)['event_uid']))).toEqual(['ping'])
})

it('each of the 23 types was appended, but those that never are', () => {
  expect(EVENT_TYPES).toHaveLength(23)
  const known = EVENT_TYPES.filter((type) => !Object.hasOwn(NEVER, type))
  expect([...seen].toSorted()).toEqual(known.toSorted())
})
