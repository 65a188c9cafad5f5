import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { WindowKey } from './windows.ts'

/**
 * Owes windows again because somebody hinted that there is news, except those that were fetched since `doneBefore` and
 * those in work: hints come in floods, and each authorization is asked for once in a while only. Returns how many are owed.
 */
export async function oweAgain(
  tx: Tx,
  authorizationUid: Uid,
  windows: readonly (WindowKey & { priority: number })[],
  { now, doneBefore }: { now: Date; doneBefore: Date },
): Promise<number> {
  let owed = 0
  for (const { product, resource, from, to, priority } of windows) {
    const { numAffectedRows } = await sql`
      insert into windows (authorization_uid, product, resource, starts, ends, company_uid, priority, next_try, created)
      select a.authorization_uid, ${product}, ${resource}, ${from}::bigint, ${to}::bigint, a.company_uid,
             ${priority}::int, ${now}, ${now}
        from authorizations a where a.authorization_uid = ${authorizationUid} and a.state = 'active'
      on conflict (authorization_uid, product, resource, starts, ends) do update
         set state = 'owed', attempts = 0, next_try = excluded.next_try, reason = null, finished = null,
             priority = excluded.priority
       where windows.state = 'done' and windows.finished < ${doneBefore}`.execute(tx)
    owed += Number(numAffectedRows ?? 0n)
  }
  return owed
}

/**
 * Owes again what was set aside before `before`, for one more try: what stood in the way may be over. Not what ended its
 * workers. Returns how many are owed.
 */
export async function oweAside(
  tx: Tx,
  authorizationUid: Uid,
  { now, before }: { now: Date; before: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update windows set state = 'owed', next_try = ${now}, finished = null
     where authorization_uid = ${authorizationUid} and state = 'aside' and finished < ${before}
       and reason <> 'worker_lost'`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/**
 * Owes named files to every authorization of a registration whose consent covers one of the classes: each once, and once
 * more where it was set aside before `asideBefore`.
 */
export async function oweToAll(
  tx: Tx,
  registrationUid: Uid,
  p: {
    files: readonly string[]
    dataClasses: readonly DataClass[]
    priority: number
    now: Date
    asideBefore: Date
  },
): Promise<number> {
  if (p.files.length === 0) return 0
  const { numAffectedRows } = await sql`
    insert into windows (authorization_uid, product, resource, starts, ends, company_uid, priority, next_try, created)
    select a.authorization_uid, 'file', f.address, 0, 0, a.company_uid, ${p.priority}::int, ${p.now}::timestamptz,
           ${p.now}::timestamptz
      from authorizations a cross join unnest(${[...p.files]}::text[]) as f (address)
     where a.registration_uid = ${registrationUid} and a.state = 'active' and a.expires > ${p.now}
       and a.data_classes && ${[...p.dataClasses]}::text[]
    on conflict (authorization_uid, product, resource, starts, ends) do update
       set state = 'owed', next_try = excluded.next_try, finished = null
     where windows.state = 'aside' and windows.finished < ${p.asideBefore} and windows.reason <> 'worker_lost'`.execute(
    tx,
  )
  return Number(numAffectedRows ?? 0n)
}

/** The utility has sent what was asked for: requests that wait for a notification are done. */
export async function closeRequests(tx: Tx, authorizationUid: Uid, now: Date): Promise<void> {
  await sql`
    update windows set state = 'done', finished = ${now}, reason = null
     where authorization_uid = ${authorizationUid} and product = 'bulk_request' and state in ('owed', 'waiting')`.execute(
    tx,
  )
}

/** Addresses that notifications of a registration named since a moment, oldest first, each once. */
export async function listNamedResources(tx: Tx, registrationUid: Uid, since: Date): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select address from (
      select unnest(resources) as address, min(notification_uid) as first from notifications
       where registration_uid = ${registrationUid} and judged is not null and received >= ${since}
       group by 1) named
     order by first, address`.execute(tx)
  return rows.map(({ address }) => address)
}

/** Of these usage points, those that nothing has been owed for yet. */
export async function listUnplanned(tx: Tx, authorizationUid: Uid, usagePoints: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ usagePoint: string }>`
    select given as "usagePoint" from unnest(${[...usagePoints]}::text[]) with ordinality as told(given, at)
     where not exists (select from windows w where w.authorization_uid = ${authorizationUid} and w.product = 'usage'
                          and w.resource = given)
     order by at`.execute(tx)
  return rows.map(({ usagePoint }) => usagePoint)
}

/**
 * A renewed consent: requests for what it does not cover are dropped, in work or not, and what was given up under the
 * earlier one is owed again.
 */
export async function renewWindows(
  tx: Tx,
  authorizationUid: Uid,
  { products, now }: { products: readonly string[]; now: Date },
): Promise<void> {
  await sql`
    delete from windows where authorization_uid = ${authorizationUid} and state <> 'done'
       and product <> all(${[...products]}::text[])`.execute(tx)
  await sql`
    update windows set state = 'owed', attempts = 0, next_try = ${now}, reason = null, finished = null
     where authorization_uid = ${authorizationUid} and state = 'aside'`.execute(tx)
}
