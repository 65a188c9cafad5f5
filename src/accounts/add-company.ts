import { z } from 'zod'

import { scopesOf } from '../model/roles.ts'
import { appendAudit } from '../storage/audit.ts'
import { type CompanyRow, findCompanyByAlias, insertCompany } from '../storage/companies.ts'
import type { Db, Tx } from '../storage/db.ts'
import { findMemberByEmail, insertMember, type MemberRow } from '../storage/members.ts'
import { defaultExpiry, issueApiToken } from './api-tokens.ts'

const text = (what: string) => z.string(`${what} is missing`).trim().min(1, `${what} is missing`).max(100)

/** A company as an operator takes it on: what customers read of it, and its first member. */
export const newCompany = z.object({
  alias: z.string('the alias is missing').regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, {
    error: 'the alias has small letters, digits and hyphens, such as sunrise-solar',
  }),
  name: text('the name'),
  legalName: text('the legal name'),
  email: z.email('the e-mail address of the company is not one'),
  ownerName: text("the owner's name"),
  ownerEmail: z.email("the owner's e-mail address is not one"),
})

type Deps = { db: Db; now: () => Date; random: (bytes: number) => Uint8Array }

/** A company or member that cannot be had as asked; the message says which and what to do. */
export class AccountRefused extends Error {
  readonly code = 'account_refused'
}

/**
 * Takes on a company, with its owner and a token that may do everything a company may, shown once. All else the company
 * does itself by API. Throws AccountRefused where the alias is taken.
 */
export async function addCompany(
  deps: Deps,
  { ownerName, ownerEmail, ...given }: z.infer<typeof newCompany>,
): Promise<{ company: CompanyRow; token: string }> {
  const created = deps.now()
  return await deps.db.operator(async (tx) => {
    const company = await insertCompany(tx, { ...given, created })
    if (!company) throw new AccountRefused(`There is a company ${given.alias} already. Choose another alias.`)
    const { companyUid } = company
    const owner = await insertMember(tx, { companyUid, email: ownerEmail, name: ownerName, role: 'owner', created })
    if (!owner) throw new Error('a new company has no member yet')
    await appendAudit(tx, { actor: 'operator', action: 'company_added', companyUid, now: created })
    return { company, token: await makeToken(tx, deps, owner) }
  })
}

/**
 * A new token for a member who has none that works, shown once. The company sees it in its list of tokens. Throws
 * AccountRefused where company or member is unknown.
 */
export async function giveToken(deps: Deps, { alias, email }: { alias: string; email: string }): Promise<string> {
  return await deps.db.operator(async (tx) => {
    const company = await findCompanyByAlias(tx, alias)
    if (!company) throw new AccountRefused(`There is no company ${alias}. \`gbp company list\` shows all.`)
    const member = await findMemberByEmail(tx, company.companyUid, email)
    if (!member) throw new AccountRefused(`${alias} has no member ${email}.`)
    return await makeToken(tx, deps, member)
  })
}

async function makeToken(tx: Tx, { now, random }: Deps, { companyUid, memberUid, role }: MemberRow): Promise<string> {
  const owned = { companyUid, memberUid, name: 'made by the operator', scopes: scopesOf(role) }
  const made = await issueApiToken(tx, { now, random }, { ...owned, expires: defaultExpiry(now()) })
  const details = { tokenUid: made.tokenUid, memberUid }
  await appendAudit(tx, { actor: 'operator', action: 'token_made', companyUid, now: now(), details })
  return made.token
}
