import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Changes what is given; nickname null clears it. The caller has checked that the authorization is the company's. */
export async function editAuthorization(
  tx: Tx,
  authorizationUid: Uid,
  edit: { isArchived?: boolean | null | undefined; nickname?: string | null | undefined },
  now: Date,
): Promise<void> {
  await sql`
    update authorizations
       set is_archived = coalesce(${edit.isArchived ?? null}::boolean, is_archived),
           nickname = case when ${edit.nickname !== undefined} then ${edit.nickname ?? null}::text else nickname end,
           updated = ${now}
     where authorization_uid = ${authorizationUid}`.execute(tx)
}

/** A test may be deleted; it sends no mail, and what it meets at a utility tells nothing of the utility. */
export async function markTest(tx: Tx, authorizationUids: readonly Uid[]): Promise<void> {
  for (const uid of authorizationUids)
    await sql`update authorizations set is_test = true where authorization_uid = ${uid}`.execute(tx)
}

/**
 * Deletes an authorization with everything below it, and the look-up rows that lead to it. While the utility has not been
 * told of its end, the bare row stays, out of everybody's sight, since that word is owed by its grants.
 */
export async function deleteAuthorization(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`delete from links where authorization_uid = ${authorizationUid}`.execute(tx)
  await sql`delete from referrals where authorization_uid = ${authorizationUid}`.execute(tx)
  const { numAffectedRows } = await sql`
    delete from authorizations
     where authorization_uid = ${authorizationUid}
       and not exists (select from grants g where g.authorization_uid = ${authorizationUid}
                        and g.tell_next is not null and g.utility_told is null)`.execute(tx)
  if (numAffectedRows === 1n) return
  await sql`
    update authorizations set state = 'abandoned' where authorization_uid = ${authorizationUid}`.execute(tx)
}
