import { type Kysely, sql } from 'kysely'

/** What was told of one time in several lengths: the readings that are not shown, and how far readings reach. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table series_blocks
      add column beneath bytea[],         -- storage/beneath.ts: a lineage and blocks of readings that are not shown
      add column beneath_sources bigint[],
      add column reach bigint             -- where the last reading ends, if beyond the month
  `.execute(db)
  await sql`create index series_blocks_reach on series_blocks (authorization_uid, meter_uid) where reach is not null`.execute(
    db,
  )
}
