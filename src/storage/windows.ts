import { type RawBuilder, sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { LeaseLost } from './errors.ts'
import { listLimits } from './limit-rows.ts'
import { sideBySide } from './side-by-side.ts'
import { type Urgency, whatIsShut } from './take-slot.ts'
import type { Lease } from './write-gate.ts'

/** Names one window: what is fetched, of what, from when (epoch seconds) to when, end exclusive; 0 and 0 for "no period". */
export type WindowKey = { product: string; resource: string; from: number; to: number }

export type WindowState = 'owed' | 'leased' | 'done' | 'waiting' | 'aside'

export type OwedWindow = WindowKey & {
  authorizationUid: Uid
  companyUid: Uid
  registrationUid: Uid | null
  utility: string
  state: WindowState
  priority: number
  /** A file that was named and that nobody has looked into: whose data it holds is not known yet. */
  isUnread: boolean
  attempts: number
  nextTry: Date
  reason: string | null
  created: Date
  finished: Date | null
}

/** In an upsert: since when a window is owed. A request that was answered and is made anew is answered by what comes then. */
export const ASKED = sql`case when windows.product = 'bulk_request' and windows.state = 'done' then excluded.created
                              else windows.created end`

/**
 * Records what is owed. A window that is known already stays as it is, done or not; with `again`, one that is not in work
 * is owed anew from `now` on, at the better of the two priorities. Returns how many became owed.
 */
export async function oweWindows(
  tx: Tx,
  authorizationUid: Uid,
  windows: readonly (WindowKey & { priority: number; isUnread?: boolean })[],
  { now, again = false }: { now: Date; again?: boolean },
): Promise<number> {
  let owed = 0
  for (const { product, resource, from, to, priority, isUnread = false } of windows) {
    const onConflict = again
      ? sql`do update set state = 'owed', attempts = 0, next_try = excluded.next_try, reason = null, finished = null,
              registration_uid = excluded.registration_uid, priority = least(windows.priority, excluded.priority),
              created = ${ASKED}
            where windows.state <> 'leased'`
      : sql`do nothing`
    const { numAffectedRows } = await sql`
      insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
        is_unread, next_try, created)
      select a.authorization_uid, ${product}, ${resource}, ${from}::bigint, ${to}::bigint, a.company_uid,
             a.registration_uid, ${priority}::int, ${isUnread}::boolean, ${now}, ${now}
        from authorizations a where a.authorization_uid = ${authorizationUid} and a.state = 'active'
      on conflict (authorization_uid, product, resource, starts, ends) ${onConflict}`.execute(tx)
    owed += Number(numAffectedRows ?? 0n)
  }
  return owed
}

/** Makes what is owed or waited for due at once: a hint came (a notification). Returns how many. */
export async function makeDue(
  tx: Tx,
  authorizationUid: Uid,
  { product = null, now }: { product?: string | null; now: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update windows set next_try = ${now}
     where authorization_uid = ${authorizationUid} and state in ('owed', 'waiting') and next_try > ${now}
       and (${product}::text is null or product = ${product})`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** Lower goes first. A customer who is present is served before new data, new data before history. */
export const PRIORITY = { present: 0, fresh: 100, history: 200 } as const satisfies Record<Urgency, number>

/** Of a file that nobody has looked into: behind what the files before it have brought, so that one after the other is stored. */
export const UNREAD = PRIORITY.fresh + 1

/** Of a gap in what was collected: behind all history. By it such windows are told from those that a refresh counts. */
export const GAP = PRIORITY.history + 1000

/** Who waits for a window of this priority. */
export function urgencyOf({ priority }: { priority: number }): Urgency {
  if (priority >= PRIORITY.history) return 'history'
  return priority >= PRIORITY.fresh ? 'fresh' : 'present'
}

/** Registrations that may send a request now, each below a priority: nobody has to lease a window to find out that none may. */
async function listOpen(tx: Tx, now: Date): Promise<Open[]> {
  const shut = new Map((await listLimits(tx)).map((state) => [state.registrationUid, whatIsShut(state, now)]))
  const { rows } = await sql<{ uid: Uid }>`
    select registration_uid as uid from registrations order by registration_uid`.execute(tx)
  return rows.flatMap(({ uid }) => {
    const urgency = shut.get(uid) ?? null
    if (urgency === 'present') return []
    return [{ registrationUid: uid, below: urgency === null ? ANY_PRIORITY : PRIORITY[urgency] }]
  })
}

type Open = { registrationUid: Uid; below: number }
const ANY_PRIORITY = 2_147_483_647
/** As many due windows are looked at to find the best few, and of each registration at least so many. */
const HORIZON = 2000
const LEAST = 200

/**
 * Windows that could be leased now, `limit` at most, best first: by priority, and within one priority the companies in
 * turn, so that none waits for another's back-fill. One window an authorization, since only one is in work at a time.
 * registrationUid: only those behind one registration (its limiter has a free slot, another's has not); without: none behind these.
 */
export async function findCandidates(
  tx: Tx,
  given: { now: Date; limit: number; registrationUid?: Uid | null; without?: readonly Uid[] },
): Promise<OwedWindow[]> {
  const { now, limit, registrationUid = null, without = [] } = given
  const open = (await listOpen(tx, now)).filter(
    (one) => [null, one.registrationUid].includes(registrationUid) && !without.includes(one.registrationUid),
  )
  if (open.length === 0) return []
  const horizon = Math.max(LEAST, Math.ceil(HORIZON / open.length))
  const due = open.map((one) => sql`(${dueBehind(one, { now, horizon })})`)
  const { rows } = await sql<Row>`
    with due as (${sql.join(due, sql` union all `)}),
    best as (
      select distinct on ("authorizationUid") * from due
       order by "authorizationUid", priority, "nextTry", ends desc, product, resource)
    select * from best
     order by priority, row_number() over (partition by "companyUid", priority order by "nextTry", "authorizationUid"),
              "nextTry", "authorizationUid"
     limit ${limit}`.execute(tx)
  return rows.map(windowOf)
}

/** The most urgent windows that are due under one registration; an index has them in this order. */
function dueBehind(
  { registrationUid, below }: Open,
  { now, horizon }: { now: Date; horizon: number },
): RawBuilder<unknown> {
  return sql`
      select ${COLUMNS}
        from windows w join authorizations a on a.authorization_uid = w.authorization_uid
       where w.registration_uid = ${registrationUid} and w.priority < ${below} and w.state in ('owed', 'waiting')
         and w.next_try <= ${now} and a.state = 'active' and a.expires > ${now}
         and not exists (select from windows o where o.authorization_uid = w.authorization_uid
                          and o.state = 'leased' and o.lease_until > ${now})
       order by w.priority, w.next_try limit ${horizon}`
}

/** What is owed to an authorization waits under its registration while it is active, and under none while it is not. */
export async function followAuthorization(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`
    update windows w set registration_uid = a.registration_uid
      from (select authorization_uid, case when state = 'active' then registration_uid end as registration_uid
              from authorizations where authorization_uid = ${authorizationUid}) a
     where w.authorization_uid = ${authorizationUid} and w.state <> 'done'
       and w.registration_uid is distinct from a.registration_uid`.execute(tx)
}

/**
 * Leases a window to `owner` until `until`. Null when it is not due, consent does not hold, or another window of the same
 * authorization is in work: the row of the authorization is locked by a statement before the one that looks, so two workers
 * cannot both see none.
 */
export async function leaseWindow(
  tx: Tx,
  authorizationUid: Uid,
  { product, resource, from, to }: WindowKey,
  { owner, until, now }: { owner: string; until: Date; now: Date },
): Promise<Lease | null> {
  const [, { rows }] = await sideBySide(
    sql`select from authorizations where authorization_uid = ${authorizationUid} for no key update`.execute(tx),
    sql<{ fence: string }>`
    update windows w set state = 'leased', lease_owner = ${owner}, lease_until = ${until}, fence = fence + 1
     where authorization_uid = ${authorizationUid} and product = ${product} and resource = ${resource}
       and starts = ${from} and ends = ${to}
       and (state in ('owed', 'waiting') and next_try <= ${now} or state = 'leased' and lease_until <= ${now})
       and exists (select from authorizations a where a.authorization_uid = ${authorizationUid} and a.state = 'active'
             and a.expires > ${now})
       and not exists (select from windows o where o.authorization_uid = ${authorizationUid} and o.state = 'leased'
             and o.lease_until > ${now})
    returning fence`.execute(tx),
  )
  const [row] = rows
  return row ? { product, resource, from, to, owner, fence: row.fence } : null
}

/**
 * Heartbeat: keeps a lease until `until`. Throws LeaseLost when another has the window by now, or when the lease has run
 * out: a worker that slept through it has to stop, since another window of the authorization may be in work.
 */
export async function extendLease(
  tx: Tx,
  authorizationUid: Uid,
  lease: Lease,
  { until, now }: { until: Date; now: Date },
): Promise<void> {
  await settle(tx, authorizationUid, lease, sql`lease_until = ${until}`, sql`lease_until > ${now}`)
}

/** The window is done; in the transaction that stored its data. Throws LeaseLost. */
export async function finishWindow(tx: Tx, authorizationUid: Uid, lease: Lease, now: Date): Promise<void> {
  await settle(
    tx,
    authorizationUid,
    lease,
    sql`state = 'done', finished = ${now}, reason = null, is_unread = false, ${RELEASED}`,
  )
}

/** Try again at `nextTry`; `reason` is the code of the error. Throws LeaseLost. */
export async function failWindow(
  tx: Tx,
  authorizationUid: Uid,
  lease: Lease,
  { reason, nextTry }: { reason: string; nextTry: Date },
): Promise<void> {
  const values = sql`state = 'owed', attempts = attempts + 1, reason = ${reason}, next_try = ${nextTry}, ${RELEASED}`
  await settle(tx, authorizationUid, lease, values)
}

/** The utility will deliver later (202): a notification makes the window due, else it is asked again at `nextTry`. */
export async function awaitWindow(
  tx: Tx,
  authorizationUid: Uid,
  lease: Lease,
  { reason, nextTry }: { reason: string; nextTry: Date },
): Promise<void> {
  await settle(
    tx,
    authorizationUid,
    lease,
    sql`state = 'waiting', attempts = attempts + 1, reason = ${reason}, next_try = ${nextTry}, ${RELEASED}`,
  )
}

/** Given up until a person acts; visible with its reason. Throws LeaseLost. */
export async function setWindowAside(
  tx: Tx,
  authorizationUid: Uid,
  lease: Lease,
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  const values = sql`state = 'aside', attempts = attempts + 1, reason = ${reason}, finished = ${now}, ${RELEASED}`
  await settle(tx, authorizationUid, lease, values)
}

/** Hands a window back untouched: this process stops, or no request slot was free until `nextTry`. Throws LeaseLost. */
export async function handBackWindow(tx: Tx, authorizationUid: Uid, lease: Lease, nextTry: Date): Promise<void> {
  await settle(tx, authorizationUid, lease, sql`state = 'owed', next_try = ${nextTry}, ${RELEASED}`)
}

const RELEASED = sql.raw('lease_owner = null, lease_until = null')

async function settle(
  tx: Tx,
  authorizationUid: Uid,
  lease: Lease,
  values: RawBuilder<unknown>,
  condition: RawBuilder<unknown> = sql`true`,
): Promise<void> {
  const { numAffectedRows } = await sql`
    update windows set ${values}
     where authorization_uid = ${authorizationUid} and product = ${lease.product} and resource = ${lease.resource}
       and starts = ${lease.from} and ends = ${lease.to} and ${condition}
       and state = 'leased' and lease_owner = ${lease.owner} and fence = ${lease.fence}`.execute(tx)
  if (numAffectedRows !== 1n) throw new LeaseLost(authorizationUid)
}

/**
 * Owes again what was leased by workers that are gone. What killed its worker `attemptsLimit` times is set aside, visible.
 * Returns how many leases had run out.
 */
export async function sweepLeases(
  tx: Tx,
  { now, attemptsLimit = 10 }: { now: Date; attemptsLimit?: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update windows set state = case when attempts + 1 >= ${attemptsLimit} then 'aside' else 'owed' end,
           attempts = attempts + 1, reason = 'worker_lost', next_try = ${now}, lease_owner = null, lease_until = null
     where state = 'leased' and lease_until <= ${now}`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** How many windows there are by state and product; of one authorization, or of all. */
export async function countWindows(
  tx: Tx,
  authorizationUid: Uid | null = null,
): Promise<{ product: string; state: WindowState; count: number }[]> {
  const { rows } = await sql<{ product: string; state: WindowState; count: number }>`
    select product, state, count(*)::int as count from windows
     where ${authorizationUid}::bigint is null or authorization_uid = ${authorizationUid}
     group by product, state order by product, state`.execute(tx)
  return rows
}

/** The windows of one authorization, newest period first; in one state where it is given. */
export async function listWindows(
  tx: Tx,
  authorizationUid: Uid,
  { state = null, limit = 1000 }: { state?: WindowState | null; limit?: number } = {},
): Promise<OwedWindow[]> {
  const { rows } = await sql<Row>`
    select ${COLUMNS} from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.authorization_uid = ${authorizationUid} and (${state}::text is null or w.state = ${state})
     order by w.ends desc, w.product, w.resource limit ${limit}`.execute(tx)
  return rows.map(windowOf)
}

type Row = Omit<OwedWindow, 'from' | 'to'> & { starts: string; ends: string }

const COLUMNS = sql.raw(
  `w.authorization_uid as "authorizationUid", w.company_uid as "companyUid", a.registration_uid as "registrationUid",
   a.utility, w.product, w.resource, w.starts, w.ends, w.state, w.priority, w.is_unread as "isUnread", w.attempts, w.next_try as "nextTry",
   w.reason, w.created, w.finished`,
)

function windowOf({ starts, ends, ...row }: Row): OwedWindow {
  return { ...row, from: Number(starts), to: Number(ends) }
}
