import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What is known of a raw feed beside its bytes. */
export type FeedFacts = { rawFeedUid: Uid; product: string; fetched: Date }

/** Facts of those feeds of an authorization that are still kept, by uid. Runs under row-level security. */
export async function listFeedFacts(
  tx: Tx,
  authorizationUid: Uid,
  rawFeedUids: readonly Uid[],
): Promise<ReadonlyMap<Uid, FeedFacts>> {
  const { rows } = await sql<FeedFacts>`
    select raw_feed_uid as "rawFeedUid", product, fetched from raw_feeds
     where authorization_uid = ${authorizationUid} and raw_feed_uid = any(${[...rawFeedUids]}::bigint[])`.execute(tx)
  return new Map(rows.map((row) => [row.rawFeedUid, row]))
}
