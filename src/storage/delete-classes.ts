import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import { bareMeter } from '../model/meter.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { listMeterFacts } from './meters.ts'

/**
 * Deletes what was collected of some kinds of data, because a renewed consent leaves them out; meters stay by their keys
 * for what hangs on them. The raw feeds go too: they hold whole answers of the utility.
 */
export async function deleteClasses(
  tx: Tx,
  authorizationUid: Uid,
  { classes, now }: { classes: readonly DataClass[]; now: Date },
): Promise<void> {
  if (classes.length === 0) return
  for (const dataClass of classes) await DELETE[dataClass](tx, authorizationUid, now)
  await sql`delete from raw_feeds where authorization_uid = ${authorizationUid}`.execute(tx)
}

const DELETE: Record<DataClass, (tx: Tx, authorizationUid: Uid, now: Date) => Promise<void>> = {
  async intervals(tx, authorizationUid, now) {
    await sql`delete from series_blocks where authorization_uid = ${authorizationUid}`.execute(tx)
    await sql`delete from intervals where authorization_uid = ${authorizationUid}`.execute(tx)
    await sql`
      update meters set interval_count = 0, interval_coverage = '[]', updated = ${now}
       where authorization_uid = ${authorizationUid}`.execute(tx)
  },
  async bills(tx, authorizationUid, now) {
    await sql`delete from billing_summaries where authorization_uid = ${authorizationUid}`.execute(tx)
    await sql`delete from bills where authorization_uid = ${authorizationUid}`.execute(tx)
    await sql`
      update meters set bill_count = 0, bill_coverage = '[]', updated = ${now}
       where authorization_uid = ${authorizationUid}`.execute(tx)
  },
  async accounting(tx, authorizationUid) {
    await sql`delete from billing_summaries where authorization_uid = ${authorizationUid}`.execute(tx)
    await sql`delete from billing_accounts where authorization_uid = ${authorizationUid}`.execute(tx)
  },
  async meters(tx, authorizationUid, now) {
    for (const { meterUid, facts } of await listMeterFacts(tx, authorizationUid)) {
      await sql`
        update meters set facts = ${JSON.stringify(bareMeter(facts.usagePoint, facts.commodity))}::jsonb, updated = ${now}
         where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
    }
  },
}
