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
