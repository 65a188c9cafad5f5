import { request } from 'node:http'

import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { SCENARIOS } from '../../src/authorization/test-scenarios.ts'
import { until } from '../running-app.ts'
import { type Company, NOBODY, openCompany } from './company.ts'
import { answerFaults, type Reader, readerOf, uidOf, uidsIn } from './reader.ts'
import { faultsOf } from './rules.ts'
import { recordOf, recordsOf } from './walk.ts'
import { webhookFaults } from './webhook-rules.ts'

vi.setConfig({ testTimeout: 120_000 })

let company: Company
beforeAll(async () => {
  company = await openCompany({ ...NOBODY, demo: ['commercial'] })
}, 120_000)
afterAll(async () => await company.close())

const good: Reader['good'] = async (...given) => await readerOf(company).good(...given)
const listed: Reader['listed'] = async (path) => await readerOf(company).listed(path)

it('a token comes in three ways, and a body as JSON whatever its type says', async () => {
  const { token, apiUrl } = company.running.shown
  for (const [query, headers] of [
    ['', { authorization: `Bearer ${token}` }],
    ['', { 'x-api-key': token, authorization: '' }],
    [`?access_token=${token}`, { authorization: '' }],
  ] as const)
    expect(answerFaults(await company.ask(`${apiUrl}/templates${query}`, { headers }))).toEqual([])
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const form = await good('/forms', { method: 'POST', body: { utility: 'DEMO' }, headers: { 'content-type': type } })
    expect(form['utility']).toBe('DEMO')
  }
  await good('/forms', { method: 'POST' })
})

it('the address of the next page is ours, whatever host was asked', async () => {
  const { token, apiUrl } = company.running.shown
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', authorization: `Bearer ${token}` }
    const asked = request(`${apiUrl}/meters?limit=1`, { headers }, (response) => {
      let read = ''
      response.on('data', (part: Buffer) => void (read += part.toString()))
      response.on('end', () => resolve(read))
    })
    asked.on('error', reject).end()
  })
  expect(text).not.toContain('evil')
  expect(String(recordOf(JSON.parse(text))['next'])).toMatch(new RegExp(`^${company.running.url}/`))
})

it.each([
  [400, 'required_param_missing', 'GET', '/bills'],
  [400, 'required_param_missing', 'GET', '/intervals?start=2026-01-01'],
  [400, 'invalid_param', 'GET', '/bills?meters=abc'],
  [400, 'invalid_param', 'GET', '/authorizations?is_archived=maybe'],
  [400, 'required_param_missing', 'POST', '/meters/historical-collection'],
  [400, 'invalid_param', 'POST', '/meters/historical-collection', { meters: ['1'], collection_duration: 99 }],
  [400, 'required_param_missing', 'POST', '/meters/ongoing-monitoring', { meters: ['1'] }],
  [400, 'invalid_param', 'POST', '/meters/ongoing-monitoring', { meters: ['1'], frequency: 'hourly' }],
  [400, 'invalid_param', 'POST', '/forms', { utility: 'NOBODY' }],
  [401, 'unauthorized', 'GET', '/meters?access_token=none'],
  [404, 'not_found', 'GET', '/meters/1'],
  [404, 'not_found', 'GET', '/authorizations/1'],
  [404, 'not_found', 'POST', '/authorizations/1/revoke'],
  [404, 'not_found', 'GET', '/forms/abc'],
  [404, 'not_found', 'GET', '/events/1'],
  [404, 'not_found', 'GET', '/accounting/billing-summaries/1'],
  [404, 'not_found', 'GET', '/bills?authorizations=1'],
  [404, 'not_found', 'GET', '/intervals?meters=1'],
  [404, 'not_found', 'GET', '/files/intervals_csv?meters=1'],
  [404, 'not_found', 'GET', '/nothing'],
] satisfies [number, string, string, string, object?][])(
  '%i %s: %s %s',
  async (status, code, method, path, body?: object) => {
    const headers: Record<string, string> = status === 401 ? { authorization: '' } : {}
    const refused = await company.ask(path, { method, headers, body })
    expect([refused.status, recordOf(refused.body)['error']]).toEqual([status, code])
    expect(faultsOf('error', refused.body)).toEqual([])
  },
)

/** A form submitted as a test; the uid of the authorization that its referral leads to. */
async function submit(scenario: string): Promise<string> {
  const form = await good('/forms', { method: 'POST', body: {} })
  const body = { utility: 'DEMO', scenario }
  const submitted = await company.ask(`/forms/${uidOf(form)}/test-submit`, { method: 'POST', body })
  expect([submitted.status, submitted.body]).toMatchObject([200, { success: true, referral: expect.any(String) }])
  const referral = String(recordOf(submitted.body)['referral'])
  const [authorization, ...more] = await listed(`/authorizations?referrals=${referral}`)
  expect([authorization?.['is_test'], more]).toEqual([true, []])
  return uidOf(authorization)
}

it('every scenario of a test: no client stumbles over what it leaves behind, nor over its webhooks', async () => {
  const uids: string[] = []
  for (const scenario of SCENARIOS) uids.push(await submit(scenario))
  await company.running.app.idle()
  const revoked = uids[SCENARIOS.indexOf('revoked')] ?? ''
  await until('the end of the share that is revoked', async () =>
    (await good(`/authorizations/${revoked}`))['is_revoked'] === true ? true : null,
  )
  expect(uidsIn(await listed(`/authorizations?uids=${uids.join(',')}&include=meters`)).toSorted()).toEqual(
    uids.toSorted(),
  )
  for (const uid of uids) {
    const meters = await listed(`/meters?authorizations=${uid}`)
    for (const path of [`/bills?authorizations=${uid}`, `/intervals?authorizations=${uid}`]) {
      const found = await company.ask(path)
      const isGone = found.status === 404 && meters.length === 0
      expect(isGone ? faultsOf('error', found.body) : answerFaults(found)).toEqual([])
    }
  }
  await company.running.app.idle()
  expect(company.receiver.received.flatMap((delivery) => webhookFaults(delivery, company.secret))).toEqual([])
  const told = company.receiver.received.flatMap(({ body }) => uidsIn(recordsOf(recordOf(JSON.parse(body))['events'])))
  expect(new Set(told)).toEqual(new Set(uidsIn(await listed('/events'))))
})
