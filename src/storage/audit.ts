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

/** Enough to find an alarm again that came a moment ago for many customers at once. */
const LAST_ENTRIES = 500

/**
 * Appends an `operator_alarm`, unless one of the same code and registration is among the last entries of a day: what one
 * registration meets, all of its customers meet. details.code names a page of docs/errors.
 */
export async function appendAlarm(
  tx: Tx,
  alarm: {
    now: Date
    companyUid: Uid
    authorizationUid: Uid
    details: { code: string; registrationUid: Uid | null; product: string }
  },
): Promise<void> {
  const { details, now } = alarm
  const same = JSON.stringify({ code: details.code, registrationUid: details.registrationUid })
  const { rows } = await sql`
    select from (select action, details, ts from audit_entries order by audit_uid desc limit ${LAST_ENTRIES}) last
     where action = 'operator_alarm' and details @> ${same}::jsonb and ts > ${now}::timestamptz - interval '1 day'
     limit 1`.execute(tx)
  if (rows.length > 0) return
  await appendAudit(tx, { actor: 'system', action: 'operator_alarm', ...alarm })
}
