import type { Uid } from '../model/uid.ts'
import { type AuthorizationRow, findAuthorization } from '../storage/authorizations.ts'
import { type CompanyRow, findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import { findFormByKey, type FormRow } from '../storage/forms.ts'
import { findMember, type MemberRow } from '../storage/members.ts'
import { listUsableRegistrations } from '../storage/registrations.ts'
import { findTemplateByAlias, type TemplateRow } from '../storage/templates.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilities, utilityBySlug } from '../utilities/index.ts'
import type { DeadEnd, FormAddress } from './customer-path.ts'
import { findReturnAddress } from './return-address.ts'

/** A form as its link says, with everything that it stands on. */
export type LoadedForm = {
  template: TemplateRow
  company: CompanyRow
  member: MemberRow
  form: FormRow | null
  /** The running authorization that this form renews. */
  renewed: AuthorizationRow | null
  /** The utility that the link, the form or the renewed authorization fixes; null: the customer chooses. */
  utility: Utility | null
  offers: Offer[]
  redirectUri: string | null
}

/** A utility that this company's customers can come from, and through which registration. */
export type Offer = { utility: Utility; registrationUid: Uid }

const MAX_STATE = 1024

/** Loads a form by its address. Unknown companies, keys and utilities all end alike. */
export async function loadForm(tx: Tx, address: FormAddress): Promise<LoadedForm | { end: DeadEnd }> {
  const template = await findTemplateByAlias(tx, address.alias)
  if (!template) return { end: 'unknown_link' }
  const form = address.key === null ? null : await findFormByKey(tx, address.key)
  if (address.key !== null && form?.templateUid !== template.templateUid) return { end: 'unknown_link' }
  const asked = address.utilitySlug === null ? null : utilityBySlug(address.utilitySlug)
  if (address.utilitySlug !== null && !asked) return { end: 'unknown_link' }
  if (template.disabled || form?.disabled || form?.isArchived) return { end: 'form_disabled' }
  const company = await findCompany(tx, template.companyUid)
  const member = await findMember(tx, form?.memberUid ?? template.memberUid)
  if (!company || !member) return { end: 'unknown_link' }
  const redirect = redirectOf(template, address)
  if (redirect === undefined) return { end: 'bad_redirect_uri' }
  const offers = await offersOf(tx, company.companyUid, address)
  const renewed = await renewedBy(tx, form, company.companyUid)
  const fixed = utilities.find(({ id }) => id === (renewed?.utility ?? form?.utility)) ?? asked
  const utility = fixed ?? (offers.length === 1 ? (offers[0]?.utility ?? null) : null)
  const isOffered = utility === null || offers.some((offer) => offer.utility.id === utility.id)
  if (offers.length === 0 || !isOffered) return { end: 'operator_problem' }
  return { template, company, member, form, renewed, utility, offers, redirectUri: redirect }
}

/** The form's end, when its link has one: a link that has expired starts nothing. */
export function isPast(form: FormRow | null, now: Date): boolean {
  return form?.expires !== null && form?.expires !== undefined && form.expires <= now
}

/** The company's address to return to, null without one, undefined when the one asked for is refused. */
function redirectOf({ redirectUris }: TemplateRow, address: FormAddress): string | null | undefined {
  if ((address.state ?? '').length > MAX_STATE) return undefined
  if (address.redirectUri !== null) return findReturnAddress(redirectUris, address.redirectUri) ?? undefined
  if (address.noRedirect) return null
  const [first] = redirectUris
  return first === undefined ? null : findReturnAddress(redirectUris, first)
}

/** The first registration of each utility counts: the company's own before the operator's. A test has simulated ones alone. */
async function offersOf(tx: Tx, companyUid: Uid, { isTest }: FormAddress): Promise<Offer[]> {
  const usable = await listUsableRegistrations(tx, companyUid)
  const rows = isTest ? usable.filter(({ environment }) => environment === 'simulated') : usable
  return utilities.flatMap((utility) => {
    const row = rows.find((candidate) => candidate.utility === utility.id)
    return row ? [{ utility, registrationUid: row.registrationUid }] : []
  })
}

async function renewedBy(tx: Tx, form: FormRow | null, companyUid: Uid): Promise<AuthorizationRow | null> {
  if (!form?.authorizationUid) return null
  const row = await findAuthorization(tx, form.authorizationUid)
  const runs = row?.state === 'active' || row?.state === 'needs_reauthorization'
  return row && runs && row.companyUid === companyUid ? row : null
}
