import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type Actor = 'customer' | 'company' | 'operator' | 'utility' | 'system'

export type AuditEntry = {
  auditUid: Uid
  companyUid: Uid | null
  authorizationUid: Uid | null
  actor: Actor
  action: string
  details: Record<string, unknown>
  ts: Date
}

/** Appends to the audit log, in the transaction of what it records. No role of ours can change or delete an entry. */
export async function appendAudit(
  tx: Tx,
  entry: {
    actor: Actor
    action: string
    now: Date
    companyUid?: Uid | null
    authorizationUid?: Uid | null
    /** Ids and codes; no secret, name, address or reading. */
    details?: object
  },
): Promise<void> {
  const { actor, action, now, companyUid = null, authorizationUid = null, details = {} } = entry
  await sql`
    insert into audit_entries (company_uid, authorization_uid, actor, action, details, ts)
    values (${companyUid}, ${authorizationUid}, ${actor}, ${action}, ${JSON.stringify(details)}::jsonb, ${now})`.execute(
    tx,
  )
}

/** Entries, newest first; of one authorization where it is given. Under a company's role only that company's. */
export async function listAudit(
  tx: Tx,
  {
    authorizationUid = null,
    before = null,
    limit = 100,
  }: { authorizationUid?: Uid | null; before?: Uid | null; limit?: number },
): Promise<AuditEntry[]> {
  const { rows } = await sql<AuditEntry>`
    select audit_uid as "auditUid", company_uid as "companyUid", authorization_uid as "authorizationUid", actor, action,
           details, ts
      from audit_entries
     where (${authorizationUid}::bigint is null or authorization_uid = ${authorizationUid})
       and (${before}::bigint is null or audit_uid < ${before})
     order by audit_uid desc limit ${limit}`.execute(tx)
  return rows
}
