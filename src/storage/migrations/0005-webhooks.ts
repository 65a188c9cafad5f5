import { type Kysely, sql } from 'kysely'

/** Where companies are told of events, and what was delivered. Both stay on the coordinator. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db)
}

const mine = `company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint`
const protect = (table: string): string => `
  alter table ${table} enable row level security;
  alter table ${table} force row level security;
  create policy company on ${table} to gbp_company using (${mine}) with check (${mine});
  create policy operator on ${table} to gbp_operator using (true) with check (true);
  grant select, insert, update, delete on ${table} to gbp_company, gbp_operator;`

const TABLES = `
create table webhook_endpoints (
  endpoint_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies,
  url text not null,
  description text not null,
  event_types text[],                           -- null: all
  secrets bytea not null,                       -- sealed: webhooks/sign-delivery.ts
  state text not null check (state in ('enabled', 'paused', 'disabled')),
  state_reason text,                            -- why it was disabled: gone, failing
  failing_since timestamptz,                    -- the first failure after the last success
  slow_until timestamptz,                       -- it asked for less
  created timestamptz not null,
  updated timestamptz not null
);
create index on webhook_endpoints (company_uid);

create table deliveries (
  endpoint_uid bigint not null references webhook_endpoints on delete cascade,
  event_uid bigint not null,
  authorization_uid bigint not null,            -- of the event, which lies with it; 0: about no authorization
  company_uid bigint not null references companies,
  state text not null check (state in ('owed', 'delivered', 'given_up')),
  attempts int not null default 0,
  next_try timestamptz not null,                -- while an attempt is out: when it counts as lost
  log jsonb not null default '[]',              -- attempts: ts, status or error, ms
  created timestamptz not null,
  primary key (endpoint_uid, event_uid)
);
create index on deliveries (endpoint_uid, next_try) where state = 'owed';
create index on deliveries (company_uid, created desc);
create index on deliveries (event_uid);
${protect('webhook_endpoints')}
${protect('deliveries')}
`
