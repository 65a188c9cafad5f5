import { type Kysely, sql } from 'kysely'

/**
 * What is looked for by something else than its key gets an index, so that it costs the same among many customers; bench/scale.ts
 * shows which. A window names the registration under which it may be collected, so that those of a registration whose quota is
 * used up are not read to find that out. Runs as gbp_owner.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table windows
      add column registration_uid bigint    -- null while its authorization is not active
  `.execute(db)
  await sql`
    update windows w set registration_uid = a.registration_uid
      from authorizations a where a.authorization_uid = w.authorization_uid and a.state = 'active'
  `.execute(db)
  await sql`drop index windows_priority_next_try_idx`.execute(db)
  for (const index of INDEXES) await sql.raw(`create index on ${index}`).execute(db)
}

const INDEXES = [
  `windows (registration_uid, priority, next_try) where state in ('owed', 'waiting')`,
  `windows (authorization_uid) where state = 'aside'`,
  `windows (resource) where product = 'file'`,
  `authorizations (retail_customer) where retail_customer is not null`,
  `authorizations (expires) where state in ('active', 'needs_reauthorization')`,
  `authorizations (status_ts) where state = 'needs_reauthorization'`,
  `authorizations ((authorization_uid % 1440)) where state = 'active'`,
  `grants (authorization_uri) where ended is null`,
  `referrals (authorization_uid)`,
  `links (authorization_uid)`,
  `flows (authorization_uid)`,
  `flows (state, updated) where state in ('sent', 'exchanging', 'granted')`,
  `forms (company_uid, form_uid desc)`,
  `deliveries (created)`,
]
