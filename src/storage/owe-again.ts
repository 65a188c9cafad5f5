import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { ASKED, type WindowKey } from './windows.ts'

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
             priority = excluded.priority, registration_uid = excluded.registration_uid, created = ${ASKED}
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
