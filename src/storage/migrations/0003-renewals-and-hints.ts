import { type Kysely, sql } from 'kysely'

/** A service agreement can be left out of a renewed share; renewals and notifications are found by an index. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table meters add column is_listed boolean not null default true -- the utility's last complete list names it
  `.execute(db)
  await sql`create index on meter_aliases (company_uid, usage_point)`.execute(db)
  await sql`create index on flows (company_uid, created)`.execute(db)
  await sql`create index on notifications (notification_uid) where judged is null`.execute(db)
  await sql`create index on notifications (registration_uid, received)`.execute(db)
}
