import { randomBytes } from 'node:crypto'

import { sealSecrets } from '../src/utilities/registration.ts'
import { type Envelope, openEnvelope } from '../src/storage/secrets.ts'
import type { BenchDatabase } from './temporary-database.ts'

/** The key of the private link to the n-th customer's page. */
export const pageKey = (n: number): string => String(n).padStart(43, '0')

/** Points the seeded registration at a simulated utility; returns what seals its secrets. */
export async function useUtility(database: BenchDatabase, resourceBase: string): Promise<Envelope> {
  const { origin } = new URL(resourceBase)
  const endpoints = { authorizationEndpoint: `${origin}/authorize`, tokenEndpoint: `${origin}/token` }
  const envelope = openEnvelope(randomBytes(32))
  const { registrationUid } = database.seed
  const secrets = { clientSecret: 'secret', registrationAccessToken: null, certificate: null, key: null, ca: null }
  await database.admin(
    `update registrations set secrets = $2, addresses = $3, bulk_id = 'SCALE' where registration_uid = $1`,
    [
      registrationUid,
      sealSecrets({ registrationUid, companyUid: null }, secrets, envelope),
      JSON.stringify({ resourceBase, customerPortal: origin, ...endpoints }),
    ],
  )
  return envelope
}

/**
 * Customers who have agreed, as their path leaves them behind: form, flow, authorization, consent, grant, private link and
 * referral of each; two endpoints want the events. Rows go in by the thousand, since what one costs is measured elsewhere.
 */
export async function seedCustomers({ admin, seed }: BenchDatabase, count: number): Promise<void> {
  const { companyUid, memberUid, templateUid, registrationUid } = seed
  const given = [companyUid, memberUid, templateUid, registrationUid, count]
  await admin('delete from authorizations')
  for (const statement of STATEMENTS) await admin(statement, statement.includes('$1') ? given : [])
  await admin(
    `insert into webhook_endpoints (company_uid, url, description, secrets, state, created, updated)
     values ($1, 'https://webhooks.example/', '', '', 'enabled', now(), now())`,
    [companyUid],
  )
  await admin('vacuum analyze')
}

/** What collection writes, parents first; and columns that name a thing below its authorization (model/uid.ts). */
const COLLECTED = ['meters', 'meter_aliases', 'series_blocks', 'intervals', 'raw_feeds', 'windows', 'events']
const CHILD_COLUMNS: ReadonlySet<string> = new Set(['meter_uid', 'interval_uid', 'raw_feed_uid'])
const CHILDREN = 1_048_576

/**
 * Gives every customer who has no meter copies of the rows that collection has left of one who has, so that the database is
 * as full as with all of them collected for.
 */
export async function copyCollected({ admin }: BenchDatabase): Promise<void> {
  const [row] = await admin('select min(authorization_uid)::text as uid from meters')
  const source = String(row?.['uid'])
  await admin(`create table copied as select authorization_uid as uid from authorizations a where not exists (
    select from meters m where m.authorization_uid = a.authorization_uid)`)
  for (const table of COLLECTED) {
    const columns = await admin(
      `select column_name::text as name from information_schema.columns where table_name = $1 and table_schema = 'public'`,
      [table],
    )
    const names = columns.map(({ name }) => String(name))
    const values = names.map((name) => {
      if (name === 'authorization_uid') return 't.uid'
      if (name === 'event_uid') return `nextval('small_uids')`
      return CHILD_COLUMNS.has(name) ? `t.uid * ${CHILDREN} + s.${name} % ${CHILDREN}` : `s.${name}`
    })
    await admin(
      `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} from ${table} s cross join copied t
        where s.authorization_uid = $1`,
      [source],
    )
  }
  await admin(
    `update authorizations a set status = s.status, status_message = s.status_message, next_child = s.next_child
       from authorizations s, copied t where s.authorization_uid = $1 and a.authorization_uid = t.uid`,
    [source],
  )
  await admin('drop table copied')
  await admin(
    `insert into deliveries (endpoint_uid, event_uid, authorization_uid, company_uid, state, next_try, created)
     select endpoint_uid, event_uid, authorization_uid, e.company_uid, 'owed', now(), now()
       from events e cross join webhook_endpoints on conflict do nothing`,
  )
}

const EACH = `from generate_series(0, $5::int - 1) n`
const USED = `$1::bigint as company, $2::bigint as member, $3::bigint as template, $4::bigint as registration`
const STATEMENTS = [
  `insert into forms (company_uid, template_uid, member_uid, key, utility, created, updated)
   select company, template, member, 'form-' || n, 'SCE', now(), now() from (select n, ${USED} ${EACH}) s`,
  `insert into authorizations (company_uid, template_uid, member_uid, registration_uid, form_uid, utility, state,
     customer_name, customer_email, data_classes, history_start, expires, subscription, retail_customer, monitoring,
     status_ts, created, updated)
   select company, template, member, registration, f.form_uid, 'SCE', 'active', 'Carla Customer',
          'customer-' || n || '@customer.example', '{meters,bills,intervals,accounting}', '2023-01-01',
          now() + (30 + n % 335) * interval '1 day', 's' || n, 'C' || lpad(n::text, 8, '0'), 'daily', now(),
          now() - interval '4 days', now()
     from (select n, ${USED} ${EACH}) s join forms f on f.key = 'form-' || n order by n`,
  `insert into consents (authorization_uid, consent_no, company_uid, text_version, text_hash, text_shown, language,
     purpose, data_classes, history_start, ends, customer_name, customer_email, utility, scope_asked, scope_granted,
     method, agreed)
   select authorization_uid, 1, company_uid, '1', repeat('0', 64), repeat('What was shown. ', 100), 'en', 'To size',
          data_classes, history_start, expires, customer_name, customer_email, utility, '', '', 'form', created
     from authorizations`,
  `insert into grants (authorization_uid, grant_no, company_uid, registration_uid, authorization_uri, tokens,
     access_expires, created)
   select authorization_uid, 1, company_uid, registration_uid, 'https://utility.example/Authorization/' || subscription,
          decode(repeat('00', 400), 'hex'), now(), created from authorizations`,
  `insert into flows (company_uid, template_uid, form_uid, member_uid, registration_uid, utility, state, state_hash,
     browser_hash, consent, customer_name, customer_email, language, authorization_uid, created, expires, updated)
   select company_uid, template_uid, form_uid, member_uid, registration_uid, utility, 'confirmed',
          sha256(subscription::bytea), '', '{}', customer_name, customer_email, 'en', authorization_uid, created, created,
          created from authorizations`,
  `insert into links (key_hash, company_uid, authorization_uid, purpose, created)
   select sha256(lpad(substr(subscription, 2), 43, '0')::bytea), company_uid, authorization_uid, 'receipt', created
     from authorizations`,
  `insert into referrals (code, company_uid, authorization_uid, created)
   select 'referral-' || subscription, company_uid, authorization_uid, created from authorizations`,
]
