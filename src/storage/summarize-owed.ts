import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What is owed or set aside, by utility, state and reason; `oldest`: since when. */
export type Owed = { utility: string; state: string; reason: string | null; count: number; oldest: Date }

export async function summarizeOwed(tx: Tx): Promise<Owed[]> {
  const { rows } = await sql<Owed>`
    select a.utility, w.state, w.reason, count(*)::int as count, min(w.created) as oldest
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.state in ('owed', 'waiting') or w.state = 'leased' or w.state = 'aside' -- an index for each
     group by a.utility, w.state, w.reason order by a.utility, w.state, w.reason`.execute(tx)
  return rows
}

/** Customers whose data are loading: how many windows of theirs are done, of all. */
export type Loading = { utility: string; customers: number; done: number; all: number }

export async function summarizeLoading(tx: Tx): Promise<Loading[]> {
  const { rows } = await sql<Loading>`
    select a.utility, count(distinct a.authorization_uid)::int as customers,
           (count(*) filter (where w.state = 'done'))::int as done, count(*)::int as all
      from authorizations a join windows w on w.authorization_uid = a.authorization_uid
     where a.state = 'active' and a.status = 'pending'
     group by a.utility order by a.utility`.execute(tx)
  return rows
}

/** Customers of a registration who are followed daily and of whom nothing came since `before`; `newest`: what came last of any. */
export type Lagging = { registrationUid: Uid; utility: string; customers: number; newest: Date | null }

export async function summarizeLag(tx: Tx, before: Date): Promise<Lagging[]> {
  const { rows } = await sql<Lagging>`
    select l.uid as "registrationUid", l.utility, count(*)::int as customers, max(l.last) as newest
      from (select a.authorization_uid, a.registration_uid as uid, a.utility, max(w.finished) as last
              from authorizations a left join windows w on w.authorization_uid = a.authorization_uid and w.state = 'done'
             where a.state = 'active' and a.monitoring = 'daily' and a.created < ${before} and a.registration_uid is not null
             group by a.authorization_uid, a.registration_uid, a.utility) l
     where l.last is null or l.last < ${before}
     group by l.uid, l.utility order by l.utility, l.uid`.execute(tx)
  return rows
}

/** Feeds, fetched since a moment, of which something was left out as unreadable. */
export async function countQuarantined(tx: Tx, since: Date): Promise<{ utility: string; feeds: number }[]> {
  const { rows } = await sql<{ utility: string; feeds: number }>`
    select a.utility, count(*)::int as feeds
      from raw_feeds r join authorizations a on a.authorization_uid = r.authorization_uid
     where r.fetched >= ${since} and jsonb_array_length(coalesce(nullif(r.outcome -> 'quarantined', 'null'), '[]')) > 0
     group by a.utility order by a.utility`.execute(tx)
  return rows
}
