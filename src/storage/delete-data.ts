import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Heavy tables that hold what was collected for an authorization, children first. */
const COLLECTED = [
  'series_blocks',
  'intervals',
  'bills',
  'billing_summaries',
  'billing_accounts',
  'meter_aliases',
  'meters',
  'raw_feeds',
  'windows',
] as const

/**
 * Deletes everything that was collected for an authorization, and its tokens, but for those (tell_next) that a utility has
 * to see once more to be told of the end. The authorization, its consents, events and
 * audit entries stay as evidence: they hold no reading, bill or address. Returns the number of rows by table.
 */
export async function deleteAuthorizationData(tx: Tx, authorizationUid: Uid): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {}
  for (const table of COLLECTED) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where authorization_uid = ${authorizationUid}`.execute(tx)
    deleted[table] = Number(numAffectedRows ?? 0n)
  }
  const { numAffectedRows } = await sql`
    update grants set tokens = null
     where authorization_uid = ${authorizationUid} and tokens is not null and tell_next is null`.execute(tx)
  deleted['tokens'] = Number(numAffectedRows ?? 0n)
  return deleted
}
