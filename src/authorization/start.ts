import { appendAudit } from '../storage/audit.ts'
import { insertFlow, nextFlowUid } from '../storage/flows.ts'
import { contextOf } from '../storage/secrets.ts'
import type { Connection } from '../utilities/connections.ts'
import { BadRegistration } from '../utilities/registration.ts'
import { callbackUrl } from './addresses.ts'
import type { CustomerPath, FormAddress, FormView } from './customer-path.ts'
import { viewOf } from './form.ts'
import { type CheckedInput, checkInput } from './form-input.ts'
import { hashKey, isKey, newKey } from './keys.ts'
import { isPast, loadForm, type LoadedForm } from './load-form.ts'
import { endOf } from './local-dates.ts'
import { authorizeUrl, scopeToAsk } from './oauth.ts'
import type { PathDeps } from './path-deps.ts'

/** How long a customer may take at the utility. */
export const FLOW_MINUTES = 60

/**
 * Step 2: checks the input, stores the flow (state and browser only as hashes) and returns the utility's address. Two
 * tabs of one browser share its cookie and each have a flow of their own.
 */
export function startStep(deps: PathDeps): CustomerPath['start'] {
  return async (address, input, cookie) => {
    const now = deps.now()
    const loaded = await deps.db.operator((tx) => loadForm(tx, address))
    if ('end' in loaded) return loaded
    if (isPast(loaded.form, now)) return { end: 'form_expired' }
    const view = viewOf(loaded, address, { now, config: deps.config })
    if (input.consentVersion !== view.consentVersion) return { end: 'text_changed' }
    const checked = checkInput(input, { loaded, view, now })
    if ('errors' in checked) return checked
    const connection = await connect(deps, checked)
    if (!connection) return { end: 'operator_problem' }
    const browser = cookie !== null && isKey(cookie) ? cookie : newKey(deps.random)
    const redirect = await storeFlow(deps, { address, loaded, view, checked, connection, browser, now })
    return { redirect, cookie: browser }
  }
}

async function connect(deps: PathDeps, { offer }: CheckedInput): Promise<Connection | null> {
  try {
    return await deps.connections.of(offer.registrationUid)
  } catch (error) {
    if (!(error instanceof BadRegistration)) throw error
    const details = { registrationUid: offer.registrationUid, code: error.code }
    await deps.db.operator((tx) =>
      appendAudit(tx, { actor: 'system', action: 'operator_alarm', now: deps.now(), details }),
    )
    return null
  }
}

type NewFlow = {
  address: FormAddress
  loaded: LoadedForm
  view: FormView
  checked: CheckedInput
  connection: Connection
  browser: string
  now: Date
}

async function storeFlow(deps: PathDeps, flow: NewFlow): Promise<string> {
  const { address, loaded, view, checked, connection, browser, now } = flow
  const { utility } = connection
  const state = newKey(deps.random)
  const codeVerifier = utility.oauth.pkce ? newKey(deps.random) : null
  const ends = endOf(checked.endDate, utility.timezone)
  const { dataClasses, historyMonths, historyStart, maxEnd, purpose, consentVersion } = view
  const asked = { dataClasses, historyMonths, ends, now }
  await deps.db.operator(async (tx) => {
    const flowUid = await nextFlowUid(tx)
    const { companyUid } = loaded.company
    const context = contextOf('flows', 'code_verifier', flowUid, companyUid)
    await insertFlow(tx, {
      flowUid,
      companyUid,
      templateUid: loaded.template.templateUid,
      formUid: loaded.form?.formUid ?? null,
      memberUid: loaded.member.memberUid,
      registrationUid: checked.offer.registrationUid,
      utility: utility.id,
      stateHash: hashKey(state),
      browserHash: hashKey(browser),
      codeVerifier: codeVerifier === null ? null : deps.envelope.seal(Buffer.from(codeVerifier), context),
      consent: {
        textVersion: consentVersion,
        purpose,
        dataClasses,
        historyMonths,
        historyStart,
        ends: checked.endDate,
        maxEnd,
        scopeAsked: scopeToAsk(connection, asked),
      },
      customerName: checked.name,
      customerEmail: checked.email,
      language: address.language,
      redirectUri: loaded.redirectUri,
      clientState: address.state,
      renews: loaded.renewed?.authorizationUid ?? null,
      created: now,
      expires: new Date(now.getTime() + FLOW_MINUTES * 60_000),
    })
  })
  const redirectUri = callbackUrl(deps.config.publicUrl, utility.slug)
  return authorizeUrl(connection, { ...asked, redirectUri, state, codeVerifier })
}
