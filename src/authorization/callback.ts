import { appendAudit } from '../storage/audit.ts'
import type { Tx } from '../storage/db.ts'
import { consumeState, findFlowByState, type FlowRow, moveFlow } from '../storage/flows.ts'
import { findForm } from '../storage/forms.ts'
import { recordSuccess } from '../storage/breaker.ts'
import { contextOf } from '../storage/secrets.ts'
import { findTemplate } from '../storage/templates.ts'
import type { Connection } from '../utilities/connections.ts'
import { AuthorizationRevoked, ClientRejected, ForeignAddress, UtilityUnavailable } from '../utilities/errors.ts'
import { utilityBySlug } from '../utilities/index.ts'
import { BadRegistration } from '../utilities/registration.ts'
import { callbackUrl } from './addresses.ts'
import { countFailure } from './count-failure.ts'
import type { CustomerPath, DeadEnd } from './customer-path.ts'
import { declineFlow } from './decline.ts'
import { refusalOf, retryOf } from './flow-way-on.ts'
import { hashKey, isKey } from './keys.ts'
import { exchangeCode, type TokenGrant } from './oauth.ts'
import type { PathDeps } from './path-deps.ts'
import { type CallbackError, readCallback, stateOf } from './read-callback.ts'
import { learnGrant, storeGrant } from './store-grant.ts'

type Result = Awaited<ReturnType<CustomerPath['callback']>>
type Ended = Extract<Result, { end: DeadEnd }>

/**
 * Step 5: what the utility sent back. The state is used up by one statement before anything else; whoever gets the row
 * makes the flow's only token request. Utility, endpoint and client come from the flow's row, never from the answer.
 */
export function callbackStep(deps: PathDeps): CustomerPath['callback'] {
  return async (utilitySlug, query, cookie) => {
    const taken = await deps.db.operator((tx) => takeFlow(tx, deps, { utilitySlug, query, cookie }))
    if ('end' in taken) return taken
    const { flow } = taken
    const connection = await connect(deps, flow)
    if (!connection) return await fail(deps, flow, { error: 'bad_registration', end: 'operator_problem' })
    const answer = readCallback(connection.utility.oauth, query)
    if (answer.code === null) return await refuse(deps, flow, answer.error)
    const disabled = await deps.db.operator((tx) => isDisabled(tx, flow))
    if (disabled) return await fail(deps, flow, { error: 'form_disabled', end: 'form_disabled' })
    const grant = await exchange(deps, { flow, connection, code: answer.code })
    if ('end' in grant) return grant
    const stored = await deps.db.operator((tx) => storeGrant(tx, deps, { flow, grant, connection }))
    if (!stored) return await over(deps, flow, 'already_used')
    const end = await learnGrant(deps, { flow: stored, grant, connection })
    return end === null ? { flowUid: flow.flowUid } : await over(deps, flow, end)
  }
}

/** null: the registration cannot be used any more (a certificate that was taken away, an address that is not safe). */
async function connect(deps: PathDeps, flow: FlowRow): Promise<Connection | null> {
  try {
    return await deps.connections.of(flow.registrationUid)
  } catch (error) {
    if (error instanceof BadRegistration) return null
    throw error
  }
}

type Callback = { utilitySlug: string; query: [string, string][]; cookie: string | null }

async function takeFlow(
  tx: Tx,
  deps: PathDeps,
  { utilitySlug, query, cookie }: Callback,
): Promise<{ flow: FlowRow } | Ended> {
  const now = deps.now()
  const utility = utilityBySlug(utilitySlug)
  const state = stateOf(query)
  const stateHash = state !== null && isKey(state) ? hashKey(state) : null
  const browserHash = hashKey(cookie !== null && isKey(cookie) ? cookie : '')
  if (utility && stateHash) {
    const flow = await consumeState(tx, { stateHash, browserHash, utility: utility.id, now })
    if (flow) return { flow }
  }
  const known = stateHash && (await findFlowByState(tx, stateHash))
  const end = whyNot(known, { utility: utility?.id ?? null, browserHash, now })
  const details = { end, utility: utility?.id ?? null, ...(known ? { flowUid: known.flowUid } : {}) }
  await appendAudit(tx, {
    actor: 'customer',
    action: 'callback_refused',
    companyUid: known?.companyUid ?? null,
    now,
    details,
  })
  // A stranger learns nothing of the flow, not even its form.
  const mine = known && (end === 'already_used' || end === 'flow_expired') ? known : null
  if (!mine) return { end, retry: null, redirect: null }
  return { end, retry: await retryOf(tx, mine, deps.config.publicUrl), redirect: refusalOf(mine, end) }
}

function whyNot(
  flow: FlowRow | null,
  callback: { utility: string | null; browserHash: Buffer; now: Date },
): 'unknown_link' | 'other_browser' | 'flow_expired' | 'already_used' {
  if (!flow || flow.utility !== callback.utility) return 'unknown_link'
  if (!flow.browserHash.equals(callback.browserHash)) return 'other_browser'
  if (flow.state === 'sent' || flow.state === 'expired') return 'flow_expired'
  return 'already_used'
}

/** A template or form that was disabled while the customer was at the utility takes no grant. */
async function isDisabled(tx: Tx, flow: FlowRow): Promise<boolean> {
  const template = await findTemplate(tx, flow.templateUid)
  const form = flow.formUid === null ? null : await findForm(tx, flow.formUid)
  return !template || template.disabled || (form?.disabled ?? false)
}

const ENDS: Record<CallbackError, DeadEnd> = {
  declined: 'declined_at_utility',
  unavailable: 'utility_down',
  refused: 'utility_error',
  mix_up: 'utility_error',
  malformed: 'utility_error',
}

async function refuse(deps: PathDeps, flow: FlowRow, error: CallbackError): Promise<Ended> {
  if (error !== 'declined') return await fail(deps, flow, { error, end: ENDS[error] })
  return await deps.db.operator(async (tx) => {
    const now = deps.now()
    const moved = await moveFlow(tx, { flowUid: flow.flowUid, from: 'exchanging', to: 'declined', error: null, now })
    if (moved) await declineFlow(tx, flow, { now, monitoring: 'off' })
    const retry = await retryOf(tx, flow, deps.config.publicUrl)
    return { end: 'declined_at_utility', retry, redirect: refusalOf(flow, 'declined_at_utility') }
  })
}

/** The flow ends here; the customer can start anew from its form. */
async function fail(deps: PathDeps, flow: FlowRow, { error, end }: { error: string; end: DeadEnd }): Promise<Ended> {
  return await deps.db.operator(async (tx) => {
    const now = deps.now()
    await moveFlow(tx, { flowUid: flow.flowUid, from: 'exchanging', to: 'failed', error, now })
    const { companyUid, flowUid, registrationUid } = flow
    const action = end === 'operator_problem' || error === 'foreign_address' ? 'operator_alarm' : 'flow_failed'
    const details = { flowUid, registrationUid, error }
    await appendAudit(tx, { actor: 'system', action, companyUid, now, details })
    if (error === 'foreign_address') {
      await appendAudit(tx, { actor: 'utility', action: 'foreign_address', companyUid, now, details })
    }
    return { end, retry: await retryOf(tx, flow, deps.config.publicUrl), redirect: refusalOf(flow, end) }
  })
}

async function over(deps: PathDeps, flow: FlowRow, end: DeadEnd): Promise<Ended> {
  const retry = await deps.db.operator((tx) => retryOf(tx, flow, deps.config.publicUrl))
  return { end, retry, redirect: refusalOf(flow, end) }
}

async function exchange(
  deps: PathDeps,
  { flow, connection, code }: { flow: FlowRow; connection: Connection; code: string },
): Promise<TokenGrant | Ended> {
  const { envelope, config, now } = deps
  const context = contextOf('flows', 'code_verifier', flow.flowUid, flow.companyUid)
  const codeVerifier = flow.codeVerifier === null ? null : envelope.open(flow.codeVerifier, context).toString('utf8')
  const redirectUri = callbackUrl(config.publicUrl, connection.utility.slug)
  try {
    const grant = await exchangeCode(connection, { code, redirectUri, codeVerifier, now: now() })
    await deps.db.operator((tx) => recordSuccess(tx, flow.registrationUid))
    return grant
  } catch (error) {
    await countFailure(deps, flow.registrationUid, error)
    return await fail(deps, flow, failureOf(error))
  }
}

function failureOf(error: unknown): { error: string; end: DeadEnd } {
  if (error instanceof AuthorizationRevoked) return { error: error.code, end: 'code_refused' }
  if (error instanceof ClientRejected) return { error: error.code, end: 'operator_problem' }
  if (error instanceof ForeignAddress) return { error: error.code, end: 'utility_error' }
  if (error instanceof UtilityUnavailable) {
    return { error: error.outcomeUnknown ? 'outcome_unknown' : error.code, end: 'utility_down' }
  }
  throw error
}
