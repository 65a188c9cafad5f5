import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { covered, nextChildren } from './write-gate.ts'

/** The API's Interval object of one meter and month: a stable uid for the readings of all channels in that month. */
export type IntervalRow = { intervalUid: Uid; meterUid: Uid; month: number; created: Date; updated: Date }

/**
 * After months of meters were written: gives them their Interval objects, or moves the `updated` of those that have one, and
 * counts the readings of these meters (of the fullest channel of each month) and what their channels cover together. Counted
 * in the database: the spans of years need not travel for a day that was added.
 */
export async function settleIntervals(
  tx: Tx,
  authorizationUid: Uid,
  touched: readonly { meterUid: Uid; month: number }[],
  now: Date,
): Promise<void> {
  if (touched.length === 0) return
  const months = new Map(touched.map(({ meterUid, month }) => [`${meterUid} ${month}`, { meterUid, month }]))
  const { rows } = await sql<{ meterUid: Uid; month: number }>`
    with touched as (
      update intervals i set updated = ${now}
        from unnest(${[...months.values()].map(({ meterUid }) => meterUid)}::bigint[],
               ${[...months.values()].map(({ month }) => month)}::int[]) as n (meter_uid, month)
       where i.authorization_uid = ${authorizationUid} and i.meter_uid = n.meter_uid and i.month = n.month
      returning i.meter_uid, i.month
    ), blocks as (
      select meter_uid, month, readings, spans from series_blocks
       where authorization_uid = ${authorizationUid}
         and meter_uid = any(${[...new Set(touched.map(({ meterUid }) => meterUid))]}::bigint[])
    ), counts as (
      select meter_uid, sum(readings)::int as readings
        from (select meter_uid, max(readings) as readings from blocks group by meter_uid, month) months
       group by meter_uid
    ), coverages as (
      select meter_uid, range_agg(int8range(spans[at], spans[at + 1])) as ranges
        from blocks cross join generate_series(1, cardinality(spans), 2) at
       group by meter_uid
    ), counted as (
      update meters m
         set interval_count = counts.readings, updated = ${now},
             interval_coverage = coalesce((select jsonb_agg(jsonb_build_array(lower(r), upper(r)) order by r)
                                             from unnest(coverages.ranges) r), '[]')
        from counts join coverages on coverages.meter_uid = counts.meter_uid
       where m.authorization_uid = ${authorizationUid} and m.meter_uid = counts.meter_uid
    )
    select meter_uid as "meterUid", month from touched`.execute(tx)
  for (const { meterUid, month } of rows) months.delete(`${meterUid} ${month}`)
  await insertIntervals(tx, authorizationUid, [...months.values()], now)
}

async function insertIntervals(
  tx: Tx,
  authorizationUid: Uid,
  missing: readonly { meterUid: Uid; month: number }[],
  now: Date,
): Promise<void> {
  if (missing.length === 0) return
  const uids = await nextChildren(tx, authorizationUid, missing.length)
  await sql`
    insert into intervals (authorization_uid, meter_uid, month, interval_uid, company_uid, created, updated)
    select a.authorization_uid, n.meter_uid, n.month, n.uid, a.company_uid, ${now}, ${now}
      from authorizations a,
           unnest(${missing.map(({ meterUid }) => meterUid)}::bigint[], ${missing.map(({ month }) => month)}::int[],
             ${uids}::bigint[]) as n (meter_uid, month, uid)
     where ${covered(authorizationUid, 'intervals', now)}`.execute(tx)
}

/** The Interval objects of an authorization, or of one meter, oldest month first. */
export async function listIntervals(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid | null = null,
): Promise<IntervalRow[]> {
  const { rows } = await sql<IntervalRow>`
    select interval_uid as "intervalUid", meter_uid as "meterUid", month, created, updated from intervals
     where authorization_uid = ${authorizationUid} and (${meterUid}::bigint is null or meter_uid = ${meterUid})
     order by meter_uid, month`.execute(tx)
  return rows
}
