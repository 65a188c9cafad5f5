import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type FormRow = {
  formUid: Uid
  companyUid: Uid
  templateUid: Uid
  memberUid: Uid
  /** The public part of the form's link, 128 random bits. */
  key: string
  /** Set on a form that renews this authorization. */
  authorizationUid: Uid | null
  customerEmail: string
  /** Utility id, or '' while the customer has to choose. */
  utility: string
  scope: Record<string, unknown>
  isArchived: boolean
  disabled: boolean
  expires: Date | null
  created: Date
  updated: Date
}

const columns = sql`form_uid as "formUid", company_uid as "companyUid", template_uid as "templateUid",
  member_uid as "memberUid", key, authorization_uid as "authorizationUid", customer_email as "customerEmail", utility,
  scope, is_archived as "isArchived", disabled, expires, created, updated`

export async function insertForm(tx: Tx, f: Omit<FormRow, 'formUid'>): Promise<FormRow> {
  const { rows } = await sql<FormRow>`
    insert into forms (company_uid, template_uid, member_uid, key, authorization_uid, customer_email, utility, scope,
      is_archived, disabled, expires, created, updated)
    values (${f.companyUid}, ${f.templateUid}, ${f.memberUid}, ${f.key}, ${f.authorizationUid}, ${f.customerEmail},
      ${f.utility}, ${JSON.stringify(f.scope)}, ${f.isArchived}, ${f.disabled}, ${f.expires}, ${f.created},
      ${f.updated})
    returning ${columns}`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row
}

export async function findForm(tx: Tx, formUid: Uid): Promise<FormRow | null> {
  const { rows } = await sql<FormRow>`select ${columns} from forms where form_uid = ${formUid}`.execute(tx)
  return rows[0] ?? null
}

export async function findFormByKey(tx: Tx, key: string): Promise<FormRow | null> {
  const { rows } = await sql<FormRow>`select ${columns} from forms where key = ${key}`.execute(tx)
  return rows[0] ?? null
}
