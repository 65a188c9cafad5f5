import { afterAll, beforeAll, expect, it } from 'vitest'

import { readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import {
  type Json,
  newestSubscription,
  type RunningApp,
  startRunningApp,
  until,
  untilCollected,
} from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 2, customers: 30 })
})
afterAll(async () => await running.close())

const RESOURCE = '/GreenButtonConnect/espi/1_1/resource'
const base = (): string => `${running.simulators.pge.api}${RESOURCE}`
const batch = (...addresses: string[]): string =>
  `<?xml version="1.0"?><ns0:BatchList xmlns:ns0="http://naesb.org/espi">${addresses
    .map((address) => `<ns0:resources>\n  ${address.replaceAll('&', '&amp;')}\n</ns0:resources>`)
    .join('')}</ns0:BatchList>`
async function keyOf(utility: string): Promise<string> {
  const rows = await running.database.admin('select notification_key as key from registrations where utility = $1', [
    utility,
  ])
  return String(rows[0]?.['key'])
}
async function post(
  body: string | Buffer,
  { type = 'application/xml', key = '', method = 'POST' } = {},
): Promise<number> {
  const known = key === '' ? await keyOf('PG&E') : key
  const init = method === 'GET' ? {} : { body, headers: { 'content-type': type } }
  return (await fetch(`${running.url}/notifications/${known}`, { method, ...init })).status
}
/** Everything that waits is judged and collected. */
async function settled(): Promise<void> {
  await running.app.tick()
  await running.app.idle()
}
const requests = async (): Promise<Json> => await running.admin('pge', 'GET', '/requests')
/** What the utility was asked while something ran, without tokens. */
async function askedDuring(run: () => Promise<unknown>): Promise<string[]> {
  const { total } = await requests()
  await run()
  const after = await requests()
  const count = after.total - total
  return count === 0
    ? []
    : after.last
        .slice(-count)
        .map(({ target }: Json) => String(target))
        .filter((target: string) => !target.includes('/oauth/'))
}

it('every body is answered alike at our address, and none of them has anything fetched', async () => {
  await running.app.idle()
  const asked = await askedDuring(async () => {
    const foreign = batch(
      `https://api.pge.example${RESOURCE}/Batch/Bulk/1?correlationID=x`,
      `${base()}/../../../datacustodian/oauth/v2/token`,
    )
    for (const body of [
      '',
      ' \n',
      'no xml',
      '{"a":1}',
      foreign,
      batch(`${base()}/Subscription/1`),
      batch(`${base()}/Batch/Bulk/1?correlationID=x`),
      Buffer.alloc(262_144, 60),
    ])
      for (const type of ['application/xml', 'application/json', 'multipart/form-data; boundary=x'])
        expect(await post(body, { type })).toBe(200)
    expect(await post('', { method: 'GET' })).toBe(200)
    expect(await post(batch(`${base()}/Subscription/1`), { key: 'unknown' })).toBe(404)
    expect(await post(Buffer.alloc(262_145, 60))).toBe(413)
    await settled()
  })
  expect(asked).toEqual([])
  expect(await running.database.admin('select 1 from notifications where judged is null')).toEqual([])
}, 60_000)

it('a subscription in an Atom feed, in whatever order and number, is asked for its last days once', async () => {
  const { authorizationUid: uid } = await running.share('pge', 'customer000021')
  await untilCollected(running, uid)
  running.forward(1)
  const subscription = await newestSubscription(running, 'pge')
  const named = batch(`${base()}/Batch/Subscription/${subscription}?published-min=2000-01-01T00:00:00Z`)
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>${named.replace(/<\?.*?\?>/, '')}</content></entry></feed>`
  const asked = await askedDuring(async () => {
    for (let i = 0; i < 20; i++) expect(await post(i % 2 === 0 ? atom : named)).toBe(200)
    await settled()
  })
  expect(asked.length).toBeGreaterThan(0)
  expect(new Set(asked).size).toBe(asked.length)
  // The address that was named is not the one that is asked: ours are built from the profile.
  expect(asked.filter((target) => target.includes('2000-01-01'))).toEqual([])
  expect(asked.every((target) => target.includes(`/Subscription/${subscription}/`))).toBe(true)
}, 60_000)

it('PG&E’s package of a new day is fetched once for all customers, and each takes its own part', async () => {
  const ids: [string, string][] = []
  for (const login of ['customer000022', 'customer000023']) {
    const { authorizationUid } = await running.share('pge', login)
    await untilCollected(running, authorizationUid)
    ids.push([authorizationUid, await newestSubscription(running, 'pge')])
  }
  const before = await Promise.all(ids.map(async ([uid]) => (await totalsOf(running.shown, uid)).readings))
  const asked = await askedDuring(async () => {
    await running.admin('pge', 'POST', '/new-day', { days: 1 })
    await until('the package', async () => {
      const rows = await running.database.admin(`select 1 from windows where product = 'file' and state = 'done'`)
      return rows.length >= 4 ? true : null
    })
    await running.app.idle()
  })
  const packages = asked.filter((target) => target.includes('/Batch/Bulk/'))
  // Electricity and gas; the day that began let our own token expire, so that the first request may come twice.
  expect(new Set(packages).size).toBe(2)
  expect(packages.length).toBeLessThanOrEqual(3)
  for (const [at, [uid, subscription]] of ids.entries()) {
    const totals = await totalsOf(running.shown, uid)
    const ledger = await readLedger(running.simulators.pge.admin, subscription)
    expect(totals.readings).toBeGreaterThan(before[at] ?? 0)
    expect([totals.readings, totals.kwh_delivered]).toEqual([ledger.readings, ledger.kwh_delivered])
  }
}, 120_000)

it('a notification that is lost costs time and no data', async () => {
  const { authorizationUid: uid } = await running.share('pge', 'customer000024')
  await untilCollected(running, uid)
  await running.admin('pge', 'POST', '/fault', { on: 'notification', mode: 'lost', times: 10 })
  await running.admin('pge', 'POST', '/new-day', { days: 1 })
  running.forward(25)
  await settled()
  expect(await totalsOf(running.shown, uid)).toEqual(
    await readLedger(running.simulators.pge.admin, await newestSubscription(running, 'pge')),
  )
  await running.admin('pge', 'DELETE', '/fault')
}, 60_000)

it('SCE: a refresh is answered by what the utility names, new or not, also where one customer is all there are', async () => {
  const { authorizationUid: uid } = await running.share('sce', 'customer000029')
  await untilCollected(running, uid)
  running.forward(25)
  const since = async (product: string): Promise<Json[]> =>
    await running.database.admin(
      `select w.state from windows w join authorizations a using (authorization_uid)
        where authorization_uid = $1 and product = $2 and w.created > a.created + interval '1 day'`,
      [uid, product],
    )
  const untilDone = async (product: string): Promise<unknown> =>
    await until(`${product} done`, async () => {
      await settled()
      const rows = await since(product)
      return rows.length > 0 && rows.every(({ state }) => state === 'done') ? true : null
    })
  // Nothing is new: the utility names the files that it keeps.
  await untilDone('bulk_request')
  expect(await since('file')).toEqual([])
  await running.admin('sce', 'POST', '/new-day', { days: 1 })
  running.forward(25)
  await untilDone('file')
  await untilDone('bulk_request')
}, 60_000)

it.each(['late', 'doubled', 'truncated', 'forged-host'])(
  'SCE: files whose notification is %s come all the same, once',
  async (mode) => {
    await running.admin('sce', 'POST', '/fault', {
      on: 'notification',
      mode,
      times: 1,
      ...(mode === 'late' ? { delayMs: 400 } : {}),
    })
    const { authorizationUid: uid } = await running.share(
      'sce',
      `customer00002${['late', 'doubled', 'truncated', 'forged-host'].indexOf(mode) + 5}`,
    )
    // What was not understood is asked for again: the utility then names its files once more.
    running.forward(1)
    await settled()
    await untilCollected(running, uid)
    expect(await totalsOf(running.shown, uid)).toEqual(
      await readLedger(running.simulators.sce.admin, await newestSubscription(running, 'sce')),
    )
    await running.admin('sce', 'DELETE', '/fault')
  },
  90_000,
)
