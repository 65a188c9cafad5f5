import type { Uid } from '../model/uid.ts'
import { findAuthorization, shortenAuthorization } from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { findFlowOfGrant, isCustomerOnTheWay, moveFlow } from '../storage/flows.ts'
import { utilityOf } from '../utilities/index.ts'
import type { GrantStatus } from './check-grant.ts'
import { dropGrant, endAuthorization } from './end-authorization.ts'
import type { PathConfig } from './path-deps.ts'
import { isStep, transition } from './states.ts'

/** Why an authorization waits for its renewal: the utility has replaced its grant. */
export const REPLACED = 'replaced_at_utility'

/** From the word of the utility to the callback it is seconds; so long anybody on the way may be this customer. */
export const ANYBODY_MS = 120_000

/**
 * The utility says that a grant is over. Revoked, with all that follows; except while the same customer is on the way
 * with the same company: some utilities cancel the old grant the moment a new one is given (utilities.md A4), and then
 * the authorization waits for its renewal and loses nothing (settleReplaced asks again when none comes). Returns true
 * when something changed.
 */
export async function utilityEnded(
  tx: Tx,
  config: PathConfig,
  { authorizationUid, now }: { authorizationUid: Uid; now: Date },
): Promise<boolean> {
  const row = await findAuthorization(tx, authorizationUid)
  if (!row) return false
  const why = { by: 'utility', reason: 'ended_at_utility', now } as const
  if (row.state === 'pending') {
    const flow = await findFlowOfGrant(tx, authorizationUid)
    if (flow)
      await moveFlow(tx, { flowUid: flow.flowUid, from: 'granted', to: 'failed', error: 'ended_at_utility', now })
    await dropGrant(tx, authorizationUid, why)
    return true
  }
  const { companyUid, utility, customerEmail } = row
  const mayBeReplaced = utilityOf(utility).ending.replacedByNext
  const anybodyUntil = new Date(now.getTime() + ANYBODY_MS)
  const customer = { authorizationUid, companyUid, utility, customerEmail, anybodyUntil, now }
  if (mayBeReplaced && (await isCustomerOnTheWay(tx, customer))) {
    if (!isStep(row.state, 'needs_reauthorization')) return false
    await transition(tx, authorizationUid, 'needs_reauthorization', { ...why, reason: REPLACED })
    return true
  }
  return (await endAuthorization(tx, config, { authorizationUid, to: 'revoked', why })) !== null
}

/** What a fresh status means for an authorization: ended, ending sooner, or as before. */
export async function applyStatus(
  tx: Tx,
  config: PathConfig,
  { authorizationUid, status, now }: { authorizationUid: Uid; status: GrantStatus; now: Date },
): Promise<boolean> {
  if (status.isActive === false) return await utilityEnded(tx, config, { authorizationUid, now })
  const row = await findAuthorization(tx, authorizationUid)
  if (!row || status.ends === null || status.ends >= row.expires) return false
  return await shortenAuthorization(tx, { authorizationUid, expires: status.ends, now })
}
