import { type RawBuilder, sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Corrections of a closed agreement are looked for this long after its last reading or bill. */
const CLOSED_DAYS = 60

/**
 * Keeps which meters the utility still shares, by its complete list of usage points. What it no longer names is not asked
 * for any more, and what was owed of it is done; what was collected stays (docs/decisions/0009).
 */
export async function setListedMeters(
  tx: Tx,
  authorizationUid: Uid,
  usagePoints: readonly string[],
  now: Date,
): Promise<void> {
  await sql`
    update meters m set is_listed = not m.is_listed, updated = ${now}
     where m.authorization_uid = ${authorizationUid} and m.is_listed <> exists (
           select from meter_aliases l where l.authorization_uid = ${authorizationUid} and l.meter_uid = m.meter_uid
              and l.usage_point = any(${[...usagePoints]}::text[]))`.execute(tx)
  await sql`
    update windows w set state = 'done', finished = ${now}, reason = 'not_shared'
     where w.authorization_uid = ${authorizationUid} and w.state in ('owed', 'waiting', 'aside')
       and w.product in ('usage', 'bills') and w.resource <> '' and w.resource <> all(${[...usagePoints]}::text[])`.execute(
    tx,
  )
}

/** The condition that a meter `m` is worth asking for: still shared, and not closed since longer than corrections come. */
export function isAskedFor(now: Date): RawBuilder<boolean> {
  const closed = sql`coalesce(m.facts ->> 'status', 'active') <> 'active'
    and greatest((m.interval_coverage -> -1 ->> 1)::float8, (m.bill_coverage -> -1 ->> 1)::float8)
        < extract(epoch from ${now}::timestamptz) - ${CLOSED_DAYS * 86_400}::int`
  return sql<boolean>`m.is_listed and (${closed}) is not true`
}
