import { type Kysely, sql } from 'kysely'

/** What the operator knows of a registration beside its secrets, and token requests by minute of the clock. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table registrations
      add column application_id text,       -- our ApplicationInformation at the utility
      add column checked timestamptz,       -- the last gbp utility check, and what it found: {missing, warnings}
      add column check_outcome jsonb
  `.execute(db)
  await sql`
    create table token_minutes (
      registration_uid bigint not null references registrations,
      minute bigint not null,               -- since the epoch
      requests int not null,
      primary key (registration_uid, minute)
    )
  `.execute(db)
  await sql`grant select, insert, update, delete on token_minutes to gbp_operator`.execute(db)
}
