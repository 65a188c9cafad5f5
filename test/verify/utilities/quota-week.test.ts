import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { type Json, type RunningApp, startRunningApp } from '../../running-app.ts'
import { sized } from '../size.ts'

/**
 * Daily collection, the real thing, under PG&E's quota (1 request a second, 2,000 an hour, 20,000 a day that turns at 17:00
 * Pacific), on one virtual clock for the product and the utility. The utility counts the violations, and refuses what is
 * over its quota. The clock moves only while no request is on its way, so that both see the same moment.
 */
const CUSTOMERS = sized(60, 6)
const DAYS = sized(7, 3)
const START = '2026-03-04T12:00:00Z' // the clocks change on the 8th
const HISTORY_MONTHS = 2
const DAY_MS = 86_400_000

let running: RunningApp
let clock = Date.parse(START)
/** Requests to the utility that are not answered yet; a customer's own, which waits for one, does not count. */
const onTheWay = new Set<unknown>()
const requestOf = (message: unknown): { request: { origin: unknown } } | null =>
  typeof message === 'object' && message !== null && 'request' in message && hasOrigin(message.request)
    ? { request: message.request }
    : null
const hasOrigin = (request: unknown): request is { origin: unknown } =>
  typeof request === 'object' && request !== null && 'origin' in request
const sent = (message: unknown): void => {
  const told = requestOf(message)
  if (told && String(told.request.origin) === running.simulators.pge.api) onTheWay.add(told.request)
}
const answered = (message: unknown): void => void onTheWay.delete(requestOf(message)?.request)

beforeAll(async () => {
  running = await startRunningApp({
    ...{ clock: START, customers: CUSTOMERS, historyMonths: HISTORY_MONTHS },
    ...{ limitSimulated: true, lanes: 1, now: () => new Date(clock) },
    async wait(ms) {
      const until = clock + ms
      do await new Promise((resolve) => setTimeout(resolve, 2))
      while (onTheWay.size > 0)
      moveTo(until)
    },
  })
  await running.admin('pge', 'PUT', '/settings', {
    quota: { perSecond: 1, perHour: 2000, perDay: 20_000 },
    notifyDelayMs: 0,
  })
  subscribe('undici:request:create', sent)
  subscribe('undici:request:trailers', answered)
  subscribe('undici:request:error', answered)
}, 120_000)

afterAll(async () => {
  await running.close()
  unsubscribe('undici:request:create', sent)
  unsubscribe('undici:request:trailers', answered)
  unsubscribe('undici:request:error', answered)
})

function moveTo(moment: number): void {
  if (moment <= clock) return
  clock = moment
  running.simulators.setClock(new Date(clock).toISOString())
}

/** Collects until nothing is owed that could be had before `end`; the clock goes from one due moment to the next. */
async function collectUntil(end: number): Promise<void> {
  for (;;) {
    await running.app.tick()
    await running.app.idle()
    const [next] = await running.database.admin(
      `select min(next_try) as due from windows where state in ('owed', 'waiting')`,
    )
    const due = next?.['due'] instanceof Date ? next['due'].getTime() : end
    if (due >= end) return
    moveTo(Math.max(due, clock + 1000))
  }
}

type Calls = { total: number; refreshes: number; clientTokens: number; codes: number } & Record<string, number>

async function callsSoFar(): Promise<{ calls: Calls; violations: Record<string, number> }> {
  const requests: Json = await running.admin('pge', 'GET', '/requests')
  const { total, refreshes, clientTokens, codes, byKind, quotaViolations } = requests
  const kinds = Object.entries<number>(byKind).filter(([kind]) => !kind.includes(' ') && kind !== 'token')
  return { calls: { total, refreshes, clientTokens, codes, ...Object.fromEntries(kinds) }, violations: quotaViolations }
}

it('breaks no limit, and has every reading of every customer', async () => {
  for (let n = 1; n <= CUSTOMERS; n++) {
    const login = `customer${String(n).padStart(6, '0')}`
    await running.share('pge', login, `${login}@example.com`)
    await collectUntil(clock + DAY_MS / 24) // one at a time: nobody else moves the clock while a customer waits
  }
  await collectUntil(clock + 7 * DAY_MS)
  const first = await callsSoFar()
  console.log(`first collection of ${CUSTOMERS} customers until ${new Date(clock).toISOString()}:`)
  console.table([first.calls])

  const byDay: number[] = []
  let before = first.calls
  for (let day = 0; day < DAYS; day++) {
    moveTo(clock + DAY_MS)
    await collectUntil(clock + DAY_MS / 2)
    const { calls } = await callsSoFar()
    byDay.push(calls.total - before.total)
    before = calls
  }

  const { calls, violations } = await callsSoFar()
  const perDay = Object.entries(calls).map(([name, count]) => [
    name,
    Math.round((count - (first.calls[name] ?? 0)) / DAYS),
  ])
  console.log(`calls a day, mean of ${DAYS} days for ${CUSTOMERS} customers (most ${Math.max(...byDay)}):`)
  console.table([Object.fromEntries(perDay)])
  console.log('violations:', violations)
  expect(violations).toEqual({ perSecond: 0, perHour: 0, perDay: 0 })
  expect(Math.max(...byDay)).toBeLessThan(12_000) // 60 % of the day
  await expectComplete()
})

/** The sums of a spread of customers are those that the utility says it has published. */
async function expectComplete(): Promise<void> {
  const all: { login: string; subscription: string | number; status: number }[] = await running.admin(
    'pge',
    'GET',
    '/authorizations',
  )
  const step = Math.max(1, Math.floor(all.length / 20))
  for (let at = 0; at < all.length; at += step) {
    const subscription = String(all[at]?.subscription)
    const ledger: Json = await running.admin('pge', 'GET', `/ledger?subscription=${subscription}`)
    const [row] = await running.database.admin(
      `select coalesce(sum(b.readings), 0)::int as readings from authorizations a
         left join series_blocks b using (authorization_uid) where a.subscription = $1`,
      [subscription],
    )
    expect({ subscription, readings: row?.['readings'] }).toEqual({ subscription, readings: ledger.readings })
  }
}
