import { type Kysely, sql } from 'kysely'

/** A day that follows all others of its month is put behind them, and the month is packed again after some days. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table series_blocks
      add column tail bytea,       -- storage/series-append.ts: readings that follow those of the block
      add column open_from bigint  -- from when on readings only follow; null: what comes has to be merged
  `.execute(db)
  // In its page, with the row: to move it out would cost what it spares. It is short and does not get smaller.
  await sql`alter table series_blocks alter column tail set storage main`.execute(db)
}
