import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Active authorizations of a utility whose grant was used last before a moment, in their minute of the day; `after` exclusive. */
export async function listUnusedGrants(
  tx: Tx,
  p: { utility: string; usedBefore: Date; slot: number; slots: number; after: Uid; limit: number },
): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid from authorizations a
      join grants g on g.authorization_uid = a.authorization_uid
    where a.state = 'active' and a.utility = ${p.utility} and g.ended is null and g.access_expires < ${p.usedBefore}
      and a.authorization_uid % ${p.slots}::bigint = ${p.slot} and a.authorization_uid > ${p.after}
    order by a.authorization_uid limit ${p.limit}`.execute(tx)
  return rows.map((row) => row.uid)
}
