import { type Kysely, sql } from 'kysely'

/** A file that was named and that nobody has looked into is known by a column, no longer by its priority. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table windows add column is_unread boolean not null default false`.execute(db)
  await sql`
    update windows set is_unread = true where product = 'file' and priority = 101 and state <> 'done'
  `.execute(db)
  await sql`create index on windows (registration_uid) where is_unread`.execute(db)
}
