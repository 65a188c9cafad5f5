import type { Uid } from '../model/uid.ts'
import { listRegistrationsOf } from '../storage/registrations.ts'
import { listOpenTemplates } from '../storage/templates.ts'
import type { OAuth } from '../utilities/contract.ts'
import { utilityBySlug } from '../utilities/index.ts'
import type { CustomerPath } from './customer-path.ts'
import { parseEspiScope } from './espi-scope.ts'
import type { PathDeps } from './path-deps.ts'

const MAX_COMPANIES = 200

/**
 * A customer who comes from the utility's own site (ESPI scope selection; PG&E's portal redirect). What the utility sends
 * along is a hint and nothing more: nothing of it reaches a flow, a page or another address. Its scope may name a
 * registration (BR), and so the company whose own that is; a custodian that is another one is a mistaken link. The
 * customer then chooses the company and starts a flow like any other.
 */
export function portalStep({ db }: Pick<PathDeps, 'db'>): CustomerPath['portal'] {
  return async (utilitySlug, query) => {
    const utility = utilityBySlug(utilitySlug)
    if (!utility?.oauth.starts.includes('custodian')) return { end: 'unknown_link' }
    const { custodianStart } = utility.oauth
    if (custodianStart !== null && isOfAnother(custodianStart, query)) return { end: 'unknown_link' }
    const bulkId = custodianStart === null ? null : bulkIdOf(custodianStart, query)
    return await db.operator(async (tx) => {
      const registrations = await listRegistrationsOf(tx, utility.id)
      const named = registrations.find((one) => one.bulkId !== null && one.bulkId === bulkId)
      const owners = (named ? [named] : registrations).map(({ companyUid }) => companyUid)
      const serves = (companyUid: Uid): boolean => owners.includes(null) || owners.includes(companyUid)
      const templates = await listOpenTemplates(tx, MAX_COMPANIES)
      const companies = templates.filter(({ companyUid }) => serves(companyUid))
      return { companies: companies.map(({ companyName, alias }) => ({ companyName, alias })) }
    })
  }
}

type Start = NonNullable<OAuth['custodianStart']>

/** PG&E's own redirect ends in a stray `;`, and its spelling of the parameter has changed: utilities.md A4. */
function isOfAnother({ custodianParameter, custodianId }: Start, query: readonly [string, string][]): boolean {
  const named = valuesOf(query, custodianParameter).map((value) => value.replace(/;+$/, '').toLowerCase())
  return named.some((value) => value !== custodianId.toLowerCase())
}

function bulkIdOf({ scopeParameter }: Start, query: readonly [string, string][]): string | null {
  const [scope, more] = valuesOf(query, scopeParameter)
  return scope === undefined || more !== undefined ? null : (parseEspiScope(scope).terms.get('br') ?? null)
}

function valuesOf(query: readonly [string, string][], name: string): string[] {
  return query.flatMap(([key, value]) => (key.toLowerCase() === name.toLowerCase() ? [value] : []))
}
