import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/**
 * Claims one token request of a registration in the running minute of the clock; all processes count together. False when
 * the minute holds `limit` already. Earlier minutes are forgotten.
 */
export async function claimTokenRequest(
  tx: Tx,
  registrationUid: Uid,
  { limit, now }: { limit: number; now: Date },
): Promise<boolean> {
  const minute = Math.floor(now.getTime() / 60_000)
  await sql`delete from token_minutes where registration_uid = ${registrationUid} and minute < ${minute - 1}`.execute(
    tx,
  )
  const { rows } = await sql`
    insert into token_minutes as t (registration_uid, minute, requests) values (${registrationUid}, ${minute}, 1)
    on conflict (registration_uid, minute) do update set requests = t.requests + 1 where t.requests < ${limit}
    returning requests`.execute(tx)
  return rows.length > 0
}
