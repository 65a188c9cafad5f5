import { type Kysely, sql } from 'kysely'

/**
 * Third parties that customers let in over Green Button (docs/green-button-server.md): what companies registered, attempts to be let
 * in, what customers agreed to, tokens. Consents lie with their authorization; the rest stays on the coordinator. Runs as gbp_owner.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db)
  for (const table of ['clients', 'client_requests', 'client_consents', 'client_tokens'])
    await sql.raw(protect(table)).execute(db)
}

const mine = `company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint`
const protect = (table: string): string => `
  alter table ${table} enable row level security;
  alter table ${table} force row level security;
  create policy company on ${table} to gbp_company using (${mine}) with check (${mine});
  create policy operator on ${table} to gbp_operator using (true) with check (true);
  grant select, insert, update, delete on ${table} to gbp_company, gbp_operator;`

const TABLES = `
create table clients (
  client_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies, -- whose customers may let it in
  name text not null,
  client_id text not null unique,
  secret_hash bytea not null,                   -- SHA-256
  previous_hash bytea,                          -- the secret before, valid until:
  previous_until timestamptz,
  redirect_uris text[] not null,                -- compared letter by letter
  data_classes text[] not null,                 -- the most it may ask for
  notify_uri text,
  created timestamptz not null,
  updated timestamptz not null
);
create index on clients (company_uid, client_uid desc);

create table client_requests (
  link_hash bytea primary key,                  -- SHA-256 of the key that the customer is mailed
  company_uid bigint not null references companies,
  client_uid bigint not null references clients on delete cascade,
  browser_hash bytea not null,                  -- SHA-256 of the cookie of the browser that asked
  email text not null,
  utility text,                                 -- null: any
  redirect_uri text not null,
  is_redirect_given boolean not null,           -- then the token request has to name it, too
  state text,
  code_challenge text,
  data_classes text[] not null,
  history_start timestamptz,                    -- null: all that the customer shares with the company
  ends timestamptz,
  created timestamptz not null,
  expires timestamptz not null,
  decided timestamptz,
  authorization_uid bigint,
  consent_no int,
  code_hash bytea unique,
  code_expires timestamptz,
  exchanged timestamptz
);
create index on client_requests (expires);
create index on client_requests (client_uid, lower(email));

create table client_consents (
  authorization_uid bigint not null references authorizations on delete cascade,
  consent_no int not null,
  company_uid bigint not null,
  client_uid bigint not null,
  client_name text not null,
  data_classes text[] not null,
  history_start timestamptz not null,
  ends timestamptz not null,
  scope text not null,                          -- as the client is told
  text_version text not null,
  text_hash text not null,
  text_shown text not null,
  language text not null,
  agreed timestamptz not null,
  ended timestamptz,
  ended_by text,                                -- customer, client, company, system
  primary key (authorization_uid, consent_no)
);
create index on client_consents (client_uid);
create index on authorizations (company_uid, lower(customer_email)) where state in ('active', 'needs_reauthorization');

create table client_tokens (
  token_hash bytea primary key,                 -- SHA-256
  kind text not null check (kind in ('access', 'refresh', 'client', 'registration', 'customer')),
  company_uid bigint not null references companies,
  client_uid bigint not null references clients on delete cascade,
  authorization_uid bigint,                     -- with its consent, of access, refresh and customer
  consent_no int,
  created timestamptz not null,
  expires timestamptz,
  used timestamptz                              -- a refresh token is good once
);
create index on client_tokens (authorization_uid, consent_no);
create index on client_tokens (client_uid, kind);
`
