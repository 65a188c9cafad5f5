import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What ended of a share, by the audit log: all of it, its earlier terms, or what a third party was let in to see. */
export type End = { at: Date; authorizationUid: Uid; was: (typeof WAS)[keyof typeof WAS] }

/** Actions of the audit log, and what a ledger calls them. */
const WAS = {
  authorization_revoked: 'revoked',
  authorization_renewed: 'renewed',
  client_consent_ended: 'client_ended',
} as const

/** What ended or was renewed from a moment on, in the order of time, after an entry that came with it; `limit` of them. */
export async function listEnds(
  tx: Tx,
  { from, after, limit }: { from: Date; after: Uid; limit: number },
): Promise<(End & { auditUid: Uid })[]> {
  const { rows } = await sql<End & { auditUid: Uid }>`
    select audit_uid as "auditUid", ts as at, authorization_uid as "authorizationUid",
           ${JSON.stringify(WAS)}::jsonb ->> action as was
      from audit_entries
     where action = any(${Object.keys(WAS)}) and authorization_uid is not null
       and (ts, audit_uid) > (${from}::timestamptz, ${after}::bigint)
     order by ts, audit_uid limit ${limit}`.execute(tx)
  return rows
}
