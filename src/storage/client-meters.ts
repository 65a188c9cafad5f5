import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { MatchingMeter } from './list-matching-meters.ts'

/** The meters of an authorization that has a consent to this client in force, by uid. Runs under row-level security. */
export async function listClientMeters(
  tx: Tx,
  { authorizationUid, consentNo, now }: { authorizationUid: Uid; consentNo: number; now: Date },
): Promise<MatchingMeter[]> {
  const { rows } = await sql<MatchingMeter>`
    select m.meter_uid as "meterUid", m.authorization_uid as "authorizationUid", a.utility, m.facts,
           m.status = 'pending' as "isPending", true as "isCollectable"
      from meters m join authorizations a on a.authorization_uid = m.authorization_uid
      join client_consents c on c.authorization_uid = a.authorization_uid
     where m.authorization_uid = ${authorizationUid} and a.authorization_uid = ${authorizationUid}
       and c.authorization_uid = ${authorizationUid} and c.consent_no = ${consentNo} and c.ended is null and c.ends > ${now}
       and a.state in ('active', 'needs_reauthorization') and a.expires > ${now}
     order by m.meter_uid`.execute(tx)
  return rows
}
