import { sql } from 'kysely'

import type { MeterFacts } from '../model/meter.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** A meter whose bills or intervals were asked for. */
export type MatchingMeter = {
  meterUid: Uid
  authorizationUid: Uid
  utility: string
  facts: MeterFacts
  isPending: boolean
  /** Neither revoked, declined nor expired: more may be collected. */
  isCollectable: boolean
}

/** More meters than this in one question are cut; a list of uids has at most 1,000, so only huge shares come near. */
const METERS_LIMIT = 20_000

/**
 * The company's readable meters among these uids and of these authorizations (null: any), the two filters ANDed.
 * Unknown and foreign uids are left out. Runs under row-level security.
 */
export async function listMatchingMeters(
  tx: Tx,
  { authorizations, meters, now }: { authorizations: Uid[] | null; meters: Uid[] | null; now: Date },
): Promise<MatchingMeter[]> {
  const owners = meters === null ? null : [...new Set(meters.map(authorizationOf))]
  const { rows } = await sql<MatchingMeter>`
    select m.meter_uid as "meterUid", m.authorization_uid as "authorizationUid", a.utility, m.facts,
           m.status = 'pending' as "isPending",
           a.state in ('active', 'needs_reauthorization') and a.expires > ${now} as "isCollectable"
      from meters m join authorizations a on a.authorization_uid = m.authorization_uid
     where a.state in ('active', 'needs_reauthorization', 'expired')
       and (${authorizations}::bigint[] is null or m.authorization_uid = any(${authorizations}::bigint[]))
       and (${owners}::bigint[] is null or m.authorization_uid = any(${owners}::bigint[]))
       and (${meters}::bigint[] is null or m.meter_uid = any(${meters}::bigint[]))
     order by m.meter_uid limit ${METERS_LIMIT}`.execute(tx)
  return rows
}
