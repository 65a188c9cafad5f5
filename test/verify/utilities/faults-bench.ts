import { type Browser, formsOf, openBrowser, type Page } from '../../../src/authorization/scripted-browser.ts'
import { readLedger, type Totals, totalsOf } from '../../../src/cli/demo-totals.ts'
import { type RunningApp, startRunningApp, type UtilitySlug } from '../../running-app.ts'
import { keepLog, type LogLine } from './faults-log.ts'
import { type Peek, peekInto } from './faults-peek.ts'

/** One app, database and set of simulators for all scenarios of a file. Between two scenarios everything is mended. */
export type FaultsBench = Peek & {
  running: RunningApp
  log: LogLine[]
  /** Somebody of the fleet, of one agreement with readings by the hour, who has not been asked before. */
  nextCustomer(utility: UtilitySlug): Promise<string>
  /** No faults, settings as they were, the clock back, limiter and breaker as new, nobody shares any more but the witness. */
  mend(): Promise<void>
  /** The utility has no faults any more. */
  heal(): Promise<void>
  arrange(fault: Record<string, unknown>): Promise<void>
  /** From now on tokens are over as soon as they are given, and what this process keeps is over, too. */
  shortenTokens(): Promise<void>
  /** Tokens live as long again as they did. */
  lengthenTokens(): Promise<void>
  /** From the form through the utility's pages to wherever the customer gets. */
  walk(utility: UtilitySlug, login: string, email: string): Promise<{ browser: Browser; page: Page }>
  /** Works on what is due, moving the clock to the next moment something is, until nothing is open or `rounds` are over. */
  work(uid: string, rounds: number): Promise<void>
  /** The next day's sweep and refresh. */
  nextDay(uid: string): Promise<void>
  /** What we serve, and what the utility's generator knows. */
  compare(utility: UtilitySlug, uid: string, subscription: string): Promise<{ ours: Totals; theirs: Totals }>
  /** A customer of another utility is owed a refresh; the function tells whether it was made. */
  askWitness(): Promise<() => Promise<boolean>>
  close(): Promise<void>
}

type Clock = { moved: number; furthest: number; forward(ms: number): void }

const UTILITIES = ['pge', 'sce', 'demo'] as const
/** Real time that a hanging connection may cost a test. */
const LIMITS = { connectMs: 4000, headersMs: 4000, idleMs: 2000, totalMs: 10_000, wireBytes: 4_000_000 }
const FLEET = 400
/** The simulators post 40 ms after the answer. */
const NOTIFICATION_MS = 120
const HOUR_MS = 3_600_000
/** In days: files of one scenario are gone with the next, whose utility's clock stands a second later. */
const A_SECOND = 0.9 / 86_400
const WITNESS = 'witness@example.com'

export async function openFaultsBench(of: UtilitySlug): Promise<FaultsBench> {
  const { log, stop } = keepLog()
  const started = Date.now()
  let scenarios = 0
  const simulated = { clock: new Date(started).toISOString(), customers: FLEET, historyMonths: 1, fetchLimits: LIMITS }
  const running = await startRunningApp(simulated, 'warn')
  await running.database.admin('update templates set history_months = 3')
  for (const utility of UTILITIES)
    await running.admin(utility, 'PUT', '/settings', { dailyPush: false, notifyRetryMs: [], retentionDays: A_SECOND })
  const clock = clockOf(running)
  const peek = peekInto(running.database, () => Date.now() + clock.moved)
  const set = async (settings: unknown): Promise<void> => void (await running.admin(of, 'PUT', '/settings', settings))
  const usual = await running.admin(of, 'GET', '/settings')
  const { work, nextDay } = worker(running, clock, peek)
  const bench: FaultsBench = {
    ...peek,
    ...{ running, log, work, nextDay },
    nextCustomer: customersOf(running),
    heal: async () => void (await running.admin(of, 'DELETE', '/fault')),
    arrange: async (fault) => void (await running.admin(of, 'POST', '/fault', fault)),
    async shortenTokens() {
      await set({ accessTokenSeconds: 30 })
      clock.forward(clock.furthest - clock.moved + 2 * HOUR_MS)
    },
    lengthenTokens: () => set(usual),
    async mend() {
      for (const utility of UTILITIES) await running.admin(utility, 'DELETE', '/fault')
      await set(usual)
      running.simulators.setClock(new Date(started + ++scenarios * 1000).toISOString())
      await running.app.idle()
      clock.forward(-clock.moved)
      await forget(running)
    },
    walk: (utility, login, email) => walk(running, utility, { login, email }),
    async compare(utility, uid, subscription) {
      const { shown, simulators } = running
      return { ours: await totalsOf(shown, uid), theirs: await readLedger(simulators[utility].admin, subscription) }
    },
    askWitness: () => askWitness(running),
    async close() {
      await running.close()
      stop()
    },
  }
  await share(bench, of === 'demo' ? 'pge' : 'demo')
  return bench
}

function clockOf(running: RunningApp): Clock {
  const clock: Clock = {
    moved: 0,
    furthest: 0,
    forward(ms) {
      clock.moved += ms
      clock.furthest = Math.max(clock.furthest, clock.moved)
      running.forward(ms / HOUR_MS)
    },
  }
  return clock
}

function worker(running: RunningApp, clock: Clock, peek: Peek): Pick<FaultsBench, 'work' | 'nextDay'> {
  /** What waits for a notification gets a moment of real time for it, and the notification is judged. */
  async function hear(uid: string): Promise<void> {
    if ((await peek.openOf(uid)).awaited === 0) return
    await new Promise((resolve) => setTimeout(resolve, NOTIFICATION_MS))
    await running.app.tick()
    await running.app.idle()
  }
  async function work(uid: string, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await running.app.idle()
      await hear(uid)
      const { open, due } = await peek.openOf(uid)
      if (open === 0) return
      const aheadMs = due * 1000 - Date.now() - clock.moved
      if (aheadMs > 0) clock.forward(aheadMs + 1)
    }
    await running.app.idle()
  }
  return {
    work,
    async nextDay(uid) {
      clock.forward(25 * HOUR_MS)
      await running.app.tick()
      await work(uid, 20)
    },
  }
}

function customersOf(running: RunningApp): FaultsBench['nextCustomer'] {
  let asked = 0
  return async (utility) => {
    for (;;) {
      const login = `customer${String(++asked).padStart(6, '0')}`
      const { accounts } = await running.admin(utility, 'GET', `/customers?login=${login}`)
      const agreements = accounts.flatMap((account: { agreements: unknown[] }) => account.agreements)
      if (agreements.length === 1 && agreements[0].intervalLength === 3600) return login
    }
  }
}

async function forget({ database }: RunningApp): Promise<void> {
  for (const table of ['limits', 'notifications', 'audit_entries']) await database.admin(`delete from ${table}`)
  await database.admin(
    `update authorizations set state = 'expired' where customer_email <> $1
        and state in ('active', 'pending', 'needs_reauthorization')`,
    [WITNESS],
  )
}

async function walk(
  running: RunningApp,
  utility: UtilitySlug,
  { login, email }: { login: string; email: string },
): Promise<{ browser: Browser; page: Page }> {
  const browser = openBrowser()
  let page = await browser.open(running.formUrl(utility))
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Pat Example', email })
  const steps: [RegExp, Record<string, string>][] = [
    [/^sign in$/i, { login, password: utility === 'demo' ? 'test' : 'demo' }],
    [/^continue$/i, {}],
    [/^(submit|share|authorize|allow)/i, utility === 'pge' ? { agree: 'yes' } : {}],
  ]
  for (const [button, fields] of steps) {
    const has = formsOf(page).some(({ buttons }) => buttons.some(({ text }) => button.test(text)))
    if (has) page = await browser.submit(page, button, fields)
  }
  return { browser, page }
}

async function askWitness({ database }: RunningApp): Promise<() => Promise<boolean>> {
  const newest = `w.product = 'usage' and w.authorization_uid =
      (select authorization_uid from authorizations where customer_email = '${WITNESS}')
    and w.ends = (select max(ends) from windows o where o.authorization_uid = w.authorization_uid and o.product = 'usage')`
  await database.admin(`update windows w set state = 'owed', attempts = 0, next_try = '2000-01-01' where ${newest}`)
  return async () => {
    const rows = await database.admin(`select state from windows w where ${newest}`)
    return rows.length > 0 && rows.every(({ state }) => state === 'done')
  }
}

/** The whole path and the whole collection of the witness. */
async function share(bench: FaultsBench, utility: UtilitySlug): Promise<void> {
  const { browser, page } = await bench.walk(utility, await bench.nextCustomer(utility), WITNESS)
  await browser.submit(page, /Continue to Final Step/)
  const authorization = await bench.authorizationOf(WITNESS)
  await bench.work(authorization?.uid ?? '', 20)
}
