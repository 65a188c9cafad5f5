import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/**
 * Whether the company may read a raw feed: it exists and its authorization was not revoked. Under row-level security.
 */
export async function isReadableFeed(tx: Tx, authorizationUid: Uid, rawFeedUid: Uid): Promise<boolean> {
  const { rows } = await sql`
    select from raw_feeds f join authorizations a on a.authorization_uid = f.authorization_uid
     where f.authorization_uid = ${authorizationUid} and f.raw_feed_uid = ${rawFeedUid}
       and a.state in ('active', 'needs_reauthorization', 'expired')`.execute(tx)
  return rows.length > 0
}
