import { afterAll, beforeAll, expect, it } from 'vitest'

import { readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import { openBrowser } from '../../src/authorization/scripted-browser.ts'
import { enterWrite } from '../../src/storage/write-gate.ts'
import {
  type Json,
  newestSubscription,
  type RunningApp,
  startRunningApp,
  until,
  untilCollected,
  type UtilitySlug,
} from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 2, customers: 30 })
})
afterAll(async () => await running.close())

const metersOf = async (uid: string): Promise<Json[]> =>
  (await running.api(`/meters?authorizations=${uid}`)).body.meters
const uidsOf = async (uid: string): Promise<string[]> =>
  (await metersOf(uid)).map((meter) => String(meter.uid)).toSorted((a, b) => a.localeCompare(b))
const ledgerOf = async (utility: UtilitySlug) =>
  await readLedger(running.simulators[utility].admin, await newestSubscription(running, utility))
const agreementsOf = async (utility: UtilitySlug, login: string): Promise<string[]> => {
  const household = await running.admin(utility, 'GET', `/customers?login=${login}`)
  return household.accounts.flatMap((account: Json) => account.agreements.map((one: Json) => String(one.id)))
}
/** A day later, with everything that the schedule does, until nothing is owed. */
async function nextDay(uid: string): Promise<void> {
  running.forward(24)
  await running.app.tick()
  await running.app.idle()
  await untilCollected(running, uid)
}
const windowsOf = async (uid: string): Promise<Json[]> =>
  await running.database.admin(
    `select product, resource, state, reason from windows where authorization_uid = $1 and state <> 'done'`,
    [uid],
  )

it.each(['pge', 'sce'] as const)(
  '%s: the same customer under another e-mail address goes on in the same meters, without a gap or a doubled reading',
  async (utility) => {
    const first = await running.share(utility, 'home', `first.${utility}@example.com`)
    await untilCollected(running, first.authorizationUid)
    const uids = await uidsOf(first.authorizationUid)
    const before = await newestSubscription(running, utility)
    const again = await running.share(utility, 'home', `second.${utility}@example.com`)
    expect(again.authorizationUid).toBe(first.authorizationUid)
    await untilCollected(running, again.authorizationUid)
    expect(await newestSubscription(running, utility)).not.toBe(before)
    expect(await uidsOf(again.authorizationUid)).toEqual(uids)
    expect(await totalsOf(running.shown, again.authorizationUid)).toEqual(await ledgerOf(utility))
    await nextDay(again.authorizationUid)
    expect(await totalsOf(running.shown, again.authorizationUid)).toEqual(await ledgerOf(utility))
    // One grant is left at the utility, whether it ended the old one itself or we had to.
    const running1 = await until('the old grant’s end', async () => {
      const all: Json[] = await running.admin(utility, 'GET', '/authorizations')
      const active = all.filter(({ login, status }) => login === 'home' && status === 1)
      return active.length === 1 ? active : null
    })
    expect(String(running1[0].subscription)).toBe(await newestSubscription(running, utility))
    // The earlier holder sees nothing of the new one's, and is told.
    expect((await openBrowser().open(first.page.url)).status).toBe(404)
    const mails = await running.database.admin(
      `select recipient from mails where kind = 'taken_over' and authorization_uid = $1`,
      [first.authorizationUid],
    )
    expect(mails).toEqual([{ recipient: `first.${utility}@example.com` }])
    const { text_shown: text } =
      (
        await running.database.admin(
          'select text_shown from consents where authorization_uid = $1 order by consent_no desc limit 1',
          [first.authorizationUid],
        )
      )[0] ?? {}
    expect(text).toContain('This replaces the agreement in force for the same account.')
  },
  120_000,
)

it('a renewal while a collection runs ends with everything once', async () => {
  await running.admin('pge', 'POST', '/fault', { on: 'resource', match: 'Batch/Subscription', delayMs: 150, times: 60 })
  const first = await running.share('pge', 'shop', 'busy@example.com')
  const again = await running.share('pge', 'shop', 'busy@example.com')
  expect(again.authorizationUid).toBe(first.authorizationUid)
  await running.admin('pge', 'DELETE', '/fault')
  running.forward(1)
  await untilCollected(running, again.authorizationUid)
  expect(await windowsOf(again.authorizationUid)).toEqual([])
  expect(await totalsOf(running.shown, again.authorizationUid)).toEqual(await ledgerOf('pge'))
}, 120_000)

it('a service agreement that a renewal leaves out is not asked for any more, its data stay, and it goes on when it is shared again', async () => {
  const email = 'fewer@example.com'
  const [one = '', other = ''] = await agreementsOf('pge', 'solar')
  const all = await running.share('pge', 'solar', email)
  await untilCollected(running, all.authorizationUid)
  const before = await totalsOf(running.shown, all.authorizationUid)
  const uids = await uidsOf(all.authorizationUid)
  const fewer = await running.share('pge', 'solar', email, { agreement: [one] })
  expect(fewer.authorizationUid).toBe(all.authorizationUid)
  expect(fewer.page.html).toContain('/receipt/')
  await untilCollected(running, all.authorizationUid)
  const askedFor = async (): Promise<Json[]> =>
    await running.database.admin('select ends, finished from windows where resource = $1 order by 1', [other])
  const asked = await askedFor()
  await nextDay(all.authorizationUid)
  expect(await askedFor()).toEqual(asked)
  expect(await windowsOf(all.authorizationUid)).toEqual([])
  expect(await uidsOf(all.authorizationUid)).toEqual(uids)
  expect(await totalsOf(running.shown, all.authorizationUid)).toEqual(before)
  await running.share('pge', 'solar', email)
  await untilCollected(running, all.authorizationUid)
  expect(await uidsOf(all.authorizationUid)).toEqual(uids)
  expect(await totalsOf(running.shown, all.authorizationUid)).toEqual(await ledgerOf('pge'))
}, 120_000)

it('one agreement more is found by the renewal, with its history', async () => {
  const email = 'more@example.com'
  const [one = ''] = await agreementsOf('pge', 'accounts')
  const first = await running.share('pge', 'accounts', email, { agreement: [one] })
  await untilCollected(running, first.authorizationUid)
  const [meter] = await uidsOf(first.authorizationUid)
  await running.share('pge', 'accounts', email)
  await untilCollected(running, first.authorizationUid)
  const uids = await uidsOf(first.authorizationUid)
  expect(uids).toHaveLength(2)
  expect(uids).toContain(meter)
  expect(await totalsOf(running.shown, first.authorizationUid)).toEqual(await ledgerOf('pge'))
}, 120_000)

it('kinds of data that a renewal leaves out are deleted, as its text says, and come whole when they are shared again', async () => {
  const email = 'kinds@example.com'
  const login = 'customer000007'
  const first = await running.share('pge', login, email)
  const uid = first.authorizationUid
  await untilCollected(running, uid)
  const whole = await totalsOf(running.shown, uid)
  const narrow = await running.share('pge', login, email, { data: ['Usage'] })
  expect(narrow.authorizationUid).toBe(uid)
  await untilCollected(running, uid)
  const left = await totalsOf(running.shown, uid)
  expect(left).toEqual({ ...whole, bills: 0, bill_total: '0', line_items: 0, billing_summaries: 0 })
  const [meter] = await metersOf(uid)
  expect([meter.base.service_address, meter.base.billing_account]).toEqual([null, null])
  expect((await running.api(`/accounting/billing-accounts?authorizations=${uid}`)).body.billing_accounts).toEqual([])
  await expect(
    running.store.db.operator((tx) =>
      enterWrite(tx, uid, { dataClass: ['bills', 'meters', 'accounting'], now: new Date() }),
    ),
  ).rejects.toThrow('class_not_consented')
  await running.share('pge', login, email)
  await untilCollected(running, uid)
  expect(await totalsOf(running.shown, uid)).toEqual(await ledgerOf('pge'))
}, 120_000)
