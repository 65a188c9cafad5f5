import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Span } from './coverage.ts'
import type { Tx } from './db.ts'
import { isAskedFor } from './listed-meters.ts'
import { GAP } from './windows.ts'

/** A meter whose readings have a gap, of an authorization that may be collected for. */
export type GappedMeter = {
  authorizationUid: Uid
  utility: string
  dataClasses: DataClass[]
  historyStart: Date
  usagePoint: string
  coverage: Span[]
}

/** Meters with gaps, of the authorizations behind `after` up to `last`. */
export async function listGapped(
  tx: Tx,
  { now, after, last }: { now: Date; after: Uid; last: Uid },
): Promise<GappedMeter[]> {
  const { rows } = await sql<GappedMeter>`
    select a.authorization_uid as "authorizationUid", a.utility, a.data_classes as "dataClasses",
           a.history_start as "historyStart", m.usage_point as "usagePoint", m.interval_coverage as coverage
      from authorizations a join meters m on m.authorization_uid = a.authorization_uid
     where a.authorization_uid > ${after} and a.authorization_uid <= ${last}
       and m.authorization_uid > ${after} and m.authorization_uid <= ${last}
       and a.state = 'active' and a.expires > ${now} and a.registration_uid is not null and ${isAskedFor(now)}
       and jsonb_array_length(m.interval_coverage) > 1
     order by a.authorization_uid, m.meter_uid`.execute(tx)
  return rows
}

/** Of one usage point ('' where a request covers the subscription), epoch seconds, end exclusive. */
export type Gap = { resource: string; from: number; to: number }

/**
 * Owes gaps once more, never more than `most` in a day: those first that were never asked for. Not what another window asks
 * for or has asked for within a day; and a gap that stays is asked for less and less: after 1, 3, 7 and 30 days, then each 30.
 * How often is told by the time between the first and the last question. Returns how many are owed.
 */
export async function oweGaps(
  tx: Tx,
  authorizationUid: Uid,
  gaps: readonly Gap[],
  { now, most }: { now: Date; most: number },
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from windows
     where authorization_uid = ${authorizationUid} and priority = ${GAP}
       and (state in ('owed', 'waiting', 'leased') or finished > ${now}::timestamptz - interval '20 hours')`.execute(tx)
  const left = most - (rows[0]?.count ?? 0)
  if (left <= 0 || gaps.length === 0) return 0
  const { numAffectedRows } = await sql`
    insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
      next_try, created)
    select a.authorization_uid, 'usage', g.resource, g.starts, g.ends, a.company_uid, a.registration_uid, ${GAP}::int,
           ${now}::timestamptz, ${now}::timestamptz
      from authorizations a
      cross join unnest(${gaps.map(({ resource }) => resource)}::text[], ${gaps.map(({ from }) => from)}::bigint[],
                        ${gaps.map(({ to }) => to)}::bigint[]) as g (resource, starts, ends)
      left join windows w on w.authorization_uid = a.authorization_uid and w.product = 'usage'
                         and w.resource = g.resource and w.starts = g.starts and w.ends = g.ends
     where a.authorization_uid = ${authorizationUid} and a.state = 'active'
       and not exists (
         select from windows o where o.authorization_uid = ${authorizationUid} and o.product = 'usage'
            and o.resource = g.resource and o.starts <= g.starts and o.ends >= g.ends
            and (o.state <> 'done' or o.finished > ${now}::timestamptz - interval '1 day'))
       and (w.finished is null or w.finished + case
              when w.finished - w.created < interval '1 day' then interval '1 day'
              when w.finished - w.created < interval '4 days' then interval '3 days'
              when w.finished - w.created < interval '11 days' then interval '7 days'
              else interval '30 days' end <= ${now}::timestamptz)
     order by w.finished nulls first, g.ends desc limit ${left}
    on conflict (authorization_uid, product, resource, starts, ends) do update
       set state = 'owed', attempts = 0, next_try = excluded.next_try, reason = null, finished = null,
           priority = excluded.priority, registration_uid = excluded.registration_uid
     where windows.state = 'done'`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
