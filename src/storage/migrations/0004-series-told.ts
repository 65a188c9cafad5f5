import { type Kysely, sql } from 'kysely'

/** A block remembers what it was told, so that the same again needs no unpacking, and its sum. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table series_blocks
      add column told bytea[] not null default '{}', -- storage/series-told.ts: hashes of what it was merged from
      add column exponent smallint,                  -- total counts in 10 ** exponent of the channel's unit
      add column total numeric                       -- the sum of all values; null in rows from before
  `.execute(db)
}
