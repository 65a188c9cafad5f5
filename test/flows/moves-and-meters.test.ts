import { afterAll, beforeAll, expect, it } from 'vitest'

import { readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import { type Json, newestSubscription, type RunningApp, startRunningApp, untilCollected } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 3, customers: 30 })
})
afterAll(async () => await running.close())

const byText = (a: string, b: string): number => a.localeCompare(b)
const dayBefore = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
const metersOf = async (uid: string): Promise<Json[]> =>
  (await running.api(`/meters?authorizations=${uid}`)).body.meters
const ledger = async () => await readLedger(running.simulators.pge.admin, await newestSubscription(running, 'pge'))
async function nextDay(uid: string): Promise<void> {
  running.forward(24)
  await running.app.tick()
  await running.app.idle()
  await untilCollected(running, uid)
}

it('a customer who moves gets a new meter with its history, and the old one keeps its own and is finished', async () => {
  await running.admin('pge', 'PUT', '/settings', { moveKeepsSharing: true })
  const { authorizationUid: uid } = await running.share('pge', 'customer000011')
  await untilCollected(running, uid)
  const [old] = await metersOf(uid)
  const { usagePoints } = await running.admin('pge', 'POST', '/move', { login: 'customer000011' })
  // Four days later the new agreement's first days are published.
  await running.admin('pge', 'POST', '/new-day', { days: 4 })
  running.forward(3 * 24)
  await nextDay(uid)
  const meters = await metersOf(uid)
  expect(meters).toHaveLength(1 + usagePoints.length)
  const kept = meters.find((meter) => meter.uid === old.uid)
  const added = meters.find((meter) => meter.uid !== old.uid)
  expect(kept.base.service_identifier).toBe(old.base.service_identifier)
  expect(added.base.service_address).toMatch(/\d/)
  expect(added.base.service_address).not.toBe(kept.base.service_address)
  expect(kept.base.service_address).toBe(old.base.service_address)
  expect(added.interval_count).toBeGreaterThan(24)
  const { events } = (await running.api(`/events?limit=100`)).body
  expect(events).toContainEqual(expect.objectContaining({ type: 'meter_created', meter_uid: added.uid }))
  expect(await totalsOf(running.shown, uid)).toEqual(await ledger())
  const [closed] = await running.database.admin(
    `select facts ->> 'status' as status from meters where meter_uid = $1`,
    [old.uid],
  )
  expect(closed).toEqual({ status: 'closed' })
  // Three months on nothing can come of the closed agreement: it is not asked for any more, and keeps what it has.
  running.forward(90 * 24)
  await running.app.tick()
  await running.app.idle()
  const [point = ''] = (
    await running.database.admin('select usage_point from meters where meter_uid = $1', [old.uid])
  ).map((row) => String(row['usage_point']))
  const asked = async (): Promise<Json[]> =>
    await running.database.admin('select ends from windows where resource = $1 and created > $2', [
      point,
      new Date(Date.now() + 80 * 86_400_000),
    ])
  expect(await asked()).toEqual([])
  expect((await metersOf(uid)).find((meter) => meter.uid === old.uid).interval_count).toBe(kept.interval_count)
  running.forward(-90 * 24)
}, 120_000)

it('after a meter change it is the same meter with one more number, and one history', async () => {
  const { authorizationUid: uid } = await running.share('pge', 'customer000012')
  await untilCollected(running, uid)
  const [before] = await metersOf(uid)
  const change = await running.admin('pge', 'POST', '/replace-meter', { login: 'customer000012', day: dayBefore(8) })
  running.forward(7 * 24)
  await nextDay(uid)
  running.forward(-8 * 24)
  const meters = await metersOf(uid)
  expect(meters.map((meter) => meter.uid)).toEqual([before.uid])
  expect(meters[0].base.meter_numbers).toEqual([...before.base.meter_numbers, change.to])
  expect(await totalsOf(running.shown, uid)).toEqual(await ledger())
}, 120_000)

it.each(['pge', 'sce'] as const)(
  '%s: a customer with several accounts has all four products for each, and the receipt shows each',
  async (utility) => {
    const { authorizationUid: uid, browser, page } = await running.share(utility, 'accounts')
    await untilCollected(running, uid)
    const household = await running.admin(utility, 'GET', '/customers?login=accounts')
    const numbers: string[] = household.accounts.map(({ number }: Json) => String(number))
    const meters = await metersOf(uid)
    expect(meters.map((meter) => meter.base.billing_account).toSorted(byText)).toEqual(numbers.toSorted(byText))
    for (const meter of meters) {
      expect(meter.interval_count).toBeGreaterThan(24)
      expect(meter.bill_count).toBeGreaterThan(0)
      const { bills } = (await running.api(`/bills?meters=${meter.uid}`)).body
      expect(bills.every((bill: Json) => bill.meter_uid === meter.uid)).toBe(true)
    }
    const accounts: Json[] = (await running.api(`/accounting/billing-accounts?authorizations=${uid}`)).body
      .billing_accounts
    expect(accounts.map((account) => account.base.billing_account).toSorted(byText)).toEqual(numbers.toSorted(byText))
    const summaries: Json[] = (await running.api(`/accounting/billing-summaries?authorizations=${uid}`)).body
      .billing_summaries
    expect(new Set(summaries.map((summary) => summary.billing_account_uid)).size).toBe(2)
    const receipt = await browser.open(page.url)
    for (const meter of meters) expect(receipt.html).toContain(meter.base.service_identifier)
  },
  120_000,
)

it('what the customer leaves out at the utility is recorded, not asked for, and not there', async () => {
  const household = await running.admin('pge', 'GET', '/customers?login=solar')
  const all: string[] = household.accounts.flatMap(({ agreements }: Json) =>
    agreements.map(({ id }: Json) => String(id)),
  )
  const [one = '', other = ''] = all
  const { authorizationUid: uid } = await running.share('pge', 'solar', 'narrow@example.com', {
    agreement: [one],
    data: ['Billing', 'Basic'],
  })
  await untilCollected(running, uid)
  const [row] = await running.database.admin(
    `select a.data_classes, c.data_classes as agreed, f.consent #> '{granted,usagePoints}' as points from authorizations a
       join consents c using (authorization_uid) join flows f using (authorization_uid) where authorization_uid = $1`,
    [uid],
  )
  expect(row).toEqual({ data_classes: ['meters', 'bills'], agreed: ['meters', 'bills'], points: [one] })
  const totals = await totalsOf(running.shown, uid)
  expect([totals.meters, totals.readings, totals.billing_summaries]).toEqual([1, 0, 0])
  const windows = await running.database.admin('select resource from windows where authorization_uid = $1', [uid])
  expect(windows.filter(({ resource }) => resource === other)).toEqual([])
}, 60_000)

it('a grant that is wider than what was asked is not used beyond it', async () => {
  await running.database.admin(`update templates set data_classes = '{bills}'`)
  const before = (await running.admin('pge', 'GET', '/requests')).total
  const { authorizationUid: uid } = await running.share('pge', 'customer000013')
  await untilCollected(running, uid)
  const { last, total } = await running.admin('pge', 'GET', '/requests')
  const targets: string[] = last.slice(-(total - before)).map(({ target }: Json) => target)
  expect(targets.filter((target) => target.includes('RetailCustomer'))).toEqual([])
  const totals = await totalsOf(running.shown, uid)
  expect([totals.readings, totals.billing_summaries]).toEqual([0, 0])
  expect(totals.bills).toBeGreaterThan(0)
  const [meter] = await metersOf(uid)
  expect(meter.base.service_address).toBeNull()
  const audit = await running.database.admin(
    `select details from audit_entries where action = 'scope_wider' and authorization_uid = $1`,
    [uid],
  )
  expect(audit).toEqual([{ details: { dropped: ['meters', 'intervals', 'accounting'] } }])
  await running.database.admin(`update templates set data_classes = '{meters,bills,intervals,accounting}'`)
}, 60_000)
