import { expect } from 'vitest'

import { readLedger, totalsOf } from '../../../src/cli/demo-totals.ts'
import { until } from './until.ts'
import type { Bench } from './bench.ts'
import type { Customer } from './customer.ts'
import type { Receiver } from './receiver.ts'

/** The one running authorization of a customer, once its collection has ended. */
export async function collected(
  bench: Bench,
  { email }: Customer,
  seconds = 40,
): Promise<{ uid: string; subscription: string }> {
  const found = until(
    `everything of ${email}`,
    async () => {
      const rows = await bench.database.admin(
        `select authorization_uid as uid, subscription, status from authorizations
          where customer_email = $1 and state = 'active'`,
        [email],
      )
      if (rows.length > 1) throw new Error(`${rows.length} running authorizations of ${email}`)
      const [row] = rows
      if (row?.['status'] === 'errored') throw new Error(`not all was collected of ${email}`)
      return row?.['status'] === 'updated'
        ? { uid: String(row['uid']), subscription: String(row['subscription']) }
        : null
    },
    seconds,
  )
  return await found.catch(async (error: unknown) => {
    throw new Error(`${String(error)}; what is owed: ${JSON.stringify(await owedTo(bench, email))}`, { cause: error })
  })
}

/** The windows of a customer that are not done. */
async function owedTo({ database }: Bench, email: string): Promise<Record<string, unknown>[]> {
  return await database.admin(
    `select a.status, w.product, w.resource, w.state, w.attempts, w.reason, w.priority, w.next_try - now() as next, w.lease_until - now() as lease
       from authorizations a left join windows w on w.authorization_uid = a.authorization_uid and w.state <> 'done'
      where a.customer_email = $1`,
    [email],
  )
}

/**
 * What must hold after a crash and some quiet: all data are those of the utility's own books, every window is done, no
 * lease or transaction is left, and what happens once has one event. updates: 2 where the customer shared again.
 */
export async function checkAfterCrash(bench: Bench, customer: Customer, { updates = 1 } = {}): Promise<void> {
  const { uid, subscription } = await collected(bench, customer)
  const { shown, simulators, database } = bench
  expect(await totalsOf(shown, uid)).toEqual(await readLedger(simulators[customer.utility].admin, subscription))
  await noneLeft(bench, uid)
  const doubled = await database.admin(
    `select type, meter_uid, count(*)::int from events where authorization_uid = $1
        and type in ('authorization_created', 'authorization_update_started', 'authorization_update_finished_successful', 'meter_created')
      group by type, meter_uid
     having count(*) > case when type like 'authorization_update_%' then $2 else 1 end`,
    [uid, updates],
  )
  expect(doubled).toEqual([])
  const [grants] = await database.admin(
    `select count(*)::int as usable from grants where authorization_uid = $1 and ended is null and tokens is not null`,
    [uid],
  )
  expect(grants?.['usable']).toBe(1)
}

/** Windows that are not done, leases, and transactions that stay open; within some seconds there is none. */
async function noneLeft({ database }: Bench, uid: string): Promise<void> {
  await until('no lease and no open transaction', async () => {
    const rows = await database.admin(
      `select 'window' as what from windows where authorization_uid = $1 and (state <> 'done' or lease_owner is not null)
       union all select 'refresh' from grants where authorization_uid = $1 and refresh_owner is not null
       union all select 'transaction' from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction' and now() - state_change > interval '2 s'`,
      [uid],
    )
    return rows.length === 0 ? true : null
  })
}

/**
 * Whether a process died between the utility's taking of a refresh token, which ends it, and the storing of the next one. Nobody can
 * mend that but the customer, by sharing again.
 */
export async function hasLostGrant({ database }: Bench, { email }: Customer): Promise<boolean> {
  const rows = await database.admin(
    `select from authorizations where customer_email = $1 and state = 'needs_reauthorization'
       and not exists (select from authorizations a where a.customer_email = $1 and a.state = 'active')`,
    [email],
  )
  return rows.length > 0
}

/** The grant is gone: the authorization says so, with one event. */
export async function toldOfLoss({ database }: Bench, { email }: Customer): Promise<void> {
  await until('the loss to be told', async () => {
    const rows = await database.admin(
      `select type from authorizations join events using (authorization_uid)
        where customer_email = $1 and state = 'needs_reauthorization'`,
      [email],
    )
    return rows.length > 0 ? true : null
  })
}

/** The tokens work: one window more is owed, and is done. */
export async function checkTokens(bench: Bench, customer: Customer): Promise<void> {
  const { uid } = await collected(bench, customer)
  await bench.database.admin(
    `update windows set state = 'owed', next_try = '2000-01-01', finished = null where ctid = (
       select ctid from windows where authorization_uid = $1 and product in ('usage', 'file') limit 1)`,
    [uid],
  )
  await noneLeft(bench, uid)
}

/** Events of a customer that the endpoint was not told of, or under more than one id; within some seconds there is none. */
export async function untold(bench: Bench, { told }: Receiver, { email }: Customer): Promise<string[]> {
  let wrong: string[] = []
  await until('the endpoint to be told of everything', async () => {
    const events = await bench.database.admin(
      `select event_uid::text as uid, type from events join authorizations using (authorization_uid)
        where customer_email = $1`,
      [email],
    )
    const ids = (uid: unknown): number => told.get(String(uid))?.size ?? 0
    wrong = events.filter(({ uid }) => ids(uid) > 1).map(({ type }) => String(type))
    return events.length > 0 && events.every(({ uid }) => ids(uid) > 0) ? true : null
  })
  return wrong
}
