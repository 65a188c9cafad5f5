import type { Tx } from '../storage/db.ts'
import { findForm } from '../storage/forms.ts'
import type { FlowRow } from '../storage/flows.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { formUrl } from './addresses.ts'
import type { DeadEnd } from './customer-path.ts'
import { returnWith } from './return-address.ts'

/** The form of a flow again, to start anew: the way on after a dead end. null when there is no form any more. */
export async function retryOf(tx: Tx, flow: FlowRow, publicUrl: string): Promise<string | null> {
  const template = await findTemplate(tx, flow.templateUid)
  if (!template || template.disabled) return null
  const form = flow.formUid === null ? null : await findForm(tx, flow.formUid)
  const { language, clientState } = flow
  const url = new URL(
    formUrl(publicUrl, {
      alias: template.alias,
      utilitySlug: utilityOf(flow.utility).slug,
      key: form?.key ?? null,
      language,
    }),
  )
  if (flow.redirectUri === null && template.redirectUris.length > 0) url.searchParams.set('noredirect', '1')
  if (flow.redirectUri !== null) url.searchParams.set('redirect_uri', flow.redirectUri)
  if (clientState !== null) url.searchParams.set('state', clientState)
  return url.href
}

/**
 * What a company's program reads of an end: `error` of RFC 6749 section 4.1.2.1 and `error_description`, as the
 * incumbent's redirects have them. An end that is not here stays on our own pages: the link, the browser or the moment
 * is not this flow's, or the customer is to read something first.
 */
const REPORTED: Partial<Record<DeadEnd, readonly [error: string, description: string]>> = {
  declined_at_form: ['access_denied', 'The customer declined.'],
  declined_at_utility: ['access_denied', 'The customer declined at the utility.'],
  nothing_shared: ['access_denied', 'The customer shared nothing that was asked for.'],
  flow_expired: ['access_denied', 'The customer did not come back in time.'],
  grant_abandoned: ['access_denied', 'The customer did not take the final step in time.'],
  form_disabled: ['unauthorized_client', 'The form has been disabled.'],
  utility_down: ['temporarily_unavailable', 'The utility does not answer. Ask the customer to try again later.'],
  utility_error: ['server_error', 'The utility did not grant access.'],
  code_refused: ['server_error', 'The utility did not accept its own code. Ask the customer to try again.'],
  operator_problem: ['server_error', 'The operator has to mend the connection to the utility.'],
}

/** Back to the company with what ended the flow; null when the flow ends on our own pages. */
export function refusalOf(flow: Pick<FlowRow, 'redirectUri' | 'clientState'>, end: DeadEnd): string | null {
  const [error, description] = REPORTED[end] ?? []
  if (flow.redirectUri === null || error === undefined || description === undefined) return null
  return returnWith(flow.redirectUri, { error, error_description: description, state: flow.clientState })
}
