import { type RawBuilder, sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/**
 * Files that were named (oweToWaiting) and that nobody has looked into: whose data they hold is not known yet. Who has ended,
 * or waits for a renewal, looks into nothing; others are owed those files then (oweLostFiles).
 */
const unread = (registrationUid: Uid): RawBuilder<boolean> => sql<boolean>`exists (
  select from windows u join authorizations r on r.authorization_uid = u.authorization_uid
   where u.registration_uid = ${registrationUid} and u.product = 'file' and u.is_unread
     and u.state in ('owed', 'leased') and u.attempts = 0 and r.state = 'active'
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
