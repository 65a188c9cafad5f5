import { type RawBuilder, sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { isAskedFor } from './listed-meters.ts'
import { GAP } from './windows.ts'

/** What collection needs to know of an authorization in order to owe it something. */
export type ActiveAuthorization = {
  authorizationUid: Uid
  registrationUid: Uid
  utility: string
  subscription: string | null
  dataClasses: DataClass[]
  historyStart: Date
  /** Those worth asking for: shared, and not closed long since. */
  usagePoints: string[]
  /** Up to when every usage point has been asked for, epoch seconds; null: not yet. */
  collectedUntil: number | null
}

const columns = (
  now: Date,
): RawBuilder<unknown> => sql`a.authorization_uid as "authorizationUid", a.registration_uid as "registrationUid", a.utility,
  a.subscription, a.data_classes as "dataClasses", a.history_start as "historyStart",
  coalesce((select array_agg(m.usage_point order by m.meter_uid) from meters m
    where m.authorization_uid = a.authorization_uid and ${isAskedFor(now)}), '{}') as "usagePoints",
  (select min(latest)::float8 from (select max(w.ends) as latest from windows w
    where w.authorization_uid = a.authorization_uid and w.product = 'usage' and w.state = 'done'
      and (w.resource = '' or exists (select from meters m where m.authorization_uid = a.authorization_uid
            and m.usage_point = w.resource and ${isAskedFor(now)}))
    group by w.resource) asked) as "collectedUntil"`

/** Authorizations of one registration that may be collected for at `now`, by the utility's ids of their grants. */
export async function listActiveBySubscription(
  tx: Tx,
  registrationUid: Uid,
  { subscriptions, now }: { subscriptions: readonly string[]; now: Date },
): Promise<ActiveAuthorization[]> {
  if (subscriptions.length === 0) return []
  const { rows } = await sql<ActiveAuthorization>`
    select ${columns(now)} from authorizations a
     where a.registration_uid = ${registrationUid} and a.subscription = any(${[...subscriptions]}::text[])
       and a.state = 'active' and a.expires > ${now}
     order by a.authorization_uid`.execute(tx)
  return rows
}

/** One authorization that may be collected for at `now`, else null. */
export async function findActive(tx: Tx, authorizationUid: Uid, now: Date): Promise<ActiveAuthorization | null> {
  const { rows } = await sql<ActiveAuthorization>`
    select ${columns(now)} from authorizations a
     where a.authorization_uid = ${authorizationUid} and a.state = 'active' and a.expires > ${now}`.execute(tx)
  return rows[0] ?? null
}

/** Registrations with more than `most` authorizations that may be collected for; no more than that are counted of each. */
export async function listCrowded(tx: Tx, { most, now }: { most: number; now: Date }): Promise<Uid[]> {
  const { rows: all } = await sql<{ uid: Uid }>`
    select registration_uid as uid from registrations order by registration_uid`.execute(tx)
  const crowded: Uid[] = []
  for (const { uid } of all) {
    const { rows } = await sql`
      select from authorizations where registration_uid = ${uid} and state = 'active' and expires > ${now}
       limit ${most + 1}`.execute(tx)
    if (rows.length > most) crowded.push(uid)
  }
  return crowded
}

/** Where a page of the running authorizations behind `after` ends; null when none follow. */
export async function findPageEnd(tx: Tx, { after, limit }: { after: Uid; limit: number }): Promise<Uid | null> {
  const { rows } = await sql<{ uid: Uid | null }>`
    select max(uid) as uid from (
      select authorization_uid as uid from authorizations where authorization_uid > ${after} and state = 'active'
       order by authorization_uid limit ${limit}) page`.execute(tx)
  return rows[0]?.uid ?? null
}

/**
 * Authorizations of a page, `after` exclusive and `last` inclusive, whose ongoing monitoring is due: nothing is owed, and the
 * last fetch is longer ago than their frequency. Under the `packaged` registrations the news come in packages for all
 * customers: who got one in the last day and a half is asked for once a week only (bills, new usage points), so that the quota
 * is there for those who got none.
 */
export async function listDueForRefresh(
  tx: Tx,
  { now, after, last, packaged = [] }: { now: Date; after: Uid; last: Uid; packaged?: readonly Uid[] },
): Promise<ActiveAuthorization[]> {
  const { rows } = await sql<ActiveAuthorization>`
    select ${columns(now)} from authorizations a
     where a.authorization_uid > ${after} and a.authorization_uid <= ${last}
       and a.state = 'active' and a.expires > ${now} and a.registration_uid is not null and a.monitoring <> 'off'
       and not exists (
         select from windows w where w.authorization_uid = a.authorization_uid and w.state <> 'aside'
            and w.priority <> ${GAP}
            and w.authorization_uid > ${after} and w.authorization_uid <= ${last} -- else all are read for each page
            and (w.product <> 'file' or (select true from windows u
                  where u.authorization_uid = a.authorization_uid and u.product in ('usage', 'usage_points') limit 1) is null)
            and (w.finished is null or w.finished > ${now}::timestamptz - case
                  when a.monitoring = 'daily' and not (a.registration_uid = any(${[...packaged]}::bigint[])
                    and (select true from windows p where p.authorization_uid = a.authorization_uid and p.product = 'file'
                            and p.state = 'done' and p.finished > ${now}::timestamptz - interval '36 hours'
                          limit 1) is not null)
                    then interval '20 hours'
                  when a.monitoring = 'monthly' then interval '28 days' else interval '160 hours' end))
     order by a.authorization_uid`.execute(tx)
  return rows
}
