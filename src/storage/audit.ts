import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type Actor = 'customer' | 'company' | 'operator' | 'utility' | 'system'

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
