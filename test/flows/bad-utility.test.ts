import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

import { readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import { newestSubscription, type RunningApp, startRunningApp, until, untilCollected } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 3, customers: 40 })
})
afterAll(async () => await running.close())
beforeEach(async () => {
  await running.admin('pge', 'DELETE', '/fault')
})

let customers = 0
/** Somebody whom nobody has asked before. */
const nextCustomer = (): string => `customer${String(++customers).padStart(6, '0')}`

async function windowsOf(authorizationUid: string): Promise<Record<string, unknown>[]> {
  return await running.database.admin(
    'select product, resource, starts, state, reason, attempts from windows where authorization_uid = $1 order by 1, 2, 3',
    [authorizationUid],
  )
}

it.each([
  ['answers 503', { status: 503, body: 'Service Unavailable' }],
  ['answers a web page with status 200', { mode: 'html' }],
  ['closes the connection', { mode: 'close' }],
  ['answers 429', { status: 429, body: '', headers: { 'retry-after': '1' } }],
  ['sends half a feed', { mode: 'truncated' }],
  ['answers JSON with status 200', { body: '{"error":"oops"}', contentType: 'application/json', status: 200 }],
])(
  'a utility that %s for a while delays data and loses none',
  async (_what, fault) => {
    await running.admin('pge', 'POST', '/fault', { on: 'resource', match: 'Batch/Subscription', times: 2, ...fault })
    const { authorizationUid } = await running.share('pge', nextCustomer())
    await untilCollected(running, authorizationUid)
    const totals = await totalsOf(running.shown, authorizationUid)
    expect(totals.readings).toBeGreaterThan(100)
    expect(totals).toEqual(await readLedger(running.simulators.pge.admin, await newestSubscription(running, 'pge')))
    expect((await windowsOf(authorizationUid)).every(({ state }) => state === 'done')).toBe(true)
  },
  60_000,
)

it.each([
  ['broken XML', { mode: 'broken-xml' }, /not_well_formed|truncated/],
  ['a DOCTYPE that would expand for ever', { mode: 'doctype-bomb' }, /doctype/],
])(
  '%s is set aside with its reason, and the rest of the share is there',
  async (_what, fault, reason) => {
    await running.admin('pge', 'POST', '/fault', { on: 'resource', match: 'RetailCustomer', times: 1, ...fault })
    const { authorizationUid } = await running.share('pge', nextCustomer())
    await untilCollected(running, authorizationUid)
    const bad = (await windowsOf(authorizationUid)).filter(({ state }) => state === 'aside')
    expect(bad).toHaveLength(1)
    expect(bad[0]?.['reason']).toMatch(reason)
    expect((await totalsOf(running.shown, authorizationUid)).readings).toBeGreaterThan(100)
  },
  60_000,
)

it('what the utility does not share under a grant is asked for once, told, and had after a renewal', async () => {
  const login = nextCustomer()
  await running.admin('pge', 'POST', '/fault', {
    ...{ on: 'resource', match: 'Batch/Subscription', times: 1_000_000, mode: 'http-403-scope' },
  })
  const { authorizationUid } = await running.share('pge', login)
  await untilCollected(running, authorizationUid)
  const refused = (await windowsOf(authorizationUid)).filter(({ state }) => state === 'aside')
  expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(['not_in_grant']))
  expect(refused.filter(({ attempts }) => Number(attempts) > 0)).toHaveLength(
    new Set(refused.map(({ product, resource }) => `${String(product)} ${String(resource)}`)).size,
  )
  const notes = async (): Promise<string[]> => {
    const { body } = await running.api(`/authorizations/${authorizationUid}`)
    return body.notes.flatMap(({ type, msg }: Record<string, string>) => (type === 'not_in_grant' ? [msg] : []))
  }
  expect(await notes()).toContain(
    'The utility does not share intervals under this authorization: its grant has to be renewed.',
  )
  running.forward(24)
  await running.app.tick()
  await running.app.idle()
  await untilCollected(running, authorizationUid)
  const later = (await windowsOf(authorizationUid)).filter(({ state }) => state === 'aside')
  expect(later).toEqual(refused)

  await running.admin('pge', 'DELETE', '/fault')
  const again = await running.share('pge', login)
  expect(again.authorizationUid).toBe(authorizationUid)
  await untilCollected(running, authorizationUid)
  expect((await windowsOf(authorizationUid)).every(({ state }) => state === 'done')).toBe(true)
  expect(await notes()).toEqual([])
  const totals = await totalsOf(running.shown, authorizationUid)
  expect(totals).toEqual(await readLedger(running.simulators.pge.admin, await newestSubscription(running, 'pge')))
}, 60_000)

it('entries of another subscription are left out, and the operator finds it in the audit log', async () => {
  await running.admin('pge', 'POST', '/fault', {
    on: 'resource',
    match: 'Batch/Subscription',
    times: 1,
    mode: 'other-subscription',
  })
  const { authorizationUid } = await running.share('pge', nextCustomer())
  await untilCollected(running, authorizationUid)
  const audit = await running.database.admin(
    `select details from audit_entries where authorization_uid = $1 and action = 'foreign_entries_dropped'`,
    [authorizationUid],
  )
  expect(audit).toHaveLength(1)
})

it('the customer revokes on the receipt: the utility is told, the data are gone, the API says so', async () => {
  const { authorizationUid, browser, page } = await running.share('pge', nextCustomer())
  await untilCollected(running, authorizationUid)
  const before = await running.admin('pge', 'GET', '/requests')
  const question = await browser.open(`${page.url.replace(/\?.*/, '')}/revoke`)
  await browser.submit(question, /Stop sharing now/)
  const { body } = await running.api(`/authorizations/${authorizationUid}`)
  expect(body).toMatchObject({ is_revoked: true })
  expect((await running.api(`/intervals?authorizations=${authorizationUid}`)).status).toBe(404)
  expect((await running.api(`/meters?authorizations=${authorizationUid}`)).body.meters).toEqual([])
  const left = await running.database.admin(
    `select (select count(*) from meters where authorization_uid = $1)::int + (select count(*) from series_blocks where authorization_uid = $1)::int
       + (select count(*) from bills where authorization_uid = $1)::int + (select count(*) from raw_feeds where authorization_uid = $1)::int as rows`,
    [authorizationUid],
  )
  expect(left).toEqual([{ rows: 0 }])
  await until('the word to the utility', async () =>
    (await running.admin('pge', 'GET', '/requests')).deletes > before.deletes ? true : null,
  )
})

it('the customer cancels at the utility: collection stops and the company is told', async () => {
  const login = nextCustomer()
  const { authorizationUid } = await running.share('pge', login)
  await untilCollected(running, authorizationUid)
  await running.admin('pge', 'POST', '/revoke', { login })
  await until('the revocation', async () => {
    const { body } = await running.api(`/authorizations/${authorizationUid}`)
    return body.is_revoked ? true : null
  })
  const { body } = await running.api('/events')
  expect(body.events[0]).toMatchObject({ type: 'authorization_revoked', authorization_uid: authorizationUid })
})

it('the company revokes over the API: the same, and a second time changes nothing', async () => {
  const { authorizationUid } = await running.share('demo', 'test')
  await untilCollected(running, authorizationUid)
  const first = await running.api(`/authorizations/${authorizationUid}/revoke`, { method: 'POST' })
  expect(first).toMatchObject({ status: 200, body: { is_revoked: true } })
  const second = await running.api(`/authorizations/${authorizationUid}/revoke`, { method: 'POST' })
  expect(second.body.revoked).toBe(first.body.revoked)
})

it('a grant that died at the utility asks for the customer, and the renewed share goes on without a doubled reading', async () => {
  const { authorizationUid } = await running.share('pge', 'shop', 'shop@example.com')
  await untilCollected(running, authorizationUid)
  const before = await totalsOf(running.shown, authorizationUid)
  await running.admin('pge', 'POST', '/fault', { on: 'token', mode: 'invalid-grant', times: 50 })
  running.forward(24)
  await running.app.tick()
  await until('the need of a new authorization', async () => {
    const { body } = await running.api(`/authorizations/${authorizationUid}`)
    return body.status === 'errored' ? true : null
  })
  await running.admin('pge', 'DELETE', '/fault')
  const renewed = await running.share('pge', 'shop', 'shop@example.com')
  expect(renewed.authorizationUid).toBe(authorizationUid)
  await untilCollected(running, authorizationUid)
  const after = await totalsOf(running.shown, authorizationUid)
  expect(after).toEqual(before)
}, 120_000)
