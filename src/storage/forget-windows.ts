import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

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
