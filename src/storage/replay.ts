import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { foldTails } from './fold-tails.ts'

/** The facts of a meter with nothing told: the same keys, empty. */
const BARE_FACTS = sql`(
  select jsonb_object_agg(key, case jsonb_typeof(value) when 'array' then '[]'::jsonb else 'null'::jsonb end)
    from jsonb_each(meters.facts)) || jsonb_build_object('usagePoint', usage_point, 'commodity', commodity)`

const BARE_BILL = sql`jsonb_build_object('usagePoint', '', 'commodity', null, 'start', starts, 'end', ends, 'statementDate',
  null, 'total', null, 'totalFrom', null, 'currency', null, 'volume', null, 'tariff', null, 'readCycle', null, 'lines',
  '[]'::jsonb, 'demand', '[]'::jsonb, 'tou', '[]'::jsonb, 'tiers', '[]'::jsonb, 'suppliers', '[]'::jsonb, 'quality', null,
  'warnings', '[]'::jsonb)`

/** Copies what was derived from the raw feeds of an authorization, for keepUnchanged, until the transaction ends. */
export async function stashDerived(tx: Tx, authorizationUid: Uid): Promise<void> {
  await foldTails(tx, authorizationUid)
  for (const table of ['series_blocks', 'intervals', 'bills', 'billing_summaries', 'meters']) {
    await sql`
      create temporary table ${sql.table(`old_${table}`)} on commit drop as
      select * from ${sql.table(table)} where authorization_uid = ${sql.lit(authorizationUid)}::bigint`.execute(tx)
  }
}

/**
 * Empties what was derived, and keeps the rows that have a uid: readings go, bills and summaries lose their content, and
 * meters their facts. What the replay does not bring again goes in keepUnchanged.
 */
export async function clearDerived(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`delete from series_blocks where authorization_uid = ${authorizationUid}`.execute(tx)
  await sql`
    update bills set source = 0, facts = ${BARE_BILL}
     where authorization_uid = ${authorizationUid}`.execute(tx)
  await sql`update billing_summaries set facts = '{}' where authorization_uid = ${authorizationUid}`.execute(tx)
  await sql`
    update meters set facts = ${BARE_FACTS}, bill_count = 0, bill_coverage = '[]', interval_count = 0, interval_coverage = '[]'
     where authorization_uid = ${authorizationUid}`.execute(tx)
}

/**
 * After a replay: rows that it did not bring again are deleted, rows that came out as they were get their version and
 * times back. Returns how many rows are new, different or gone.
 */
export async function keepUnchanged(tx: Tx, authorizationUid: Uid): Promise<number> {
  await foldTails(tx, authorizationUid)
  await sql`delete from bills where authorization_uid = ${authorizationUid} and source = 0`.execute(tx)
  await sql`delete from billing_summaries where authorization_uid = ${authorizationUid} 
       and (facts = '{}' or 0 = any(sources))`.execute(tx)
  await sql`
    delete from intervals i where authorization_uid = ${authorizationUid}
       and not exists (select from series_blocks b where b.authorization_uid = ${authorizationUid}
                          and b.meter_uid = i.meter_uid and b.month = i.month)`.execute(tx)
  const kept =
    (await affected(
      sql`
      update series_blocks n set version = o.version, sources = o.sources, lineage = o.lineage, created = o.created,
             updated = o.updated
        from old_series_blocks o
       where n.authorization_uid = ${authorizationUid} and n.meter_uid = o.meter_uid and n.channel = o.channel
         and n.month = o.month and n.block = o.block`,
      tx,
    )) +
    (await affected(
      sql`
      update bills n set version = o.version, source = o.source, notes = o.notes, updated = o.updated from old_bills o
       where n.authorization_uid = ${authorizationUid} and n.bill_uid = o.bill_uid and n.facts = o.facts
         and n.starts = o.starts and n.ends = o.ends`,
      tx,
    )) +
    (await affected(
      sql`
      update billing_summaries n set sources = o.sources, updated = o.updated from old_billing_summaries o
       where n.authorization_uid = ${authorizationUid} and n.billing_summary_uid = o.billing_summary_uid
         and n.facts = o.facts`,
      tx,
    )) +
    (await affected(
      sql`
      update meters n set updated = o.updated, status = o.status, status_message = o.status_message, notes = o.notes,
             status_ts = o.status_ts
        from old_meters o
       where n.authorization_uid = ${authorizationUid} and n.meter_uid = o.meter_uid and n.facts = o.facts
         and n.bill_count = o.bill_count and n.interval_count = o.interval_count`,
      tx,
    ))
  await sql`
    update intervals n set updated = o.updated from old_intervals o
     where n.authorization_uid = ${authorizationUid} and n.interval_uid = o.interval_uid
       and not exists (
         select from series_blocks b left join old_series_blocks p
                on p.meter_uid = b.meter_uid and p.channel = b.channel and p.month = b.month and p.block = b.block
          where b.authorization_uid = ${authorizationUid} and b.meter_uid = n.meter_uid and b.month = n.month
            and p.block is null)`.execute(tx)
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from (
      select from old_series_blocks union all select from old_bills union all select from old_billing_summaries
      union all select from old_meters) o)::int as count`.execute(tx)
  const { rows: present } = await sql<{ count: number }>`
    select ((select count(*) from series_blocks where authorization_uid = ${authorizationUid})
          + (select count(*) from bills where authorization_uid = ${authorizationUid})
          + (select count(*) from billing_summaries where authorization_uid = ${authorizationUid})
          + (select count(*) from meters where authorization_uid = ${authorizationUid}))::int as count`.execute(tx)
  return Math.max(rows[0]?.count ?? 0, present[0]?.count ?? 0) - kept
}

async function affected(statement: ReturnType<typeof sql>, tx: Tx): Promise<number> {
  return Number((await statement.execute(tx)).numAffectedRows ?? 0n)
}
