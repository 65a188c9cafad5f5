import type { Tx } from '../storage/db.ts'
import { findForm } from '../storage/forms.ts'
import type { FlowRow } from '../storage/flows.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { formUrl } from './addresses.ts'
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

/** Back to the company with an error of RFC 6749 section 4.1.2.1; null when the flow ends on our own pages. */
export function refusalOf(flow: Pick<FlowRow, 'redirectUri' | 'clientState'>, error = 'access_denied'): string | null {
  return flow.redirectUri === null ? null : returnWith(flow.redirectUri, { error, state: flow.clientState })
}
