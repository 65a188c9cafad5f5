import { type Kysely, sql } from 'kysely'

/** Requests differ in urgency: a registration's limiter remembers from when on each kind may go out again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table limits
      add column fresh_from timestamptz,    -- new data: the hour's or the day's share is used up until then
      add column history_from timestamptz   -- the same for history
  `.execute(db)
}
