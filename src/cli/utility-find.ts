import { listCompanies } from '../storage/companies.ts'
import type { Db } from '../storage/db.ts'
import { listRegistrations, type RegistrationRow } from '../storage/registrations.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilities, utilityOf } from '../utilities/index.ts'
import { BadInput } from './utility-secrets.ts'

/** The utility with this id or slug, in any case. Throws BadInput with the ones there are. */
export function findUtility(given: string): Utility {
  const wanted = given.toLowerCase()
  const found = utilities.find(({ id, slug }) => id.toLowerCase() === wanted || slug === wanted)
  if (found) return found
  throw new BadInput(`No utility is called ${given}. There are: ${utilities.map(({ slug }) => slug).join(', ')}.`)
}

/** A registration as commands show it; owner: the alias of its company, null for the operator's own. */
export type Shown = { row: RegistrationRow; utility: Utility; owner: string | null }

export async function listShown(db: Db): Promise<Shown[]> {
  return await db.operator(async (tx) => {
    const companies = new Map((await listCompanies(tx)).map(({ companyUid, alias }) => [companyUid, alias]))
    return (await listRegistrations(tx)).map((row) => ({
      row,
      utility: utilityOf(row.utility),
      owner: row.companyUid === null ? null : (companies.get(row.companyUid) ?? row.companyUid),
    }))
  })
}

/**
 * The registration meant by its uid, or by its utility where that has only one. Throws BadInput that lists the ones there
 * are when it is not clear, or that none is there.
 */
export async function findShown(db: Db, given: string): Promise<Shown> {
  const all = await listShown(db)
  if (/^\d+$/.test(given)) {
    const found = all.find(({ row }) => row.registrationUid === given)
    if (!found) throw new BadInput(`There is no registration ${given}. See: gbp utility list`)
    return found
  }
  const { id, slug } = findUtility(given)
  const [one, ...more] = all.filter(({ utility }) => utility.id === id)
  if (!one) throw new BadInput(`There is no registration at ${id} yet. Make one: gbp utility add ${slug} --help`)
  if (more.length === 0) return one
  const names = [one, ...more].map(
    ({ row, owner }) => `${row.registrationUid} (${row.environment}, ${owner ?? 'operator'})`,
  )
  throw new BadInput(`There are several registrations at ${id}: ${names.join(', ')}. Name one by its number.`)
}
