import { sql } from 'kysely'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Archives a meter or takes it back; false when the company has no such meter. */
export async function archiveMeter(tx: Tx, meterUid: Uid, isArchived: boolean, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update meters set is_archived = ${isArchived}, updated = ${now}
     where authorization_uid = ${authorizationOf(meterUid)} and meter_uid = ${meterUid}`.execute(tx)
  return numAffectedRows === 1n
}

export type Frequency = 'off' | 'daily' | 'weekly' | 'monthly'

/**
 * Sets how often a meter is refreshed, and when next (null when off). A meter that is monitored counts as activated for
 * good. The keys are exactly those that clients of the API demand. Returns false when there is no such meter.
 */
export async function setMonitoring(
  tx: Tx,
  meterUid: Uid,
  given: { frequency: Frequency; fixedRefreshDay: number | null; nextRefresh: string | null },
  now: Date,
): Promise<boolean> {
  const { frequency, fixedRefreshDay, nextRefresh } = given
  const monitoring = {
    frequency,
    prepay: null,
    next_prepay: null,
    next_refresh: nextRefresh,
    fixed_refresh_day: fixedRefreshDay,
  }
  const { numAffectedRows } = await sql`
    update meters set monitoring = ${JSON.stringify(monitoring)}::jsonb,
           is_activated = is_activated or ${frequency !== 'off'}, updated = ${now}
     where authorization_uid = ${authorizationOf(meterUid)} and meter_uid = ${meterUid}`.execute(tx)
  return numAffectedRows === 1n
}
