import { announceEnds, remindBeforeEnd } from '../src/authorization/daily.ts'
import {
  abandonOldGrants,
  closeStaleFlows,
  expireAuthorizations,
  remindUnconfirmed,
} from '../src/authorization/sweeps.ts'
import { oweRefreshes } from '../src/collection/jobs.ts'
import {
  listByAuthorizationAddress,
  findRenewable,
  listActiveInSlot,
  listRefused,
} from '../src/storage/authorizations.ts'
import type { Db, Tx } from '../src/storage/db.ts'
import { claimDeliveries } from '../src/storage/deliveries.ts'
import { findFlowOfGrant } from '../src/storage/flows.ts'
import { claimSlot } from '../src/storage/limits.ts'
import { listAuthorizationPage } from '../src/storage/list-authorization-page.ts'
import { listEventPage } from '../src/storage/list-event-page.ts'
import { listFormPage } from '../src/storage/list-form-page.ts'
import { listMeterPage } from '../src/storage/list-meter-page.ts'
import { countQuarantined, summarizeLag, summarizeLoading, summarizeOwed } from '../src/storage/summarize-owed.ts'
import { findCandidates, sweepLeases } from '../src/storage/windows.ts'
import { countRows } from './scale-usage.ts'
import type { BenchDatabase } from './temporary-database.ts'
import { round } from './timing.ts'

const DAY_MS = 86_400_000
/** Windows that each customer is owed beside what was collected: a year of history, say. */
const OWED = 4

/**
 * What runs all the time, whoever is collected for: milliseconds of one turn (the median of several) at this size. The
 * rows of `per customer` are divided by the customers, since they walk all of them on purpose.
 */
export async function measureCosts(database: BenchDatabase, customers: number): Promise<Record<string, number>> {
  const { db, seed, admin } = database
  const now = new Date()
  const costs: Record<string, number> = {}
  const operator = async (name: string, work: (tx: Tx) => Promise<unknown>, each = 1): Promise<void> => {
    costs[name] = round((await typical(() => db.operator(work))) / each, 4)
  }
  const company = async (name: string, work: (tx: Tx) => Promise<unknown>): Promise<void> => {
    costs[name] = round(await typical(() => db.company(seed.companyUid, work)), 4)
  }
  await refreshes(database, { costs, customers })
  await oweHistory(database)

  const limit = 64
  await operator('candidates, all may go, ms', (tx) => findCandidates(tx, { now, limit }))
  const { registrationUid } = seed
  const none = { perSecond: null, perHour: null, perDay: null, dayStarts: null }
  await db.operator((tx) => claimSlot(tx, registrationUid, { quota: none, urgency: 'history', now }))
  await admin(`update limits set history_from = now() + interval '1 hour'`)
  await operator('candidates, history is shut, ms', (tx) => findCandidates(tx, { now, limit }))
  await admin('update limits set history_from = null')
  await admin(`update authorizations set state = 'expired' where authorization_uid % 2 = 0`)
  await operator('candidates, half of the shares ended, ms', (tx) => findCandidates(tx, { now, limit }))
  await admin(`update authorizations set state = 'active' where state = 'expired'`)
  await admin('vacuum analyze authorizations')
  await operator('sweep of leases, ms', (tx) => sweepLeases(tx, { now }))
  // Lost at once: the next turn finds them as this one did.
  const claim = { now, lostAt: now, limit: 64, perEndpoint: 4, busy: new Map<string, number>() }
  await operator('deliveries that are due, ms', (tx) => claimDeliveries(tx, claim))
  costs['a request slot, 64 at once, ms'] = round(await slots(db, registrationUid), 4)

  const before = new Date(now.getTime() - 3 * DAY_MS)
  await operator('status: loading, ms a customer', summarizeLoading, customers)
  await operator('status: owed, ms a customer', summarizeOwed, customers)
  await operator('status: lag, ms a customer', (tx) => summarizeLag(tx, before), customers)
  await operator('status: left out, ms a customer', (tx) => countQuarantined(tx, before), customers)
  await sweeps(database, costs)

  const { companyUid } = seed
  await operator('a customer comes: is there a share to renew, ms', (tx) =>
    findRenewable(tx, {
      companyUid,
      utility: 'SCE',
      customerEmail: 'new@customer.example',
      usagePoints: ['new'],
      retailCustomer: 'new',
      since: before,
    }),
  )
  const [some] = await admin('select authorization_uid as uid from authorizations order by 1 desc offset 10 limit 1')
  const uid = String(some?.['uid'])
  await operator('the flow of a grant, ms', (tx) => findFlowOfGrant(tx, uid))
  await operator('an authorization by its address, ms', (tx) =>
    listByAuthorizationAddress(tx, { registrationUid, address: 'https://utility.example/Authorization/s7', id: 'x' }),
  )

  const page = { uids: null, templates: null, users: null, isArchived: null, after: null, limit: 100 }
  const some3 = { authorizations: null, utilities: null, isActivated: null, isMonitored: null, updatedAfter: null }
  const any = { referrals: null, isDeclined: null, isTest: null, isRevoked: null, isExpired: null, forms: null, now }
  await company('list of authorizations, ms', (tx) => listAuthorizationPage(tx, { ...page, ...any, utilities: null }))
  await company('authorizations of one referral, ms', (tx) =>
    listAuthorizationPage(tx, { ...page, ...any, utilities: null, referrals: ['referral-s7'] }),
  )
  await company('list of meters, ms', (tx) => listMeterPage(tx, { ...page, ...some3 }))
  await company('list of events, ms', (tx) => listEventPage(tx, { ...page, isDelivered: null }))
  await company('list of undelivered events, ms', (tx) => listEventPage(tx, { ...page, isDelivered: false }))
  await company('list of forms, ms', (tx) => listFormPage(tx, { ...page, disabled: null }))
  const other = await otherCompany(database)
  const others = async (name: string, work: (tx: Tx) => Promise<unknown>): Promise<void> => {
    costs[name] = round(await typical(() => db.company(other, work)), 4)
  }
  await others('forms of a small company, ms', (tx) => listFormPage(tx, { ...page, disabled: null }))
  await others('meters of a small company, ms', (tx) => listMeterPage(tx, { ...page, ...some3 }))
  await others('events of a small company, ms', (tx) => listEventPage(tx, { ...page, isDelivered: null }))
  return costs
}

/** The day's refresh as the schedule plans it, until nobody's turn has come any more; and once more, with nothing due. */
async function refreshes(
  database: BenchDatabase,
  { costs, customers }: { costs: Record<string, number>; customers: number },
): Promise<void> {
  const { db, admin } = database
  const tomorrow = new Date(Date.now() + DAY_MS)
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const collector = { ring: () => undefined, idle: async () => undefined, close: async () => undefined }
  const context = { db, now: () => tomorrow, signal: new AbortController().signal, log: silent, collector }
  const run = async (): Promise<number> => {
    const began = performance.now()
    await oweRefreshes.run({}, context)
    return performance.now() - began
  }
  const { read } = await countRows(database)
  costs['plan of refreshes, ms a customer'] = round((await run()) / customers, 4)
  costs['plan of refreshes, rows read a customer'] = round(((await countRows(database)).read - read) / customers)
  const owed = await admin(`select count(*)::int as count from windows where state = 'owed'`)
  costs['plan of refreshes, customers planned, share'] = round(Number(owed[0]?.['count']) / customers)
  costs['plan of refreshes, nothing is due, ms a customer'] = round((await run()) / customers, 4)
  await admin(`update windows set state = 'done', finished = now() where state = 'owed'`)
}

async function oweHistory({ admin }: BenchDatabase): Promise<void> {
  await admin(
    `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, priority, next_try, created)
     select authorization_uid, 'usage', 'history', n, n + 1, company_uid, 200 + n, now() - interval '1 hour', now()
       from authorizations, generate_series(1, ${OWED}) n`,
  )
  await admin('vacuum analyze')
}

/** What happens every minute with nothing to do. */
async function sweeps({ db }: BenchDatabase, costs: Record<string, number>): Promise<void> {
  const now = (): Date => new Date()
  const config = { publicUrl: 'https://proxy.example', operatorName: 'Operator', operatorEmail: 'a@operator.example' }
  const deps = { db, now, random: (bytes: number) => new Uint8Array(bytes), config }
  const slot = { utilities: ['PG&E'], slot: 7, slots: 1440, after: '0', limit: 500 }
  const jobs: Record<string, () => Promise<unknown>> = {
    'each minute: ends, ms': () => expireAuthorizations(deps),
    'each minute: announcements, ms': () => announceEnds(deps),
    'each minute: reminders, ms': () => remindBeforeEnd(deps),
    'each minute: flows, ms': async () => {
      await remindUnconfirmed(deps)
      await abandonOldGrants(deps)
      await closeStaleFlows(deps)
    },
    'each minute: refused grants, ms': () => db.operator((tx) => listRefused(tx, { reason: 'replaced', limit: 100 })),
    'each minute: running grants, ms': () => db.operator((tx) => listActiveInSlot(tx, slot)),
  }
  for (const [name, work] of Object.entries(jobs)) costs[name] = round(await typical(work), 4)
}

/** Milliseconds of one of 256 claims of a request slot, 64 workers at a time. */
async function slots(db: Db, registrationUid: string): Promise<number> {
  const quota = { perSecond: 1000, perHour: null, perDay: null, dayStarts: null }
  const began = performance.now()
  for (let turn = 0; turn < 4; turn++)
    await Promise.all(
      Array.from({ length: 64 }, () =>
        db.operator((tx) => claimSlot(tx, registrationUid, { quota, urgency: 'fresh', now: new Date() })),
      ),
    )
  return (performance.now() - began) / 256
}

async function otherCompany({ admin }: BenchDatabase): Promise<string> {
  const [row] = await admin(
    `insert into companies (alias, name, legal_name, email, created) values ('small', 'Small', 'Small', 'a@b.example', now())
     returning company_uid as uid`,
  )
  return String(row?.['uid'])
}

/** The median of at least five runs, of more where they are short. */
async function typical(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  const began = performance.now()
  while (times.length < 5 || (times.length < 25 && performance.now() - began < 500)) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN
}
