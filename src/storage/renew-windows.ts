import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

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
