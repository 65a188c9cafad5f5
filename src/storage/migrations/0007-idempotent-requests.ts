import { type Kysely, sql } from 'kysely'

/** Requests that carry an Idempotency-Key, for a day. Stays on the coordinator. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLE).execute(db)
}

const mine = `company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint`

const TABLE = `
create table idempotent_requests (
  company_uid bigint not null references companies,
  key text not null,
  request_hash bytea not null,                  -- SHA-256 of method, address and body
  answer bytea,                                 -- sealed: api/answer-once.ts; null: running
  started timestamptz not null,
  primary key (company_uid, key)
);
create index on idempotent_requests (started);
alter table idempotent_requests enable row level security;
alter table idempotent_requests force row level security;
create policy company on idempotent_requests to gbp_company using (${mine}) with check (${mine});
create policy operator on idempotent_requests to gbp_operator using (true) with check (true);
grant select, insert, update, delete on idempotent_requests to gbp_company, gbp_operator;
`
