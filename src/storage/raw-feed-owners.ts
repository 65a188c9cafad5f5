import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Active authorizations that have raw feeds, oldest first. */
export async function listWithFeeds(tx: Tx): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid from authorizations a
     where a.state = 'active' and exists (select from raw_feeds r where r.authorization_uid = a.authorization_uid)
     order by a.authorization_uid`.execute(tx)
  return rows.map(({ uid }) => uid)
}

/** Authorizations that have raw feeds from before a moment, some at a time. */
export async function listOldFeedOwners(tx: Tx, { before, limit }: { before: Date; limit: number }): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select distinct authorization_uid as uid from raw_feeds where fetched < ${before} limit ${limit}`.execute(tx)
  return rows.map(({ uid }) => uid)
}
