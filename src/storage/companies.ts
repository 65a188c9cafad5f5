import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type CompanyRow = {
  companyUid: Uid
  alias: string
  name: string
  legalName: string
  email: string
  created: Date
}

const columns = sql`company_uid as "companyUid", alias, name, legal_name as "legalName", email, created`

/** Adds a company; null when the alias is taken. */
export async function insertCompany(tx: Tx, company: Omit<CompanyRow, 'companyUid'>): Promise<CompanyRow | null> {
  const { rows } = await sql<CompanyRow>`
    insert into companies (alias, name, legal_name, email, created)
    values (${company.alias}, ${company.name}, ${company.legalName}, ${company.email}, ${company.created})
    on conflict (alias) do nothing
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

export async function findCompanyByAlias(tx: Tx, alias: string): Promise<CompanyRow | null> {
  const { rows } = await sql<CompanyRow>`select ${columns} from companies where alias = ${alias}`.execute(tx)
  return rows[0] ?? null
}

export async function findCompany(tx: Tx, companyUid: Uid): Promise<CompanyRow | null> {
  const { rows } = await sql<CompanyRow>`select ${columns} from companies where company_uid = ${companyUid}`.execute(tx)
  return rows[0] ?? null
}

export async function listCompanies(tx: Tx): Promise<CompanyRow[]> {
  const { rows } = await sql<CompanyRow>`select ${columns} from companies order by company_uid`.execute(tx)
  return rows
}
