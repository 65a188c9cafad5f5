import { type Kysely, sql } from 'kysely'

/**
 * Third parties are told that there is news (docs/green-button-server.md, section 5): what each is owed, and how its address
 * answers. Both stay on the coordinator. Runs as gbp_owner.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db)
}

const mine = `company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint`

const TABLES = `
alter table clients
  add column notify_state text not null default 'enabled' check (notify_state in ('enabled', 'disabled')),
  add column notify_reason text,                -- why it was disabled: gone, failing
  add column notify_attempts int not null default 0, -- that failed, since the last success
  add column notify_next timestamptz,           -- no list before; while an attempt is out: when it counts as lost
  add column failing_since timestamptz,         -- the first failure after the last success
  add column notify_log jsonb not null default '[]'; -- the last attempts, newest first

create table client_notices (
  notice_uid bigint primary key default nextval('small_uids'),
  client_uid bigint not null references clients on delete cascade,
  company_uid bigint not null references companies,
  authorization_uid bigint not null,
  kind text not null check (kind in ('meters', 'intervals', 'bills', 'authorization')), -- what has changed
  created timestamptz not null
);
create index on client_notices (client_uid, notice_uid);
create index on client_notices (created);
create index on client_consents (ends) where ended is null;
alter table client_notices enable row level security;
alter table client_notices force row level security;
create policy company on client_notices to gbp_company using (${mine}) with check (${mine});
create policy operator on client_notices to gbp_operator using (true) with check (true);
grant select, insert, update, delete on client_notices to gbp_company, gbp_operator;
`
