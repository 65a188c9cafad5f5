import { afterAll, beforeAll, expect, it } from 'vitest'

import { readLedger, totalsOf } from '../../src/cli/demo-totals.ts'
import { replayAuthorization } from '../../src/collection/replay-authorization.ts'
import { newestSubscription, type RunningApp, startRunningApp, until, untilCollected } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp()
})
afterAll(async () => await running.close())

it.each([
  ['pge', 'solar'],
  ['pge', 'shop'],
  ['pge', 'home'],
  ['pge', 'accounts'],
  ['sce', 'home'],
  ['sce', 'solar'],
  ['sce', 'accounts'],
  ['demo', 'commercial'],
] as const)(
  '%s %s: every total through the API equals what the utility knows that it shares',
  async (utility, login) => {
    const { authorizationUid } = await running.share(utility, login)
    await untilCollected(running, authorizationUid)
    const ledger = await readLedger(running.simulators[utility].admin, await newestSubscription(running, utility))
    expect(await totalsOf(running.shown, authorizationUid)).toEqual(ledger)
  },
  120_000,
)

it('nothing is asked of the utility before the final step but the check of the grant', async () => {
  const before = await running.admin('pge', 'GET', '/requests')
  const { browser, page } = await running.toChoices('pge', 'moved')
  const final = await browser.submit(page, /submit/i, { agree: 'yes' })
  expect(final.html).toContain('Continue to Final Step')
  const after = await running.admin('pge', 'GET', '/requests')
  const asked = Object.entries<number>(after.byKind).filter(([kind, count]) => count > (before.byKind[kind] ?? 0))
  const data = asked
    .map(([kind]) => kind)
    .filter((kind) => /Batch|UsageSummary|IntervalBlock|MeterReading|RetailCustomer/.test(kind))
  expect(data).toEqual([])
})

it('a replay of the raw feeds gives identical products', async () => {
  const { authorizationUid } = await running.share('pge', 'new')
  await untilCollected(running, authorizationUid)
  const products = async (): Promise<unknown[]> =>
    await Promise.all(
      ['meters', 'bills', 'intervals', 'accounting/billing-accounts', 'accounting/billing-summaries'].map(
        async (product) => (await running.api(`/${product}?authorizations=${authorizationUid}`)).body,
      ),
    )
  const before = await products()
  const events = (await running.api('/events')).body
  const { changed } = await replayAuthorization({ ...running.store, now: () => new Date() }, authorizationUid)
  expect(changed).toBe(0)
  expect(await products()).toEqual(before)
  expect((await running.api('/events')).body).toEqual(events)
})

it('an account without agreements is a share of nothing, and says so', async () => {
  const { page } = await running.toChoices('pge', 'empty')
  expect(page.html).toMatch(/no service agreement/i)
})

it('a correction replaces readings without a gap or a double, and events tell of it', async () => {
  const { authorizationUid } = await running.share('pge', 'shop')
  await untilCollected(running, authorizationUid)
  const subscription = await newestSubscription(running, 'pge')
  const before = await totalsOf(running.shown, authorizationUid)
  await running.admin('pge', 'POST', '/correct', { login: 'shop' })
  running.forward(24)
  const ledger = await readLedger(running.simulators.pge.admin, subscription)
  expect(ledger.kwh_delivered).not.toBe(before.kwh_delivered)
  await running.app.tick()
  const corrected = await until('the corrected total', async () => {
    const totals = await totalsOf(running.shown, authorizationUid)
    return totals.kwh_delivered === ledger.kwh_delivered ? totals : null
  })
  expect(corrected).toEqual(ledger)
}, 120_000)

it('ordering history again ends by itself, whether there was something to fetch or not, and an event says so', async () => {
  const { authorizationUid } = await running.share('pge', 'moved')
  await untilCollected(running, authorizationUid)
  const { meters } = (await running.api(`/meters?authorizations=${authorizationUid}`)).body
  const [{ uid }] = meters
  for (const hours of [0, 24]) {
    running.forward(hours)
    const ordered = await running.api('/meters/historical-collection', {
      method: 'POST',
      body: { meters: [uid], collection_duration: 12 },
    })
    expect(ordered).toMatchObject({ status: 200, body: { success: true, meters: [uid] } })
    await until('the end of the collection', async () => {
      const { body } = await running.api(`/meters/${uid}`)
      return body.status === 'updated' ? true : null
    })
    const { events } = (await running.api('/events?limit=20')).body
    const types = events
      .filter((event: { meter_uid?: string }) => event.meter_uid === uid)
      .map(({ type }: { type: string }) => type)
    expect(types).toContain('meter_historical_collection_finished_successful')
  }
}, 120_000)
