import { type RawBuilder, sql } from 'kysely'

import type { AuthorizationState } from '../model/authorization-states.ts'
import type { MeterFacts } from '../model/meter.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { Labels } from './labels.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'
import { prepared } from './prepared.ts'

/** What the API tells of a meter. Coverage is [start, end] in epoch seconds. */
export type ListedMeter = Labels & {
  meterUid: Uid
  authorizationUid: Uid
  memberUid: Uid
  userEmail: string
  utility: string
  state: AuthorizationState
  expires: Date
  facts: MeterFacts
  isArchived: boolean
  isActivated: boolean
  monitoring: Record<string, unknown>
  status: 'pending' | 'updated' | 'errored'
  statusMessage: string
  statusTs: Date
  notes: unknown[]
  billCount: number
  billCoverage: [number, number][]
  intervalCount: number
  intervalCoverage: [number, number][]
  /** Its newest bill whose arithmetic does not work out, if any. */
  strangeBill: { billUid: Uid; statementDate: number | null; updated: string } | null
  created: Date
}

export type MeterFilter = {
  uids: Uid[] | null
  authorizations: Uid[] | null
  users: Uid[] | null
  utilities: string[] | null
  isActivated: boolean | null
  isArchived: boolean | null
  isMonitored: boolean | null
  updatedAfter: Date | null
  externalId?: string | null
  after: Uid | null
  limit: number
}

/**
 * A company's meters, newest first, `after` exclusive. Meters of an authorization that was declined or revoked are
 * gone, even while their rows are still being deleted. Runs under row-level security. Throws UnknownCursor.
 */
export async function listMeterPage(tx: Tx, filter: MeterFilter): Promise<Page<ListedMeter>> {
  const {
    uids,
    authorizations,
    users,
    utilities,
    isActivated,
    isArchived,
    isMonitored,
    updatedAfter,
    externalId = null,
    after,
    limit,
  } = filter
  const place = after === null ? null : await placeOfMeter(tx, after)
  const { rows } = await sql<ListedMeter>`
    select ${COLUMNS}
      from meters m
      join authorizations a on a.authorization_uid = m.authorization_uid
      left join members u on u.member_uid = a.member_uid
     where ${IS_READABLE}
       and ${areUids(uids)}
       and (${authorizations}::bigint[] is null or m.authorization_uid = any(${authorizations}::bigint[]))
       and (${users}::bigint[] is null or a.member_uid = any(${users}::bigint[]))
       and (${utilities}::text[] is null or a.utility = any(${utilities}::text[]))
       and (${isActivated}::boolean is null or m.is_activated = ${isActivated}::boolean)
       and (${isArchived}::boolean is null or m.is_archived = ${isArchived}::boolean)
       and (${isMonitored}::boolean is null or (m.monitoring->>'frequency' <> 'off') = ${isMonitored}::boolean)
       and (${updatedAfter}::timestamptz is null or greatest(m.updated, m.status_ts) >= ${updatedAfter}::timestamptz)
       and (${externalId}::text is null or m.external_id = ${externalId}::text)
       and (${place}::timestamptz is null or (m.created, m.meter_uid) < (${place}::timestamptz, ${after}::bigint))
     order by m.created desc, m.meter_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** One meter, as listMeterPage tells it; null: there is none, or not for this company. Runs under row-level security. */
export async function findMeter(tx: Tx, meterUid: Uid): Promise<ListedMeter | null> {
  const { rows } = await FIND(tx, [authorizationOf(meterUid), meterUid])
  return rows[0] ?? null
}

/** The meters of some authorizations, newest first, at most `limit` + 1 of each. */
export async function listMetersOfEach(tx: Tx, authorizations: Uid[], limit: number): Promise<ListedMeter[]> {
  const { rows } = await sql<ListedMeter>`
    select * from (
      select ${COLUMNS}, row_number() over (partition by m.authorization_uid order by m.created desc, m.meter_uid desc)
               as place
        from meters m
        join authorizations a on a.authorization_uid = m.authorization_uid
        left join members u on u.member_uid = a.member_uid
       where ${IS_READABLE} and m.authorization_uid = any(${authorizations}::bigint[])
    ) listed
    where place <= ${limit + 1}
    order by place`.execute(tx)
  return rows
}

/** A uid names its authorization, so the look-up goes by the whole key. */
function areUids(uids: Uid[] | null): RawBuilder<unknown> {
  if (uids === null) return sql`true`
  return sql`m.authorization_uid = any(${[...new Set(uids.map(authorizationOf))]}::bigint[])
    and m.meter_uid = any(${uids}::bigint[])`
}

/** Microseconds survive as text; a Date would lose them. */
async function placeOfMeter(tx: Tx, meterUid: Uid): Promise<string> {
  const { rows } = await sql<{ created: string }>`
    select created::text as created from meters
     where authorization_uid = ${authorizationOf(meterUid)} and meter_uid = ${meterUid}`.execute(tx)
  return placeOf(rows).created
}

const IS_READABLE = sql.raw(`a.state in ('active', 'needs_reauthorization', 'expired')`)

const COLUMNS = sql.raw(`
  m.meter_uid as "meterUid", m.authorization_uid as "authorizationUid", a.member_uid as "memberUid",
  coalesce(u.email, '') as "userEmail", a.utility, a.state, a.expires, m.facts, m.is_archived as "isArchived",
  m.is_activated as "isActivated", m.monitoring, m.status, m.status_message as "statusMessage",
  m.status_ts as "statusTs", m.notes, m.bill_count as "billCount", m.bill_coverage as "billCoverage",
  m.interval_count as "intervalCount", m.interval_coverage as "intervalCoverage", m.created,
  m.external_id as "externalId", m.metadata,
  (select jsonb_build_object('billUid', b.bill_uid::text, 'statementDate', b.facts->'statementDate',
            'updated', b.updated)
     from bills b
    where b.authorization_uid = m.authorization_uid and b.meter_uid = m.meter_uid
      and (b.notes <> '[]'::jsonb or b.facts->'warnings' <> '[]'::jsonb)
    order by b.ends desc limit 1) as "strangeBill"`)

const FIND = prepared(sql<ListedMeter>`
  select ${COLUMNS}
    from meters m
    join authorizations a on a.authorization_uid = m.authorization_uid
    left join members u on u.member_uid = a.member_uid
   where ${IS_READABLE} and m.authorization_uid = $1 and m.meter_uid = $2`)
