import { expect } from 'vitest'

import { summarizeOwed } from '../../../src/storage/summarize-owed.ts'
import type { UtilitySlug } from '../../running-app.ts'
import type { FaultsBench } from './faults-bench.ts'
import type { Found, Window } from './faults-peek.ts'
import type { End, Scenario } from './faults-scenario.ts'

/** The customer of one scenario, once there is an authorization. */
type Shared = { uid: string; subscription: string; email: string; login: string }
export type Meeting = { bench: FaultsBench; scenario: Scenario; shared: Shared; failures: () => Failure[] }
type Failure = { reason: string; verdict: string }

/** More than any scenario takes that comes to an end. */
export const ROUNDS = 80

/** What the state a fault ends in means, and how it is left again. */
export const CHECKS: Record<End, (meeting: Meeting) => Promise<void>> = {
  async unharmed({ bench, scenario, shared, failures }) {
    if (scenario.place === 'notification') await untilNotified(bench, shared.uid)
    await bench.work(shared.uid, ROUNDS)
    expect(failures()).toEqual([])
  },

  async retry({ bench, scenario, shared, failures }) {
    if (scenario.lasts === 'mended') {
      await bench.work(shared.uid, 6)
      expect(reasonsOf(await openOf(bench, shared.uid))).toContain(scenario.code)
      expect(failures().length).toBeGreaterThan(2)
      await bench.heal()
    }
    await bench.work(shared.uid, ROUNDS)
    expect(new Set(failures().map(({ verdict }) => verdict))).toEqual(new Set(['again']))
    expect(failures().map(({ reason }) => reason)).toContain(scenario.code)
    if (typeof scenario.lasts === 'number') expect(failures().length).toBeLessThanOrEqual(scenario.lasts)
  },

  async wait({ bench, scenario, shared, failures }) {
    if (scenario.code === 'next_refresh') {
      await bench.work(shared.uid, ROUNDS)
      expect(failures()).toEqual([])
      await bench.nextDay(shared.uid)
      return
    }
    if (scenario.place === 'notification') {
      await bench.work(shared.uid, ROUNDS)
      expect(failures()).toEqual([])
      const asked = (await bench.windowsOf(shared.uid)).filter(({ product }) => product === 'bulk_request')
      expect(asked[0]?.attempts).toBeGreaterThanOrEqual(Number(scenario.lasts))
      return
    }
    const waiting = await untilWaiting(bench, shared.uid, scenario)
    const [least, most] = scenario.code === 'awaiting_notification' ? [40, 200] : [100, 86_400]
    for (const { waitSeconds } of waiting) {
      expect(waitSeconds).toBeGreaterThan(least)
      expect(waitSeconds).toBeLessThan(most)
    }
    await bench.work(shared.uid, ROUNDS)
  },

  async stop({ bench, scenario, shared }) {
    // Where files come by notification, the request for them stays open: another file may be a good one.
    const isOpen = scenario.place === 'file'
    await bench.work(shared.uid, scenario.lasts === 'ever' ? 400 : isOpen ? 6 : ROUNDS)
    const aside = (await bench.windowsOf(shared.uid)).filter(({ state }) => state === 'aside')
    expect(reasonsOf(aside)).toEqual(new Set([scenario.code]))
    if (['usage', 'usage points', 'file'].includes(scenario.place)) expect(await bench.storedBlocks(shared.uid)).toBe(0)
    expect((await mustFind(bench, shared.email)).status).toBe(isOpen ? 'pending' : 'errored')
    await bench.heal()
    await bench.nextDay(shared.uid)
    expect((await bench.windowsOf(shared.uid)).filter(({ state }) => state !== 'done')).toEqual([])
    expect((await mustFind(bench, shared.email)).status).toBe('updated')
  },

  async 'operator alarm'({ bench, scenario, shared }) {
    const code = scenario.code ?? ''
    await bench.work(shared.uid, code === 'foreign_entries_dropped' ? ROUNDS : 4)
    if (code === 'foreign_entries_dropped') {
      expect(await bench.auditOf(shared.uid)).toContain(code)
      await bench.nextDay(shared.uid)
      return
    }
    const audit = await bench.auditOf(shared.uid)
    expect(audit.filter((said) => said.startsWith('operator_alarm'))).toEqual([`operator_alarm ${code}`])
    const owed = await bench.running.store.db.operator((tx) => summarizeOwed(tx))
    expect(owed.map(({ reason }) => reason)).toContain(code)
    expect((await mustFind(bench, shared.email)).state).toBe('active')
    await bench.heal()
    if (code === 'not_in_grant') await renew(bench, { ...shared, utility: scenario.utility })
    await bench.work(shared.uid, ROUNDS)
  },

  async 're-authorize'({ bench, scenario, shared, failures }) {
    await bench.work(shared.uid, 8)
    expect(failures().map(({ reason }) => reason)).toContain(scenario.code)
    expect(await mustFind(bench, shared.email)).toMatchObject({ state: 'needs_reauthorization', status: 'errored' })
    await bench.heal()
    await bench.lengthenTokens()
    await renew(bench, { ...shared, utility: scenario.utility })
    const { uid } = await mustFind(bench, shared.email)
    // DEMO tells nothing by which a customer is known before there are data: a second share of it stands by itself.
    expect(uid === shared.uid).toBe(scenario.utility !== 'demo')
    await bench.work(uid, ROUNDS)
  },
}

/** The customer shares again, under the same e-mail address. */
async function renew(bench: FaultsBench, p: { utility: UtilitySlug; login: string; email: string }): Promise<void> {
  const { browser, page } = await bench.walk(p.utility, p.login, p.email)
  await browser.submit(page, /Continue to Final Step/)
}

const openOf = async (bench: FaultsBench, uid: string): Promise<Window[]> =>
  (await bench.windowsOf(uid)).filter(({ state }) => state === 'owed' || state === 'waiting')

const reasonsOf = (windows: readonly Window[]): Set<string | null> => new Set(windows.map(({ reason }) => reason))

/** The windows that wait as the scenario says; a file may be named a moment after the customer's last click. */
async function untilWaiting(bench: FaultsBench, uid: string, { code, place }: Scenario): Promise<Window[]> {
  for (let look = 0; look < 200; look++) {
    await bench.running.app.idle()
    const waiting = (await openOf(bench, uid)).filter(
      ({ reason, product }) => reason === code && (place !== 'file' || product === 'file'),
    )
    if (waiting.length > 0) return waiting
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing waits for the reason ${code}`)
}

/** Notifications take the way of the network and the queue: real time, some hundred milliseconds. */
async function untilNotified(bench: FaultsBench, uid: string): Promise<void> {
  for (let look = 0; look < 200; look++) {
    await bench.running.app.idle()
    if ((await openOf(bench, uid)).length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('no notification has come')
}

/** The customer's authorization. Throws when there is none. */
export async function mustFind(bench: FaultsBench, email: string): Promise<Found> {
  const found = await bench.authorizationOf(email)
  if (!found) throw new Error('there is no authorization')
  return found
}
