import { type Kysely, sql } from 'kysely'

/**
 * The first tables. Two kinds (docs/architecture.md, section "Rows"):
 * heavy ones hold customers' data, have authorization_uid first in their primary key and in every WHERE;
 * small ones are shared: companies, templates, forms, flows, registrations, links.
 * Moments of our own work are timestamptz; moments of the data are epoch seconds (bigint).
 * Runs as gbp_owner. Row-level security: gbp_company sees its own company only, gbp_operator is the privileged path.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db)
  for (const table of COMPANY_TABLES) await sql.raw(protect(table)).execute(db)
  await sql.raw(SHARED_GRANTS).execute(db)
}

const COMPANY_TABLES = [
  'companies',
  'members',
  'api_tokens',
  'templates',
  'forms',
  'flows',
  'links',
  'referrals',
  'authorizations',
  'consents',
  'grants',
  'windows',
  'raw_feeds',
  'meters',
  'meter_aliases',
  'series_blocks',
  'intervals',
  'bills',
  'billing_accounts',
  'billing_summaries',
  'events',
]

function protect(table: string): string {
  const mine = `company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint`
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy company on ${table} to gbp_company using (${mine}) with check (${mine});
    create policy operator on ${table} to gbp_operator using (true) with check (true);
    grant select, insert, update, delete on ${table} to gbp_company, gbp_operator;`
}

// A company never reads the secrets of registrations, nor notifications, mails or the limiter. Of registrations it sees
// the operator's and its own, of audit entries its own, and nobody changes or deletes those.
const SHARED_GRANTS = `
  alter table registrations enable row level security;
  alter table registrations force row level security;
  create policy company on registrations for select to gbp_company
    using (company_uid is null or company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint);
  create policy operator on registrations to gbp_operator using (true) with check (true);
  grant select, insert, update, delete on registrations to gbp_operator;
  grant select (registration_uid, utility, company_uid, environment) on registrations to gbp_company;

  alter table audit_entries enable row level security;
  alter table audit_entries force row level security;
  create policy company on audit_entries to gbp_company
    using (company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint)
    with check (company_uid = nullif(current_setting('gbp.company_uid', true), '')::bigint);
  create policy operator on audit_entries to gbp_operator using (true) with check (true);
  grant select, insert on audit_entries to gbp_company, gbp_operator;

  grant select, insert, update, delete on notifications, mails, limits to gbp_operator;
  grant usage on all sequences in schema public to gbp_company, gbp_operator;

  create schema pgboss;
  grant usage, create on schema pgboss to gbp_queue;`

const TABLES = `
create sequence small_uids start 1001;
create sequence authorization_uids start 100001;

create table companies (
  company_uid bigint primary key default nextval('small_uids'),
  alias text not null unique check (alias ~ '^[a-z0-9][a-z0-9_-]{1,62}$'),
  name text not null,
  legal_name text not null,
  email text not null,
  created timestamptz not null
);

create table members (
  member_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies,
  email text not null unique,
  name text not null,
  role text not null check (role in ('admin', 'member')),
  created timestamptz not null
);

create table api_tokens (
  token_hash bytea primary key,
  company_uid bigint not null references companies,
  member_uid bigint not null references members,
  name text not null,
  created timestamptz not null,
  expires timestamptz not null,
  revoked timestamptz
);

create table templates (
  template_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies,
  member_uid bigint not null references members,
  alias text not null unique check (alias ~ '^[a-z0-9][a-z0-9_-]{1,62}$'),
  company_name text not null,
  company_email text not null,
  logo bytea,
  logo_type text check (logo_type in ('image/png', 'image/jpeg', 'image/webp')),
  purpose jsonb not null,                       -- {"en": "…", "es": "…"}: the primary purpose, in plain words
  data_classes text[] not null,                 -- of: meters, bills, intervals, accounting
  history_months int not null check (history_months between 0 and 48),
  default_months int not null default 12 check (default_months between 1 and 36),
  max_months int not null default 36 check (max_months between 1 and 36),
  auto_collect boolean not null default true,
  monitoring text not null default 'daily' check (monitoring in ('off', 'daily', 'weekly', 'monthly')),
  redirect_uris text[] not null default '{}',
  terms_url text,
  privacy_url text,
  disabled boolean not null default false,
  created timestamptz not null,
  updated timestamptz not null
);

create table forms (
  form_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies,
  template_uid bigint not null references templates,
  member_uid bigint not null references members,
  key text not null unique,                     -- the public part of the link, 128 random bits
  authorization_uid bigint,                     -- set on a form that renews an authorization
  customer_email text not null default '',
  utility text not null default '',
  scope jsonb not null default '{}',
  is_archived boolean not null default false,
  disabled boolean not null default false,
  expires timestamptz,
  created timestamptz not null,
  updated timestamptz not null
);

create table registrations (
  registration_uid bigint primary key default nextval('small_uids'),
  utility text not null,
  company_uid bigint references companies,      -- null: the operator's own (proxy); else hosting for that company
  environment text not null,                    -- production, test, simulated
  client_id text not null,
  bulk_id text,
  notification_key text not null unique,        -- last part of the notification address, 128 random bits
  addresses jsonb not null default '{}',        -- overrides of the profile's addresses; how the simulators are reached
  secrets bytea not null,                       -- encrypted: client secret, registration token, certificate, key, CA
  created timestamptz not null,
  updated timestamptz not null,
  unique (utility, environment, client_id)
);

create table flows (
  flow_uid bigint primary key default nextval('small_uids'),
  company_uid bigint not null references companies,
  template_uid bigint not null references templates,
  form_uid bigint references forms,
  member_uid bigint not null,
  registration_uid bigint not null references registrations,
  utility text not null,
  state text not null,                          -- authorization/flow-states.ts
  state_hash bytea not null unique,             -- SHA-256 of the OAuth state
  browser_hash bytea not null,                  -- SHA-256 of the cookie that started it
  code_verifier bytea,                          -- encrypted; null where the profile has no PKCE
  consent jsonb not null,                       -- what was shown and asked: text version and hash, purpose, classes, reach, end
  customer_name text not null,
  customer_email text not null,
  language text not null,
  redirect_uri text,                            -- the company's, checked against its template
  client_state text,
  renews bigint,                                -- the authorization that this flow renews
  authorization_uid bigint,                     -- from the grant on
  error text,
  created timestamptz not null,
  expires timestamptz not null,
  updated timestamptz not null
);

-- Private links and referral codes: small look-up tables, since a heavy table can have no unique column without its key.
create table links (
  key_hash bytea primary key,
  company_uid bigint not null references companies,
  authorization_uid bigint not null,
  purpose text not null check (purpose in ('receipt', 'confirm')),
  created timestamptz not null,
  expires timestamptz
);

create table referrals (
  code text primary key,
  company_uid bigint not null references companies,
  authorization_uid bigint not null,
  created timestamptz not null
);

create table authorizations (
  authorization_uid bigint primary key default nextval('authorization_uids'),
  company_uid bigint not null references companies,
  template_uid bigint not null,
  form_uid bigint,
  member_uid bigint not null,
  registration_uid bigint,
  utility text not null,
  state text not null,                          -- model/authorization-states.ts
  customer_name text not null,
  customer_email text not null,
  language text not null default 'en',
  data_classes text[] not null,
  history_start timestamptz not null,           -- consent reaches back to here
  expires timestamptz not null,                 -- the earlier of our consent's and the utility's end
  ongoing_end timestamptz,
  scope jsonb not null default '{}',
  granted_scope text,
  subscription text,                            -- the utility's id of the grant
  retail_customer text,                         -- the utility's id of the customer in customer feeds and files
  monitoring text not null default 'off' check (monitoring in ('off', 'daily', 'weekly', 'monthly')),
  declined timestamptz,
  revoked timestamptz,
  revoked_by text,
  ended timestamptz,                            -- when it left active for good
  is_archived boolean not null default false,
  is_test boolean not null default false,
  nickname text,
  status text not null default 'pending' check (status in ('pending', 'updated', 'errored')),
  status_message text not null default '',
  status_ts timestamptz not null,
  notes jsonb not null default '[]',
  next_child int not null default 1,            -- model/uid.ts childUid
  created timestamptz not null,
  updated timestamptz not null
);
create index on authorizations (company_uid, authorization_uid desc);
create index on authorizations (registration_uid, subscription);

create table consents (
  authorization_uid bigint not null references authorizations on delete cascade,
  consent_no int not null,
  company_uid bigint not null,
  text_version text not null,
  text_hash text not null,
  text_shown text not null,
  language text not null,
  purpose text not null,
  data_classes text[] not null,
  history_start timestamptz not null,
  ends timestamptz not null,
  customer_name text not null,
  customer_email text not null,
  utility text not null,
  scope_asked text not null,
  scope_granted text not null,
  method text not null,
  agreed timestamptz not null,
  primary key (authorization_uid, consent_no)
);

create table grants (
  authorization_uid bigint not null references authorizations on delete cascade,
  grant_no int not null,
  company_uid bigint not null,
  registration_uid bigint not null references registrations,
  subscription_uri text,
  authorization_uri text,
  customer_uri text,
  tokens bytea,                                 -- encrypted {accessToken, refreshToken}; null once destroyed
  access_expires timestamptz,
  version int not null default 1,               -- compare-and-swap of a refresh
  refresh_owner text,
  refresh_until timestamptz,
  created timestamptz not null,
  ended timestamptz,                            -- no further use; the utility is owed a word
  utility_told timestamptz,
  tell_attempts int not null default 0,
  tell_next timestamptz,
  primary key (authorization_uid, grant_no)
);
create index on grants (tell_next) where tell_next is not null;

create table windows (
  authorization_uid bigint not null references authorizations on delete cascade,
  product text not null,                        -- meters, customer, usage, bills, file, bulk_request
  resource text not null,                       -- usage point key, or file address; '' where there is none
  starts bigint not null,
  ends bigint not null,
  company_uid bigint not null,
  state text not null default 'owed' check (state in ('owed', 'leased', 'done', 'waiting', 'aside')),
  priority int not null default 0,              -- lower first
  attempts int not null default 0,
  next_try timestamptz not null,
  lease_owner text,
  lease_until timestamptz,
  fence bigint not null default 0,
  reason text,                                  -- code of the last failure
  created timestamptz not null,
  finished timestamptz,
  primary key (authorization_uid, product, resource, starts, ends)
);
create index on windows (priority, next_try) where state in ('owed', 'waiting');
create index on windows (authorization_uid, lease_until) where state = 'leased';

create table raw_feeds (
  authorization_uid bigint not null references authorizations on delete cascade,
  raw_feed_uid bigint not null,
  company_uid bigint not null,
  product text not null,
  resource text not null,
  fetched timestamptz not null,
  media_type text not null,
  sha256 bytea not null,
  size int not null,
  body bytea not null,                          -- compressed, then encrypted
  outcome jsonb not null default '{}',          -- warnings and quarantine of the last decoding
  primary key (authorization_uid, raw_feed_uid)
);
alter table raw_feeds alter column body set storage external;
create index on raw_feeds (fetched);

create table meters (
  authorization_uid bigint not null references authorizations on delete cascade,
  meter_uid bigint not null,
  company_uid bigint not null,
  usage_point text not null,
  commodity text,
  facts jsonb not null,                         -- model/meter.ts MeterFacts, merged over feeds
  is_archived boolean not null default false,
  is_activated boolean not null default false,
  monitoring jsonb not null default '{"frequency": "off", "prepay": null, "next_prepay": null, "next_refresh": null, "fixed_refresh_day": null}',
  status text not null default 'pending' check (status in ('pending', 'updated', 'errored')),
  status_message text not null default '',
  status_ts timestamptz not null,
  notes jsonb not null default '[]',
  bill_count int not null default 0,
  bill_coverage jsonb not null default '[]',    -- [[epoch, epoch], …]
  interval_count int not null default 0,
  interval_coverage jsonb not null default '[]',
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, meter_uid)
);
create index on meters (company_uid, created desc, meter_uid desc);

create table meter_aliases (
  authorization_uid bigint not null,
  usage_point text not null,
  meter_uid bigint not null,
  company_uid bigint not null,
  primary key (authorization_uid, usage_point),
  foreign key (authorization_uid, meter_uid) references meters on delete cascade
);

create table series_blocks (
  authorization_uid bigint not null,
  meter_uid bigint not null,
  channel text not null,                        -- model/series.ts channelKey
  month int not null,                           -- year * 12 + month - 1, in the utility's zone
  company_uid bigint not null,
  block bytea not null,                         -- storage/series-block.ts
  lineage bytea not null,                       -- storage/lineage.ts: which of the sources each reading came from
  readings int not null,
  starts bigint not null,
  ends bigint not null,
  spans bigint[] not null,                      -- what is covered: start, end, start, end, …
  version int not null default 1,               -- grows when a reading changed
  sources bigint[] not null,                    -- raw_feed_uids of the readings that stand, ascending
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, meter_uid, channel, month),
  foreign key (authorization_uid, meter_uid) references meters on delete cascade
);
alter table series_blocks alter column block set storage external; -- it is compressed already

-- One Interval object of the API per meter and month; its uid is stable.
create table intervals (
  authorization_uid bigint not null,
  meter_uid bigint not null,
  month int not null,
  interval_uid bigint not null,
  company_uid bigint not null,
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, meter_uid, month),
  foreign key (authorization_uid, meter_uid) references meters on delete cascade
);

create table bills (
  authorization_uid bigint not null,
  bill_uid bigint not null,
  meter_uid bigint not null,
  company_uid bigint not null,
  starts bigint not null,
  ends bigint not null,
  total_e5 bigint,
  facts jsonb not null,                         -- model/bill.ts Bill
  notes jsonb not null default '[]',
  source bigint not null,                       -- raw_feed_uid
  version int not null default 1,
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, bill_uid),
  unique (authorization_uid, meter_uid, starts, ends),
  foreign key (authorization_uid, meter_uid) references meters on delete cascade
);

create table billing_accounts (
  authorization_uid bigint not null references authorizations on delete cascade,
  billing_account_uid bigint not null,
  company_uid bigint not null,
  account_number text not null,
  facts jsonb not null,                         -- {billingContact, billingAddress}
  source bigint,
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, billing_account_uid),
  unique (authorization_uid, account_number)
);
create index on billing_accounts (company_uid, created desc, billing_account_uid desc);

create table billing_summaries (
  authorization_uid bigint not null,
  billing_summary_uid bigint not null,
  billing_account_uid bigint not null,
  company_uid bigint not null,
  starts bigint not null,
  ends bigint not null,
  facts jsonb not null,                         -- {statementDate, newCharges: [{name, cost_e5, meter_uid}], newChargesAmountE5}
  sources bigint[] not null,
  created timestamptz not null,
  updated timestamptz not null,
  primary key (authorization_uid, billing_summary_uid),
  unique (authorization_uid, billing_account_uid, starts, ends),
  foreign key (authorization_uid, billing_account_uid) references billing_accounts on delete cascade
);
create index on billing_summaries (company_uid, ends desc, billing_summary_uid desc);

create table events (
  authorization_uid bigint not null,            -- 0: the event is about no authorization (form_created, ping)
  event_uid bigint not null default nextval('small_uids'),
  company_uid bigint not null,
  type text not null,
  ts timestamptz not null,
  meter_uid bigint,
  form_uid bigint,
  is_delivered boolean not null default false,
  details jsonb not null default '{}',
  primary key (authorization_uid, event_uid)
);
create index on events (company_uid, event_uid desc);
create index on events (event_uid) where not is_delivered;

-- What utilities told us, stored before it is judged. A notification is a hint and nothing else.
create table notifications (
  notification_uid bigint primary key default nextval('small_uids'),
  registration_uid bigint not null references registrations,
  body bytea not null,
  received timestamptz not null,
  judged timestamptz,
  resources text[] not null default '{}',       -- the allowed addresses found in it
  outcome text
);

create table mails (
  mail_uid bigint primary key default nextval('small_uids'),
  kind text not null,
  authorization_uid bigint,
  recipient text not null,
  subject text not null,
  body text not null,
  once text not null unique,                    -- the effect's own key: a mail is queued once
  created timestamptz not null,
  sent timestamptz,
  attempts int not null default 0,
  next_try timestamptz not null
);
create index on mails (next_try) where sent is null;

create table audit_entries (
  audit_uid bigint primary key default nextval('small_uids'),
  company_uid bigint,
  authorization_uid bigint,
  actor text not null,                          -- customer, company, operator, utility, system
  action text not null,
  details jsonb not null default '{}',
  ts timestamptz not null
);

-- One limiter and one breaker per registration, shared by all processes.
create table limits (
  registration_uid bigint primary key references registrations,
  version bigint not null default 0,            -- compare-and-swap of a claim
  next_slot timestamptz not null,               -- when the next request may go out
  minutes jsonb not null default '{}',          -- requests by minute of the last hour: {"epoch minute": count}
  hour_used int not null default 0,             -- their sum
  day_starts timestamptz not null,
  day_used int not null default 0,
  failures int not null default 0,              -- in a row
  open_until timestamptz,                       -- the breaker: until then nothing goes out, then one trial
  trial_until timestamptz                       -- until then the others wait for the trial's result
);
`
