import { type RawBuilder, sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { oweWindows, UNREAD, type WindowKey } from './windows.ts'

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
      insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
        next_try, created)
      select a.authorization_uid, ${product}, ${resource}, ${from}::bigint, ${to}::bigint, a.company_uid,
             a.registration_uid, ${priority}::int, ${now}, ${now}
        from authorizations a where a.authorization_uid = ${authorizationUid} and a.state = 'active'
      on conflict (authorization_uid, product, resource, starts, ends) do update
         set state = 'owed', attempts = 0, next_try = excluded.next_try, reason = null, finished = null,
             priority = excluded.priority, registration_uid = excluded.registration_uid
       where windows.state = 'done' and windows.finished < ${doneBefore}`.execute(tx)
    owed += Number(numAffectedRows ?? 0n)
  }
  return owed
}

/**
 * Owes again what was set aside before `before`, for one more try: what stood in the way may be over. Not what ended its
 * workers, nor what the utility's grant does not hold. Returns how many are owed.
 */
export async function oweAside(
  tx: Tx,
  authorizationUid: Uid,
  { now, before }: { now: Date; before: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update windows set state = 'owed', next_try = ${now}, finished = null
     where authorization_uid = ${authorizationUid} and state = 'aside' and finished < ${before}
       and reason not in ('worker_lost', 'not_in_grant')`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/**
 * Owes named files to those authorizations of a registration that wait for what they asked for, so that none is finished
 * before each file that was named has been looked into; where none waits, to one, whoever it is: to fetch a file is to learn
 * whose data it holds (oweToNamed). A file that was owed before is not owed again, unless whoever it was owed to has ended
 * since, or set it aside before `asideBefore`. Returns how many are owed.
 */
export async function oweToWaiting(
  tx: Tx,
  registrationUid: Uid,
  p: { files: readonly string[]; now: Date; asideBefore: Date },
): Promise<number> {
  if (p.files.length === 0) return 0
  const { numAffectedRows } = await sql`
    update windows set state = 'owed', next_try = ${p.now}, finished = null
     where product = 'file' and resource = any(${[...p.files]}::text[]) and state = 'aside'
       and finished < ${p.asideBefore} and reason <> 'worker_lost'`.execute(tx)
  const again = Number(numAffectedRows ?? 0n)
  const { rows: known } = await sql<{ file: string }>`
    select distinct w.resource as file
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.product = 'file' and w.resource = any(${[...p.files]}::text[])
       and (w.state in ('done', 'aside') or a.state = 'active' and a.expires > ${p.now})`.execute(tx)
  const seen = new Set(known.map(({ file }) => file))
  const windows = p.files.flatMap((resource) =>
    seen.has(resource) ? [] : [{ product: 'file', resource, from: 0, to: 0, priority: UNREAD }],
  )
  if (windows.length === 0) return again
  let owed = again
  for (const uid of await listTakers(tx, registrationUid, p.now)) owed += await oweWindows(tx, uid, windows, p)
  return owed
}

/** Active authorizations whose request for bulk data is open; where there are none, any one. */
async function listTakers(tx: Tx, registrationUid: Uid, now: Date): Promise<Uid[]> {
  const { rows: waiting } = await sql<{ uid: Uid }>`
    select w.authorization_uid as uid
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.registration_uid = ${registrationUid} and w.product = 'bulk_request' and w.state in ('owed', 'waiting')
       and a.state = 'active' and a.expires > ${now}
     order by w.priority, w.authorization_uid`.execute(tx)
  if (waiting.length > 0) return waiting.map(({ uid }) => uid)
  const { rows: some } = await sql<{ uid: Uid }>`
    select authorization_uid as uid from authorizations
     where registration_uid = ${registrationUid} and state = 'active' and expires > ${now}
     order by subscription limit 1`.execute(tx)
  return some.map(({ uid }) => uid)
}

/** How a file names its customers: by the utility's id of the customer, or of the grant. */
export type OwnerColumn = 'retail_customer' | 'subscription'

/**
 * Owes a file to those whose data it holds: each once. Whoever has not confirmed yet, or has to renew, takes it once active.
 */
export async function oweToNamed(
  tx: Tx,
  registrationUid: Uid,
  p: { file: string; by: OwnerColumn; owners: readonly string[]; priority: number; now: Date },
): Promise<number> {
  const isNamed = sql`a.registration_uid = ${registrationUid} and ${sql.ref(`a.${p.by}`)} = any(${[...p.owners]}::text[])
    and a.expires > ${p.now}`
  // Whoever is just being confirmed: either this sees it active, or what activates it sees what is owed here.
  const { rows: unconfirmed } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid from authorizations a
     where ${isNamed} and a.state in ('pending', 'needs_reauthorization')
     order by a.authorization_uid`.execute(tx)
  for (const { uid } of unconfirmed)
    await sql`select from authorizations where authorization_uid = ${uid} for share`.execute(tx)
  const { numAffectedRows } = await sql`
    insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
      next_try, created)
    select a.authorization_uid, 'file', ${p.file}, 0, 0, a.company_uid,
           case when a.state = 'active' then a.registration_uid end, ${p.priority}::int, ${p.now}::timestamptz,
           ${p.now}::timestamptz
      from authorizations a
     where ${isNamed} and a.state in ('pending', 'active', 'needs_reauthorization')
    on conflict (authorization_uid, product, resource, starts, ends) do nothing`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}

/** Files that were named (oweToWaiting) and that nobody has looked into: whose data they hold is not known yet. */
const unread = (registrationUid: Uid): RawBuilder<boolean> => sql<boolean>`exists (
  select from windows u
   where u.registration_uid = ${registrationUid} and u.product = 'file' and u.priority = ${UNREAD}
     and u.state in ('owed', 'leased') and u.attempts = 0
     and not exists (select from windows d where d.product = 'file' and d.resource = u.resource and d.state = 'done'))`

/**
 * The utility has sent what was asked for: requests that wait for a notification are done, once every file that was named has
 * been looked into, since others may hold more of this customer.
 */
export async function closeRequests(
  tx: Tx,
  { authorizationUid, registrationUid }: { authorizationUid: Uid; registrationUid: Uid },
  now: Date,
): Promise<void> {
  await sql`
    update windows set state = 'done', finished = ${now}, reason = null
     where authorization_uid = ${authorizationUid} and product = 'bulk_request' and state in ('owed', 'waiting')
       and not (select ${unread(registrationUid)})`.execute(tx)
}

/** Authorizations that still wait, although a file has brought their data and each that was named has been looked into. */
export async function listAnswered(tx: Tx, registrationUid: Uid): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select w.authorization_uid as uid
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.registration_uid = ${registrationUid} and w.product = 'bulk_request' and w.state in ('owed', 'waiting')
       and a.state = 'active' and a.status = 'pending'
       and exists (select from windows f where f.authorization_uid = w.authorization_uid and f.product = 'file'
                      and f.state = 'done' and f.finished >= w.created)
       and not (select ${unread(registrationUid)})
     order by w.authorization_uid`.execute(tx)
  return rows.map(({ uid }) => uid)
}

/** Addresses that notifications of a registration named between two moments, oldest first, each once. */
export async function listNamedResources(
  tx: Tx,
  registrationUid: Uid,
  { since, until }: { since: Date; until: Date },
): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select address from (
      select unnest(resources) as address, min(notification_uid) as first from notifications
       where registration_uid = ${registrationUid} and judged is not null and received >= ${since} and received <= ${until}
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

/**
 * Forgets what was done before a moment for the authorizations behind `after` up to `last`, except the newest of each thing
 * that is asked for again and again: that tells how far it has been had.
 */
export async function forgetDone(
  tx: Tx,
  { before, after, last }: { before: Date; after: Uid; last: Uid },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from windows w
     where w.authorization_uid > ${after} and w.authorization_uid <= ${last} and w.state = 'done'
       and w.finished < ${before}
       and (w.product = 'file' or exists (select from windows n
             where n.authorization_uid = w.authorization_uid and n.product = w.product and n.resource = w.resource
               and n.authorization_uid > ${after} and n.authorization_uid <= ${last}
               and n.state = 'done' and n.ends > w.ends))`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
