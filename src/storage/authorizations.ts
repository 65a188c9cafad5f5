import { sql } from 'kysely'

import type { AuthorizationState, DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import { oweNotices } from './client-notices.ts'
import type { Tx } from './db.ts'
import { followAuthorization } from './windows.ts'

export type AuthorizationRow = {
  authorizationUid: Uid
  companyUid: Uid
  templateUid: Uid
  formUid: Uid | null
  memberUid: Uid
  registrationUid: Uid | null
  utility: string
  state: AuthorizationState
  customerName: string
  customerEmail: string
  language: string
  dataClasses: DataClass[]
  historyStart: Date
  expires: Date
  ongoingEnd: Date | null
  scope: Record<string, unknown>
  grantedScope: string | null
  /** The utility's id of the grant, and of the customer in customer feeds and files. */
  subscription: string | null
  retailCustomer: string | null
  monitoring: 'off' | 'daily' | 'weekly' | 'monthly'
  declined: Date | null
  revoked: Date | null
  revokedBy: string | null
  ended: Date | null
  isArchived: boolean
  isTest: boolean
  nickname: string | null
  status: 'pending' | 'updated' | 'errored'
  statusMessage: string
  statusTs: Date
  notes: unknown[]
  created: Date
  updated: Date
}

export type NewAuthorization = Pick<
  AuthorizationRow,
  | 'companyUid'
  | 'templateUid'
  | 'formUid'
  | 'memberUid'
  | 'registrationUid'
  | 'utility'
  | 'state'
  | 'customerName'
  | 'customerEmail'
  | 'language'
  | 'dataClasses'
  | 'historyStart'
  | 'expires'
  | 'monitoring'
  | 'created'
> & { declined?: Date | null }

/** What the grant's check and the consent fix. */
export type AuthorizationTerms = Pick<
  AuthorizationRow,
  | 'registrationUid'
  | 'dataClasses'
  | 'historyStart'
  | 'expires'
  | 'grantedScope'
  | 'subscription'
  | 'retailCustomer'
  | 'customerName'
  | 'customerEmail'
  | 'language'
>

const columns = sql`authorization_uid as "authorizationUid", company_uid as "companyUid",
  template_uid as "templateUid", form_uid as "formUid", member_uid as "memberUid",
  registration_uid as "registrationUid", utility, state, customer_name as "customerName",
  customer_email as "customerEmail", language, data_classes as "dataClasses", history_start as "historyStart", expires,
  ongoing_end as "ongoingEnd", scope, granted_scope as "grantedScope", subscription,
  retail_customer as "retailCustomer", monitoring, declined, revoked, revoked_by as "revokedBy", ended,
  is_archived as "isArchived", is_test as "isTest", nickname, status, status_message as "statusMessage",
  status_ts as "statusTs", notes, created, updated`

export async function insertAuthorization(tx: Tx, a: NewAuthorization): Promise<AuthorizationRow> {
  const { rows } = await sql<AuthorizationRow>`
    insert into authorizations (company_uid, template_uid, form_uid, member_uid, registration_uid, utility, state,
      customer_name, customer_email, language, data_classes, history_start, expires, monitoring, declined, status_ts,
      created, updated)
    values (${a.companyUid}, ${a.templateUid}, ${a.formUid}, ${a.memberUid}, ${a.registrationUid}, ${a.utility},
      ${a.state}, ${a.customerName}, ${a.customerEmail}, ${a.language}, ${a.dataClasses}, ${a.historyStart},
      ${a.expires}, ${a.monitoring}, ${a.declined ?? null}, ${a.created}, ${a.created}, ${a.created})
    returning ${columns}`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row
}

export async function findAuthorization(tx: Tx, authorizationUid: Uid): Promise<AuthorizationRow | null> {
  const { rows } = await sql<AuthorizationRow>`
    select ${columns} from authorizations where authorization_uid = ${authorizationUid}`.execute(tx)
  return rows[0] ?? null
}

/** Throws RangeError when there is no such authorization: the uid came from our own rows. */
export async function getAuthorization(tx: Tx, authorizationUid: Uid): Promise<AuthorizationRow> {
  const row = await findAuthorization(tx, authorizationUid)
  if (!row) throw new RangeError(`no authorization ${authorizationUid}`)
  return row
}

/** An authorization under its grant in use; subscriptionUri: what the utility named in that grant. */
export type Granted = { authorization: AuthorizationRow; subscriptionUri: string | null }

export async function findGranted(tx: Tx, authorizationUid: Uid): Promise<Granted | null> {
  const { rows } = await sql<AuthorizationRow & { subscriptionUri: string | null }>`
    select ${columns},
           (select g.subscription_uri from grants g where g.authorization_uid = ${authorizationUid} and g.ended is null
             order by g.grant_no desc limit 1) as "subscriptionUri"
      from authorizations where authorization_uid = ${authorizationUid}`.execute(tx)
  const [row] = rows
  if (!row) return null
  const { subscriptionUri, ...authorization } = row
  return { authorization, subscriptionUri }
}

/** Throws RangeError when there is no such authorization. */
export async function getGranted(tx: Tx, authorizationUid: Uid): Promise<Granted> {
  const granted = await findGranted(tx, authorizationUid)
  if (!granted) throw new RangeError(`no authorization ${authorizationUid}`)
  return granted
}

/** Compare-and-swap of the state; null when the authorization was not in `from` any more. */
export async function moveAuthorization(
  tx: Tx,
  p: {
    authorizationUid: Uid
    from: AuthorizationState
    to: AuthorizationState
    ends: boolean
    revokedBy: string | null
    statusMessage: string | null
    now: Date
  },
): Promise<AuthorizationRow | null> {
  const { rows } = await sql<AuthorizationRow>`
    update authorizations
    set state = ${p.to}, updated = ${p.now},
      ended = case when ${p.ends} then ${p.now}::timestamptz else null end,
      revoked = case when ${p.to} = 'revoked' then ${p.now}::timestamptz else revoked end,
      revoked_by = case when ${p.to} = 'revoked' then ${p.revokedBy} else revoked_by end,
      declined = case when ${p.to} = 'declined' then ${p.now}::timestamptz else declined end,
      status = case when ${p.to} = 'needs_reauthorization' then 'errored'
        when ${p.to} = 'active' then 'pending' else status end,
      status_message = coalesce(${p.statusMessage}::text, status_message),
      status_ts = case when ${p.to} in ('needs_reauthorization', 'active') then ${p.now}::timestamptz
        else status_ts end
    where authorization_uid = ${p.authorizationUid} and state = ${p.from}
    returning ${columns}`.execute(tx)
  if (rows.length > 0) await followAuthorization(tx, p.authorizationUid)
  return rows[0] ?? null
}

export async function setTerms(tx: Tx, authorizationUid: Uid, t: AuthorizationTerms): Promise<void> {
  await sql`
    update authorizations
    set registration_uid = ${t.registrationUid}, data_classes = ${t.dataClasses}, history_start = ${t.historyStart},
      expires = ${t.expires}, granted_scope = ${t.grantedScope}, subscription = ${t.subscription},
      retail_customer = ${t.retailCustomer}, customer_name = ${t.customerName}, customer_email = ${t.customerEmail},
      language = ${t.language}
    where authorization_uid = ${authorizationUid}`.execute(tx)
  await followAuthorization(tx, authorizationUid)
}

/** A new end, only ever an earlier one, of which third parties are told; false when it would be later or the authorization has ended. */
export async function shortenAuthorization(
  tx: Tx,
  p: { authorizationUid: Uid; expires: Date; now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update authorizations set expires = ${p.expires}, updated = ${p.now}
    where authorization_uid = ${p.authorizationUid} and expires >= ${p.expires}
      and state in ('active', 'needs_reauthorization')`.execute(tx)
  const isShortened = (numAffectedRows ?? 0n) > 0n
  if (isShortened) await oweNotices(tx, p.authorizationUid, ['authorization'], p.now)
  return isShortened
}

/** A pending row whose grant moved into the authorization that it renews; it was never shown to anybody. */
export async function deletePendingAuthorization(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`delete from authorizations where authorization_uid = ${authorizationUid} and state = 'pending'`.execute(tx)
}

/**
 * The running authorization that a new grant of the same company renews: the utility shows the same usage point or the same
 * customer behind both. One of the same e-mail address goes first, then the newest.
 */
export async function findRenewable(
  tx: Tx,
  p: {
    companyUid: Uid
    utility: string
    customerEmail: string
    usagePoints: readonly string[]
    retailCustomer: string | null
    /** Shares that were confirmed since then may have no meters yet. */
    since: Date
  },
): Promise<AuthorizationRow | null> {
  const { rows } = await sql<AuthorizationRow>`
    select ${columns} from authorizations
    where company_uid = ${p.companyUid} and utility = ${p.utility} and state in ('active', 'needs_reauthorization')
      and authorization_uid in (
        select authorization_uid from authorizations where retail_customer = ${p.retailCustomer}::text
        union all
        select l.authorization_uid from meter_aliases l
         where l.company_uid = ${p.companyUid} and l.usage_point = any(${[...p.usagePoints]}::text[])
        union all
        select coalesce(f.renews, f.authorization_uid) from flows f -- not collected yet: what its own check has found
         where f.company_uid = ${p.companyUid} and f.utility = ${p.utility} and f.created > ${p.since}
           and f.state = 'confirmed' and f.consent #> '{granted,usagePoints}' ?| ${[...p.usagePoints]}::text[])
    order by (lower(customer_email) = lower(${p.customerEmail})) desc, authorization_uid desc limit 1`.execute(tx)
  return rows[0] ?? null
}

/** The utility's usage points that this authorization's meters have or had. */
export async function listUsagePointsOf(tx: Tx, authorizationUid: Uid): Promise<string[]> {
  const { rows } = await sql<{ usagePoint: string }>`
    select usage_point as "usagePoint" from meter_aliases
    where authorization_uid = ${authorizationUid}`.execute(tx)
  return rows.map((row) => row.usagePoint)
}

/** Running authorizations whose end has come, soonest first. */
export async function listDueToExpire(tx: Tx, now: Date, limit: number): Promise<AuthorizationRow[]> {
  const { rows } = await sql<AuthorizationRow>`
    select ${columns} from authorizations
    where state in ('active', 'needs_reauthorization') and expires <= ${now}
    order by expires, authorization_uid limit ${limit}`.execute(tx)
  return rows
}

/** What a receipt shows of each meter: counts, never readings. */
export async function listReceiptMeters(
  tx: Tx,
  authorizationUid: Uid,
): Promise<{ serviceIdentifier: string | null; address: string | null; readings: number; bills: number }[]> {
  const { rows } = await sql<{
    serviceIdentifier: string | null
    address: string | null
    readings: number
    bills: number
  }>`
    select facts ->> 'serviceIdentifier' as "serviceIdentifier", facts ->> 'serviceAddress' as address,
      interval_count as readings, bill_count as bills
    from meters where authorization_uid = ${authorizationUid} order by meter_uid`.execute(tx)
  return rows
}

/** Running authorizations that a utility's Authorization address means: by the address itself or by the grant's id. */
export async function listByAuthorizationAddress(
  tx: Tx,
  p: { registrationUid: Uid; address: string; id: string },
): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid from authorizations a
    where a.registration_uid = ${p.registrationUid} and a.state in ('pending', 'active', 'needs_reauthorization')
      and a.authorization_uid in (
        select authorization_uid from authorizations
        where registration_uid = ${p.registrationUid} and subscription = ${p.id}
        union all
        select authorization_uid from grants where ended is null and authorization_uri = ${p.address})
    order by a.authorization_uid limit 20`.execute(tx)
  return rows.map((row) => row.uid)
}

/** Authorizations that wait for their customer since the utility refused them for this reason. */
export async function listRefused(tx: Tx, p: { reason: string; limit: number }): Promise<AuthorizationRow[]> {
  const { rows } = await sql<AuthorizationRow>`
    select ${columns} from authorizations a
    where a.state = 'needs_reauthorization' and exists (
      select 1 from events e
      where e.authorization_uid = a.authorization_uid and e.type = 'authorization_update_finished_errored'
        and e.ts = a.status_ts and e.details ->> 'reason' = ${p.reason})
    order by a.authorization_uid limit ${p.limit}`.execute(tx)
  return rows
}

/**
 * Active authorizations at these utilities whose uid falls into a slot: work spread evenly over time. `after` exclusive; an
 * index has the slots of 1440.
 */
export async function listActiveInSlot(
  tx: Tx,
  p: { utilities: readonly string[]; slot: number; slots: number; after: Uid; limit: number },
): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select authorization_uid as uid from authorizations
    where state = 'active' and utility = any(${[...p.utilities]}) and authorization_uid % ${p.slots}::bigint = ${p.slot}
      and authorization_uid > ${p.after}
    order by authorization_uid limit ${p.limit}`.execute(tx)
  return rows.map((row) => row.uid)
}

/** Active authorizations that end within a day and whose company was not told so yet. */
export async function listExpiringSoon(tx: Tx, p: { now: Date; until: Date; limit: number }): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid from authorizations a
    where a.state = 'active' and a.expires > ${p.now} and a.expires <= ${p.until} and not exists (
      select 1 from events e
      where e.authorization_uid = a.authorization_uid and e.type = 'authorization_expiring_soon'
        and e.ts > a.expires - interval '25 hours')
    order by a.expires, a.authorization_uid limit ${p.limit}`.execute(tx)
  return rows.map((row) => row.uid)
}

/** Active authorizations of a slot that end between two moments and are older than `before`. */
export async function listEndingInSlot(
  tx: Tx,
  p: { from: Date; until: Date; createdBefore: Date; slot: number; slots: number; limit: number },
): Promise<AuthorizationRow[]> {
  const { rows } = await sql<AuthorizationRow>`
    select ${columns} from authorizations
    where state = 'active' and expires > ${p.from} and expires <= ${p.until} and created < ${p.createdBefore}
      and authorization_uid % ${p.slots}::bigint = ${p.slot}
    order by authorization_uid limit ${p.limit}`.execute(tx)
  return rows
}
