import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

const LIMIT = 100_000

/**
 * Owes an endpoint the events of a span of time once more, of the types that it wants and no pings, under the ids that they
 * had; the oldest 100,000. Runs under row-level security. Returns how many.
 */
export async function resendSpan(
  tx: Tx,
  endpointUid: Uid,
  { since, until, now }: { since: Date; until: Date; now: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into deliveries (endpoint_uid, event_uid, authorization_uid, company_uid, state, next_try, created)
    select p.endpoint_uid, e.event_uid, e.authorization_uid, p.company_uid, 'owed', ${now}, ${now}
      from webhook_endpoints p
      join events e on e.company_uid = p.company_uid and e.ts >= ${since} and e.ts < ${until} and e.type <> 'ping'
       and (p.event_types is null or e.type = any(p.event_types))
     where p.endpoint_uid = ${endpointUid}
     order by e.event_uid limit ${LIMIT}
    on conflict (endpoint_uid, event_uid) do update
       set state = 'owed', attempts = 0, next_try = excluded.next_try, created = excluded.created`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
