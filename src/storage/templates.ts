import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type TemplateRow = {
  templateUid: Uid
  companyUid: Uid
  memberUid: Uid
  alias: string
  companyName: string
  companyEmail: string
  logo: Buffer | null
  logoType: 'image/png' | 'image/jpeg' | 'image/webp' | null
  /** Language to the primary purpose in plain words. */
  purpose: Record<string, string>
  dataClasses: DataClass[]
  historyMonths: number
  defaultMonths: number
  maxMonths: number
  autoCollect: boolean
  monitoring: 'off' | 'daily' | 'weekly' | 'monthly'
  redirectUris: string[]
  termsUrl: string | null
  privacyUrl: string | null
  disabled: boolean
  created: Date
  updated: Date
}

export type NewTemplate = Omit<TemplateRow, 'templateUid'>

const columns = sql`template_uid as "templateUid", company_uid as "companyUid", member_uid as "memberUid", alias,
  company_name as "companyName", company_email as "companyEmail", logo, logo_type as "logoType", purpose,
  data_classes as "dataClasses", history_months as "historyMonths", default_months as "defaultMonths",
  max_months as "maxMonths", auto_collect as "autoCollect", monitoring, redirect_uris as "redirectUris",
  terms_url as "termsUrl", privacy_url as "privacyUrl", disabled, created, updated`

/** Adds a template; null when the alias is taken. */
export async function insertTemplate(tx: Tx, t: NewTemplate): Promise<TemplateRow | null> {
  const { rows } = await sql<TemplateRow>`
    insert into templates (company_uid, member_uid, alias, company_name, company_email, logo, logo_type, purpose,
      data_classes, history_months, default_months, max_months, auto_collect, monitoring, redirect_uris, terms_url,
      privacy_url, disabled, created, updated)
    values (${t.companyUid}, ${t.memberUid}, ${t.alias}, ${t.companyName}, ${t.companyEmail}, ${t.logo}, ${t.logoType},
      ${JSON.stringify(t.purpose)}, ${t.dataClasses}, ${t.historyMonths}, ${t.defaultMonths}, ${t.maxMonths},
      ${t.autoCollect}, ${t.monitoring}, ${t.redirectUris}, ${t.termsUrl}, ${t.privacyUrl}, ${t.disabled},
      ${t.created}, ${t.updated})
    on conflict (alias) do nothing
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

/** What can be changed of a template. */
export type TemplateColumns = Omit<
  TemplateRow,
  'templateUid' | 'companyUid' | 'memberUid' | 'logoType' | 'created' | 'updated'
>

/** What is not given, or undefined, stays. */
export type TemplateEdit = { [Column in keyof TemplateColumns]?: TemplateColumns[Column] | undefined }

/** Changes what is given and leaves the rest; a logo is a PNG. Throws the database's unique violation when another has the alias. */
export async function editTemplate(tx: Tx, templateUid: Uid, t: TemplateEdit, now: Date): Promise<void> {
  const purpose = t.purpose === undefined ? null : JSON.stringify(t.purpose)
  await sql`
    update templates
       set alias = coalesce(${t.alias ?? null}::text, alias),
           company_name = coalesce(${t.companyName ?? null}::text, company_name),
           company_email = coalesce(${t.companyEmail ?? null}::text, company_email),
           logo = case when ${t.logo !== undefined} then ${t.logo ?? null}::bytea else logo end,
           logo_type = case when ${t.logo !== undefined} then ${t.logo ? 'image/png' : null}::text else logo_type end,
           purpose = coalesce(${purpose}::jsonb, purpose),
           data_classes = coalesce(${t.dataClasses ?? null}::text[], data_classes),
           history_months = coalesce(${t.historyMonths ?? null}::int, history_months),
           default_months = coalesce(${t.defaultMonths ?? null}::int, default_months),
           max_months = coalesce(${t.maxMonths ?? null}::int, max_months),
           auto_collect = coalesce(${t.autoCollect ?? null}::boolean, auto_collect),
           monitoring = coalesce(${t.monitoring ?? null}::text, monitoring),
           redirect_uris = coalesce(${t.redirectUris ?? null}::text[], redirect_uris),
           terms_url = case when ${t.termsUrl !== undefined} then ${t.termsUrl ?? null}::text else terms_url end,
           privacy_url = case when ${t.privacyUrl !== undefined} then ${t.privacyUrl ?? null}::text else privacy_url end,
           disabled = coalesce(${t.disabled ?? null}::boolean, disabled),
           updated = ${now}
     where template_uid = ${templateUid}`.execute(tx)
}

/** Deletes a template that no form and no customer on the way needs. Throws the database's foreign-key violation else. */
export async function deleteTemplate(tx: Tx, templateUid: Uid): Promise<void> {
  await sql`delete from templates where template_uid = ${templateUid}`.execute(tx)
}

export async function findTemplate(tx: Tx, templateUid: Uid): Promise<TemplateRow | null> {
  const { rows } = await sql<TemplateRow>`
    select ${columns} from templates where template_uid = ${templateUid}`.execute(tx)
  return rows[0] ?? null
}

export async function findTemplateByAlias(tx: Tx, alias: string): Promise<TemplateRow | null> {
  const { rows } = await sql<TemplateRow>`select ${columns} from templates where alias = ${alias}`.execute(tx)
  return rows[0] ?? null
}

export async function listTemplates(tx: Tx, companyUid: Uid): Promise<TemplateRow[]> {
  const { rows } = await sql<TemplateRow>`
    select ${columns} from templates where company_uid = ${companyUid} order by template_uid desc`.execute(tx)
  return rows
}

/** Every template that customers can be sent to, of all companies; operator work. */
export async function listOpenTemplates(tx: Tx, limit: number): Promise<TemplateRow[]> {
  const { rows } = await sql<TemplateRow>`
    select ${columns} from templates where not disabled order by company_name, template_uid limit ${limit}`.execute(tx)
  return rows
}
