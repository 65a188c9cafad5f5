import { expect } from 'vitest'

import type { FaultsBench } from './faults-bench.ts'
import { CHECKS, type Meeting, mustFind, ROUNDS } from './faults-checks.ts'
import { type End, placeOf, type Scenario } from './faults-scenario.ts'

/**
 * Plays one scenario: the fault, the state it ends in, the mending, and then every reading exactly once. Returns the end
 * that was reached; throws what vitest's expect throws where anything is otherwise than the scenario says.
 */
export async function playFault(bench: FaultsBench, scenario: Scenario): Promise<End> {
  const { utility, place } = scenario
  await bench.mend()
  const rule = placeOf(place)
  if (rule.shortTokens) await bench.shortenTokens()
  const login = await bench.nextCustomer(utility)
  const email = `${login}@example.com`
  if (rule.onTheWay) await onTheWay(bench, scenario, { login, email })
  else if (rule.atRevocation) await atRevocation(bench, scenario, { login, email })
  else await inCollection(bench, scenario, { login, email })
  return scenario.end
}

type Customer = { login: string; email: string }

async function inCollection(bench: FaultsBench, scenario: Scenario, { login, email }: Customer): Promise<void> {
  const isEarly = scenario.place === 'notification'
  if (isEarly) await bench.arrange(faultOf(scenario))
  const { browser, page } = await bench.walk(scenario.utility, login, email)
  const isWitnessServed = await bench.askWitness()
  const from = bench.log.length
  if (!isEarly) await bench.arrange(faultOf(scenario))
  await browser.submit(page, /Continue to Final Step/)
  const { uid, subscription } = await mustFind(bench, email)
  const failures: Meeting['failures'] = () =>
    bench.log
      .slice(from)
      .flatMap(({ authorizationUid, reason, verdict }) =>
        authorizationUid === uid ? [{ reason: String(reason), verdict: String(verdict) }] : [],
      )
  await CHECKS[scenario.end]({ bench, scenario, shared: { uid, subscription, email, login }, failures })
  expect(await isWitnessServed()).toBe(true)
  await expectWhole(bench, scenario, email)
  expectCleanLog(bench, from)
}

function faultOf({ place, mode, lasts, more }: Scenario): Record<string, unknown> {
  const { on, match } = placeOf(place)
  return {
    on,
    mode,
    times: typeof lasts === 'number' ? lasts : 1_000_000,
    ...(match === undefined ? {} : { match }),
    ...more,
  }
}

/** What the customer meets before there is anything to collect; afterwards they start again, and it works. */
async function onTheWay(bench: FaultsBench, scenario: Scenario, { login, email }: Customer): Promise<void> {
  const from = bench.log.length
  const { utility, place, end, code, mode } = scenario
  await bench.arrange(faultOf(scenario))
  const way = await bench.walk(utility, login, email).catch((error: unknown) => {
    if (mode !== 'close') throw error // the customer's browser says that the utility is not there
    return null
  })
  if (end === 'unharmed') {
    if (way === null) throw new Error('the customer is lost')
    await confirm(bench, way, email)
  } else {
    const flow = await bench.flowOf(email)
    expect(flow.error ?? flow.state).toBe(code)
    const ended = mode === 'access-denied' ? 'declined' : place === 'grant check' ? 'abandoned' : null
    expect((await bench.authorizationOf(email))?.state ?? null).toBe(ended)
    const audit = await bench.auditOf(null)
    expect(audit.includes(`operator_alarm ${code}`)).toBe(end === 'operator alarm')
    if (way && flow.state !== 'sent') expect(way.page.html).toContain(bench.running.formUrl(utility))
    await bench.heal()
    await confirm(bench, await bench.walk(utility, login, email), email)
  }
  await expectWhole(bench, scenario, email)
  expectCleanLog(bench, from)
}

/**
 * The customer has ended the grant at the utility, whose answer about it is bad: nothing is concluded from that, and the
 * share ends, with its data, when the utility says so.
 */
async function atRevocation(bench: FaultsBench, scenario: Scenario, { login, email }: Customer): Promise<void> {
  const from = bench.log.length
  const { utility, code } = scenario
  await confirm(bench, await bench.walk(utility, login, email), email)
  await expectWhole(bench, scenario, email)
  const { uid } = await mustFind(bench, email)
  await bench.arrange(faultOf(scenario))
  await bench.running.admin(utility, 'POST', '/revoke', { login })
  for (let look = 0; look < 200 && (await bench.notified()) === 0; look++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  await bench.running.app.tick()
  expect((await mustFind(bench, email)).state).toBe(code === 'gone' ? 'revoked' : 'active')
  await bench.heal()
  await bench.nextDay(uid)
  expect((await mustFind(bench, email)).state).toBe('revoked')
  expect(await bench.storedBlocks(uid)).toBe(0)
  expect((await bench.running.api(`/intervals?authorizations=${uid}`)).status).toBe(404)
  expectCleanLog(bench, from)
}

async function confirm(
  bench: FaultsBench,
  { browser, page }: Awaited<ReturnType<FaultsBench['walk']>>,
  email: string,
): Promise<void> {
  await browser.submit(page, /Continue to Final Step/)
  const { uid } = await mustFind(bench, email)
  await bench.heal()
  await bench.work(uid, ROUNDS)
}

/** Count and exact sum of every channel, bills and their items: as the utility's generator knows them. */
async function expectWhole(bench: FaultsBench, { utility, mode }: Scenario, email: string): Promise<void> {
  const { uid, state, subscription } = await mustFind(bench, email)
  expect(state).toBe('active')
  const { ours, theirs } = await bench.compare(utility, uid, subscription)
  expect(ours.readings).toBeGreaterThan(0)
  const unshared = { bills: 0, bill_total: '0', line_items: 0, billing_summaries: 0 }
  expect(ours).toEqual(mode === 'narrower-scope' ? { ...theirs, ...unshared } : theirs)
}

const WORD = /^[a-zA-Z_]{1,40}$/
const FIELDS: Record<string, RegExp> = {
  ...{ level: WORD, product: WORD, reason: WORD, verdict: WORD, error: WORD },
  message: /^[a-z ]{1,80}$/,
  time: /^\d{4}-[\d:.T-]+Z$/,
  authorizationUid: /^\d{1,19}$/,
}

/** Ids, codes and sentences of ours: no token, address or name, and nothing that a utility or a customer has said. */
function expectCleanLog(bench: FaultsBench, from: number): void {
  const fields = bench.log.slice(from).flatMap((line) => Object.entries(line))
  expect(fields.filter(([name, value]) => !FIELDS[name]?.test(String(value)))).toEqual([])
}
