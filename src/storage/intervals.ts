import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { type Span, unionOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { covered, nextChildren } from './write-gate.ts'

/** The API's Interval object of one meter and month: a stable uid for the readings of all channels in that month. */
export type IntervalRow = { intervalUid: Uid; meterUid: Uid; month: number; created: Date; updated: Date }

/** Gives months their Interval objects, or moves the `updated` of those that have one. */
export async function touchIntervals(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { months, now }: { months: readonly number[]; now: Date },
): Promise<void> {
  const { rows } = await sql<{ month: number }>`
    update intervals set updated = ${now}
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid} and month = any(${[...months]}::int[])
    returning month`.execute(tx)
  const had = new Set(rows.map(({ month }) => month))
  const missing = months.filter((month) => !had.has(month))
  if (missing.length === 0) return
  const uids = await nextChildren(tx, authorizationUid, missing.length)
  await sql`
    insert into intervals (authorization_uid, meter_uid, month, interval_uid, company_uid, created, updated)
    select a.authorization_uid, ${meterUid}::bigint, n.month, n.uid, a.company_uid, ${now}, ${now}
      from authorizations a, unnest(${missing}::int[], ${uids}::bigint[]) as n (month, uid)
     where ${covered(authorizationUid, 'intervals', now)}`.execute(tx)
}

/** Counts a meter's readings (of the fullest channel of each month) and what its channels cover together. */
export async function recountIntervals(tx: Tx, authorizationUid: Uid, meterUid: Uid, now: Date): Promise<void> {
  const { rows } = await sql<{ month: number; readings: number; spans: string[] }>`
    select month, readings, spans from series_blocks
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
  const readings = new Map<number, number>()
  const spans: Span[] = []
  for (const row of rows) {
    readings.set(row.month, Math.max(readings.get(row.month) ?? 0, row.readings))
    for (let at = 0; at < row.spans.length; at += 2) spans.push([Number(row.spans[at]), Number(row.spans[at + 1])])
  }
  const count = [...readings.values()].reduce((sum, month) => sum + month, 0)
  await sql`
    update meters set interval_count = ${count}::int, interval_coverage = ${JSON.stringify(unionOf(spans))}::jsonb,
           updated = ${now}
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
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
