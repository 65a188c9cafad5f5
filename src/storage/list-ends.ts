import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** A share that ended, or was put on new terms, by the audit log. */
export type End = { at: Date; authorizationUid: Uid; was: 'revoked' | 'renewed' }

/** What ended or was renewed from a moment on, in the order of time, after an entry that came with it; `limit` of them. */
export async function listEnds(
  tx: Tx,
  { from, after, limit }: { from: Date; after: Uid; limit: number },
): Promise<(End & { auditUid: Uid })[]> {
  const { rows } = await sql<End & { auditUid: Uid }>`
    select audit_uid as "auditUid", ts as at, authorization_uid as "authorizationUid",
           case action when 'authorization_revoked' then 'revoked' else 'renewed' end as was
      from audit_entries
     where action in ('authorization_revoked', 'authorization_renewed') and authorization_uid is not null
       and (ts, audit_uid) > (${from}::timestamptz, ${after}::bigint)
     order by ts, audit_uid limit ${limit}`.execute(tx)
  return rows
}
