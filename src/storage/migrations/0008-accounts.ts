import { type Kysely, sql } from 'kysely'

/**
 * Scopes of tokens, four roles, members who left, and what a company writes on its own objects (external_id, metadata).
 * Tokens from before keep every scope; the oldest admin of a company becomes its owner. Runs as gbp_owner, which row-level
 * security hides every row from, so that rows are changed as gbp_operator.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TOKENS).execute(db)
  await sql.raw(MEMBERS).execute(db)
  for (const table of ['forms', 'authorizations', 'meters']) await sql.raw(labels(table)).execute(db)
}

const TOKENS = `
alter table api_tokens
  add column token_uid bigint not null unique default nextval('small_uids'),
  add column scopes text[] not null default '{read,forms,authorizations,collection,webhooks,account,test}',
  add column last_used timestamptz;              -- to the hour
alter table api_tokens alter column scopes drop default;
create index on api_tokens (company_uid, token_uid desc);
`

const MEMBERS = `
alter table members
  drop constraint members_role_check,
  drop constraint members_email_key,
  add column removed timestamptz;                -- the row stays: forms and authorizations name it
alter table members add constraint members_role_check check (role in ('owner', 'admin', 'member', 'viewer'));
create unique index members_email_key on members (company_uid, lower(email)) where removed is null;
set local role gbp_operator;
update members set role = 'owner' where member_uid in (
  select distinct on (company_uid) member_uid from members order by company_uid, role, member_uid);
set local role gbp_owner;
`

const labels = (table: string): string => `
alter table ${table} add column external_id text, add column metadata jsonb not null default '{}';
create index on ${table} (company_uid, external_id) where external_id is not null;
`
