import type { Uid } from '../model/uid.ts'
import { type AuthorizationRow, findAuthorization } from '../storage/authorizations.ts'
import { findCompany } from '../storage/companies.ts'
import type { Tx } from '../storage/db.ts'
import { findFlow, type FlowRow } from '../storage/flows.ts'
import { findForm } from '../storage/forms.ts'
import { findMember } from '../storage/members.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { finalConsentText } from './consent-text.ts'
import type { CustomerPath, DeadEnd, EndOfFlow, GrantView, Language } from './customer-path.ts'
import { refusalOf, retryOf } from './flow-way-on.ts'
import { viewOf } from './form.ts'
import { hashKey, isKey } from './keys.ts'
import type { PathDeps } from './path-deps.ts'
import { isStep } from './states.ts'

/** What the final step shows: what the utility shares, with whom, until when. Reads only. */
export function grantStep(deps: PathDeps): CustomerPath['grant'] {
  return async (flowUid, cookie) =>
    await deps.db.operator(async (tx) => {
      const flow = await ownFlow(tx, deps, { flowUid, cookie })
      if ('end' in flow) return flow
      if (flow.state !== 'granted') return await stateEnd(tx, deps, flow)
      return (await grantViewOf(tx, deps, flow)) ?? disabledEnd(flow)
    })
}

/** The flow, when this browser may go on with it. */
export async function ownFlow(
  tx: Tx,
  deps: PathDeps,
  { flowUid, cookie }: { flowUid: Uid; cookie: string | null },
): Promise<FlowRow | EndOfFlow> {
  const flow = await findFlow(tx, flowUid)
  // Whose flow it is, a stranger does not learn: an unknown one and another browser's answer alike.
  const isOwn = flow && cookie !== null && isKey(cookie) && flow.browserHash.equals(hashKey(cookie))
  if (!flow || !isOwn) return { end: 'other_browser', retry: null, redirect: null }
  return flow
}

const ENDS: Record<string, DeadEnd> = {
  sent: 'flow_expired',
  exchanging: 'already_used',
  confirmed: 'already_used',
  declined: 'declined_at_utility',
  failed: 'utility_error',
  expired: 'flow_expired',
  withdrawn: 'declined_at_form',
  abandoned: 'grant_abandoned',
}

/** The page of a flow that is not on its final step. */
export async function stateEnd(tx: Tx, deps: PathDeps, flow: FlowRow): Promise<EndOfFlow> {
  const end = flow.error === 'nothing_shared' ? 'nothing_shared' : (ENDS[flow.state] ?? 'utility_error')
  return { end, retry: await retryOf(tx, flow, deps.config.publicUrl), redirect: refusalOf(flow, end) }
}

/** The end of a flow whose template or form was disabled before the final step. */
export function disabledEnd(flow: FlowRow): EndOfFlow {
  return { end: 'form_disabled', retry: null, redirect: refusalOf(flow, 'form_disabled') }
}

/** The view from the flow's row: what was fixed at the start counts, not what a template says since. null: disabled. */
export async function grantViewOf(tx: Tx, deps: PathDeps, flow: FlowRow): Promise<GrantView | null> {
  const template = await findTemplate(tx, flow.templateUid)
  const company = await findCompany(tx, flow.companyUid)
  const member = await findMember(tx, flow.memberUid)
  const form = flow.formUid === null ? null : await findForm(tx, flow.formUid)
  if (!template || template.disabled || form?.disabled || !company || !member) return null
  const utility = utilityOf(flow.utility)
  const { consent, redirectUri, clientState } = flow
  const offers = [{ utility, registrationUid: flow.registrationUid }]
  const loaded = { template, company, member, form, renewed: null, utility, offers, redirectUri }
  const address = {
    alias: template.alias,
    utilitySlug: utility.slug,
    key: form?.key ?? null,
    email: flow.customerEmail,
    redirectUri,
    state: clientState,
    noRedirect: redirectUri === null,
    language: languageOf(flow),
  }
  const { purpose, dataClasses, historyMonths, historyStart, maxEnd, textVersion, granted } = consent
  const view = viewOf(loaded, address, { now: flow.created, config: deps.config })
  const shared = granted?.dataClasses ?? []
  const utilityEnds = granted?.utilityEnds ?? null
  const shown = {
    form: {
      ...view,
      purpose,
      dataClasses,
      historyMonths,
      historyStart,
      maxEnd,
      consentVersion: textVersion,
      renews: (await renewedBy(tx, flow)) !== null,
    },
    customerName: flow.customerName,
    customerEmail: flow.customerEmail,
    utilityName: utility.name,
    dataClasses: shared,
    withheld: dataClasses.filter((name) => !shared.includes(name)),
    usagePoints: granted?.usagePoints?.length ?? null,
    historyStart: [historyStart, granted?.publishedStart ?? historyStart].sort()[1] ?? historyStart,
    ends: consent.ends,
    utilityEnds: utilityEnds !== null && utilityEnds < consent.ends ? utilityEnds : null,
  }
  return { ...shown, consentText: finalConsentText(shown, languageOf(flow)).text }
}

/** The running authorization that confirming a flow renews; one that has ended meanwhile is not renewed. */
export async function renewedBy(tx: Tx, { renews }: FlowRow): Promise<AuthorizationRow | null> {
  const target = renews === null ? null : await findAuthorization(tx, renews)
  return target && isStep(target.state, 'active') ? target : null
}

/** The language in which the customer filled the form; its texts are what was agreed to. */
export function languageOf(row: { language: string }): Language {
  return row.language === 'es' ? 'es' : 'en'
}
