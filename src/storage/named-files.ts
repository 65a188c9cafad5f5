import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { oweWindows, UNREAD } from './windows.ts'

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
    seen.has(resource) ? [] : [{ product: 'file', resource, from: 0, to: 0, priority: UNREAD, isUnread: true }],
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
