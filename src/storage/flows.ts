import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What was shown and asked, fixed at the start, and what the utility granted, added by the callback. */
export type FlowConsent = {
  /** Version and hash of the form's text that the customer saw. */
  textVersion: string
  purpose: string
  dataClasses: DataClass[]
  historyMonths: number
  historyStart: string
  /** Local date, the last day. */
  ends: string
  maxEnd: string
  scopeAsked: string
  granted?: FlowGranted
}

export type FlowGranted = {
  scope: string
  dataClasses: DataClass[]
  /** Keys of the usage points that are shared, null where the utility tells none at this point. */
  usagePoints: string[] | null
  /** The utility's own end as a local date, null without one. */
  utilityEnds: string | null
  /** Local date from which the utility publishes, null when it does not say. */
  publishedStart: string | null
}

export type FlowRow = {
  flowUid: Uid
  companyUid: Uid
  templateUid: Uid
  formUid: Uid | null
  memberUid: Uid
  registrationUid: Uid
  utility: string
  state: string
  browserHash: Buffer
  codeVerifier: Buffer | null
  consent: FlowConsent
  customerName: string
  customerEmail: string
  language: string
  redirectUri: string | null
  clientState: string | null
  renews: Uid | null
  authorizationUid: Uid | null
  error: string | null
  created: Date
  expires: Date
  updated: Date
}

export type NewFlow = Omit<
  FlowRow,
  'state' | 'authorizationUid' | 'error' | 'updated' | 'browserHash' | 'codeVerifier'
> & {
  stateHash: Uint8Array
  browserHash: Uint8Array
  codeVerifier: Uint8Array | null
}

const columns = sql`flow_uid as "flowUid", company_uid as "companyUid", template_uid as "templateUid",
  form_uid as "formUid", member_uid as "memberUid", registration_uid as "registrationUid", utility, state,
  browser_hash as "browserHash", code_verifier as "codeVerifier", consent, customer_name as "customerName",
  customer_email as "customerEmail", language, redirect_uri as "redirectUri", client_state as "clientState", renews,
  authorization_uid as "authorizationUid", error, created, expires, updated`

export async function nextFlowUid(tx: Tx): Promise<Uid> {
  const { rows } = await sql<{ uid: Uid }>`select nextval('small_uids') as uid`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('a sequence gave no number')
  return row.uid
}

export async function insertFlow(tx: Tx, f: NewFlow): Promise<void> {
  await sql`
    insert into flows (flow_uid, company_uid, template_uid, form_uid, member_uid, registration_uid, utility, state,
      state_hash, browser_hash, code_verifier, consent, customer_name, customer_email, language, redirect_uri,
      client_state, renews, created, expires, updated)
    values (${f.flowUid}, ${f.companyUid}, ${f.templateUid}, ${f.formUid}, ${f.memberUid}, ${f.registrationUid},
      ${f.utility}, 'sent', ${f.stateHash}, ${f.browserHash}, ${f.codeVerifier}, ${JSON.stringify(f.consent)},
      ${f.customerName}, ${f.customerEmail}, ${f.language}, ${f.redirectUri}, ${f.clientState}, ${f.renews},
      ${f.created}, ${f.expires}, ${f.created})`.execute(tx)
}

/** Uses up an OAuth state: one statement, so that of any number of callbacks exactly one gets the row. */
export async function consumeState(
  tx: Tx,
  p: { stateHash: Uint8Array; browserHash: Uint8Array; utility: string; now: Date },
): Promise<FlowRow | null> {
  const { rows } = await sql<FlowRow>`
    update flows set state = 'exchanging', updated = ${p.now}
    where state_hash = ${p.stateHash} and browser_hash = ${p.browserHash} and utility = ${p.utility}
      and state = 'sent' and expires > ${p.now}
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

export async function findFlowByState(tx: Tx, stateHash: Uint8Array): Promise<FlowRow | null> {
  const { rows } = await sql<FlowRow>`select ${columns} from flows where state_hash = ${stateHash}`.execute(tx)
  return rows[0] ?? null
}

export async function findFlow(tx: Tx, flowUid: Uid): Promise<FlowRow | null> {
  const { rows } = await sql<FlowRow>`select ${columns} from flows where flow_uid = ${flowUid}`.execute(tx)
  return rows[0] ?? null
}

/** Compare-and-swap of a flow's state; null when it was not in `from` any more. */
export async function moveFlow(
  tx: Tx,
  p: { flowUid: Uid; from: string; to: string; error: string | null; now: Date },
): Promise<FlowRow | null> {
  const { rows } = await sql<FlowRow>`
    update flows set state = ${p.to}, error = ${p.error}, code_verifier = null, updated = ${p.now}
    where flow_uid = ${p.flowUid} and state = ${p.from}
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

/** What the callback learned; the state does not change. */
export async function saveFlowGrant(
  tx: Tx,
  p: { flowUid: Uid; authorizationUid: Uid; renews: Uid | null; consent: FlowConsent },
): Promise<void> {
  await sql`
    update flows set authorization_uid = ${p.authorizationUid}, renews = ${p.renews},
      consent = ${JSON.stringify(p.consent)}
    where flow_uid = ${p.flowUid}`.execute(tx)
}

export async function bindFlow(tx: Tx, p: { flowUid: Uid; browserHash: Uint8Array }): Promise<void> {
  await sql`update flows set browser_hash = ${p.browserHash} where flow_uid = ${p.flowUid}`.execute(tx)
}

export async function findFlowOfGrant(tx: Tx, authorizationUid: Uid): Promise<FlowRow | null> {
  const { rows } = await sql<FlowRow>`
    select ${columns} from flows where authorization_uid = ${authorizationUid}
    order by flow_uid desc limit 1`.execute(tx)
  return rows[0] ?? null
}

/** Flows in one state that have not moved since `before`, oldest first. */
export async function listFlowsIn(tx: Tx, p: { state: string; before: Date; limit: number }): Promise<FlowRow[]> {
  const { rows } = await sql<FlowRow>`
    select ${columns} from flows where state = ${p.state} and updated <= ${p.before}
    order by updated, flow_uid limit ${p.limit}`.execute(tx)
  return rows
}

/**
 * True while the customer of an authorization is on the way with the same company: the utility may have replaced the old
 * grant. Whoever of the company's customers is at the utility now may be this one under another address; that is waited
 * for until `anybodyUntil` only.
 */
export async function isCustomerOnTheWay(
  tx: Tx,
  p: {
    authorizationUid: Uid
    companyUid: Uid
    utility: string
    customerEmail: string
    anybodyUntil: Date
    now: Date
  },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select 1 from flows
      where company_uid = ${p.companyUid} and utility = ${p.utility}
        and (state in ('exchanging', 'granted') or (state = 'sent' and expires > ${p.now}))
        and (lower(customer_email) = lower(${p.customerEmail}) or renews = ${p.authorizationUid}
          or (state in ('sent', 'exchanging') and ${p.now} < ${p.anybodyUntil}::timestamptz))
    ) as found`.execute(tx)
  return rows[0]?.found ?? false
}
