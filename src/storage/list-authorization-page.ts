import { sql } from 'kysely'

import type { AuthorizationState } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { Labels } from './labels.ts'
import { cutPage, type Page } from './list-page.ts'
import { prepared } from './prepared.ts'

/** What the API tells of an authorization: with its owner, its referral codes and when the customer agreed. */
export type ListedAuthorization = Labels & {
  authorizationUid: Uid
  templateUid: Uid
  formUid: Uid | null
  memberUid: Uid
  userEmail: string
  utility: string
  state: AuthorizationState
  customerName: string
  customerEmail: string
  agreed: Date | null
  expires: Date
  scope: Record<string, unknown>
  declined: Date | null
  revoked: Date | null
  isArchived: boolean
  /** Marked as a test, or given at a registration that is no production one. */
  isTest: boolean
  nickname: string | null
  referrals: string[]
  status: 'pending' | 'updated' | 'errored'
  statusMessage: string
  statusTs: Date
  notes: unknown[]
  created: Date
  /** There are meters, bills of them, that the company may read. */
  hasMeters: boolean
  hasBills: boolean
  hasSummaries: boolean
}

export type AuthorizationFilter = {
  uids: Uid[] | null
  forms: Uid[] | null
  templates: Uid[] | null
  users: Uid[] | null
  referrals: string[] | null
  utilities: string[] | null
  isArchived: boolean | null
  isDeclined: boolean | null
  isTest: boolean | null
  isRevoked: boolean | null
  isExpired: boolean | null
  externalId?: string | null
  now: Date
  after: Uid | null
  limit: number
}

/**
 * A company's authorizations, newest first, `after` exclusive. Those that the customer has not confirmed (pending) or
 * never did (abandoned) are nobody's business. Runs under row-level security.
 */
export async function listAuthorizationPage(tx: Tx, filter: AuthorizationFilter): Promise<Page<ListedAuthorization>> {
  const { uids, forms, templates, users, referrals, utilities, now, after, limit } = filter
  const { isArchived, isDeclined, isTest, isRevoked, isExpired, externalId = null } = filter
  const { rows } = await sql<ListedAuthorization>`
    select ${COLUMNS}
      from authorizations a
      left join members m on m.member_uid = a.member_uid
      left join registrations r on r.registration_uid = a.registration_uid
     where a.state not in ('pending', 'abandoned')
       and (${uids}::bigint[] is null or a.authorization_uid = any(${uids}::bigint[]))
       and (${forms}::bigint[] is null or a.form_uid = any(${forms}::bigint[]))
       and (${templates}::bigint[] is null or a.template_uid = any(${templates}::bigint[]))
       and (${users}::bigint[] is null or a.member_uid = any(${users}::bigint[]))
       and (${utilities}::text[] is null or a.utility = any(${utilities}::text[]))
       and (${referrals}::text[] is null or a.authorization_uid = any(
             array(select authorization_uid from referrals where code = any(${referrals}::text[]))))
       and (${isArchived}::boolean is null or a.is_archived = ${isArchived}::boolean)
       and (${isDeclined}::boolean is null or (a.declined is not null) = ${isDeclined}::boolean)
       and (${isTest}::boolean is null or ${IS_TEST} = ${isTest}::boolean)
       and (${isRevoked}::boolean is null or (a.revoked is not null) = ${isRevoked}::boolean)
       and (${isExpired}::boolean is null or (a.state = 'expired' or a.expires <= ${now}) = ${isExpired}::boolean)
       and (${externalId}::text is null or a.external_id = ${externalId}::text)
       and (${after}::bigint is null or a.authorization_uid < ${after}::bigint)
     order by a.authorization_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** One of them; null: there is none, or not for this company. Runs under row-level security. */
export async function findAuthorization(tx: Tx, authorizationUid: Uid): Promise<ListedAuthorization | null> {
  const { rows } = await FIND(tx, [authorizationUid])
  return rows[0] ?? null
}

const IS_TEST = sql.raw(`(a.is_test or coalesce(r.environment <> 'production', false))`)

// Not `exists`: where many rows are expected of a page, that is answered by reading all meters, and all bills, once.
const COLUMNS = sql`
  a.authorization_uid as "authorizationUid", a.template_uid as "templateUid", a.form_uid as "formUid",
  a.member_uid as "memberUid", coalesce(m.email, '') as "userEmail", a.utility, a.state,
  a.customer_name as "customerName", a.customer_email as "customerEmail",
  (select max(c.agreed) from consents c where c.authorization_uid = a.authorization_uid) as agreed,
  a.expires, a.scope, a.declined, a.revoked, a.is_archived as "isArchived", ${IS_TEST} as "isTest", a.nickname,
  array(select f.code from referrals f where f.authorization_uid = a.authorization_uid order by f.created, f.code)
    as referrals,
  a.status, a.status_message as "statusMessage", a.status_ts as "statusTs", a.notes, a.created,
  a.external_id as "externalId", a.metadata,
  a.state in ('active', 'needs_reauthorization', 'expired')
    and (select true from meters m where m.authorization_uid = a.authorization_uid limit 1) is not null as "hasMeters",
  a.state in ('active', 'needs_reauthorization', 'expired')
    and (select true from bills b where b.authorization_uid = a.authorization_uid limit 1) is not null as "hasBills",
  a.state in ('active', 'needs_reauthorization', 'expired')
    and (select true from billing_summaries s where s.authorization_uid = a.authorization_uid limit 1) is not null
    as "hasSummaries"`

const FIND = prepared(sql<ListedAuthorization>`
  select ${COLUMNS}
    from authorizations a
    left join members m on m.member_uid = a.member_uid
    left join registrations r on r.registration_uid = a.registration_uid
   where a.state not in ('pending', 'abandoned') and a.authorization_uid = $1`)
