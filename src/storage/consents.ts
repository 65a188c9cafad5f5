import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What a customer agreed to, word by word; never changed, kept after the end. */
export type ConsentRow = {
  authorizationUid: Uid
  consentNo: number
  companyUid: Uid
  textVersion: string
  textHash: string
  textShown: string
  language: string
  purpose: string
  dataClasses: DataClass[]
  historyStart: Date
  ends: Date
  customerName: string
  customerEmail: string
  utility: string
  scopeAsked: string
  scopeGranted: string
  method: string
  agreed: Date
}

const columns = sql`authorization_uid as "authorizationUid", consent_no as "consentNo", company_uid as "companyUid",
  text_version as "textVersion", text_hash as "textHash", text_shown as "textShown", language, purpose,
  data_classes as "dataClasses", history_start as "historyStart", ends, customer_name as "customerName",
  customer_email as "customerEmail", utility, scope_asked as "scopeAsked", scope_granted as "scopeGranted", method,
  agreed`

/** Appends a consent under the authorization's next number. */
export async function appendConsent(tx: Tx, c: Omit<ConsentRow, 'consentNo'>): Promise<number> {
  const { rows } = await sql<{ consentNo: number }>`
    insert into consents (authorization_uid, consent_no, company_uid, text_version, text_hash, text_shown, language,
      purpose, data_classes, history_start, ends, customer_name, customer_email, utility, scope_asked, scope_granted,
      method, agreed)
    select ${c.authorizationUid}::bigint, coalesce(max(consent_no), 0) + 1, ${c.companyUid}::bigint, ${c.textVersion},
      ${c.textHash}, ${c.textShown}, ${c.language}, ${c.purpose}, ${c.dataClasses}::text[],
      ${c.historyStart}::timestamptz, ${c.ends}::timestamptz, ${c.customerName}, ${c.customerEmail}, ${c.utility},
      ${c.scopeAsked}, ${c.scopeGranted}, ${c.method}, ${c.agreed}::timestamptz
    from consents where authorization_uid = ${c.authorizationUid}::bigint
    returning consent_no as "consentNo"`.execute(tx)
  return rows[0]?.consentNo ?? 1
}

/** The consent in force: the newest. */
export async function findConsent(tx: Tx, authorizationUid: Uid): Promise<ConsentRow | null> {
  const { rows } = await sql<ConsentRow>`
    select ${columns} from consents where authorization_uid = ${authorizationUid}
    order by consent_no desc limit 1`.execute(tx)
  return rows[0] ?? null
}

/** The consent before the one in force, null when that is the first. */
export async function findPreviousConsent(tx: Tx, authorizationUid: Uid): Promise<ConsentRow | null> {
  const { rows } = await sql<ConsentRow>`
    select ${columns} from consents where authorization_uid = ${authorizationUid}
    order by consent_no desc offset 1 limit 1`.execute(tx)
  return rows[0] ?? null
}
