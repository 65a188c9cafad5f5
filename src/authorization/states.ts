import type { AuthorizationState } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit, type Actor } from '../storage/audit.ts'
import {
  type AuthorizationRow,
  getAuthorization,
  insertAuthorization,
  moveAuthorization,
  type NewAuthorization,
} from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { endClientConsents } from '../storage/client-consents.ts'
import { oweNotices } from '../storage/client-notices.ts'
import { appendEvent } from '../storage/events.ts'
import { findFormLabels, labelAuthorization } from '../storage/labels.ts'

/** One allowed step of an authorization: what it tells the company, and what the audit calls it. */
export type Step = {
  from: AuthorizationState | null
  to: AuthorizationState
  /** An event type that clients of the incumbent know; null: the company never knew of the authorization. */
  event: string | null
  audit: string
  /** The authorization has left active for good. */
  ends: boolean
}

/** Every step there is (design section 2). `null` is before the first row. What is not here does not happen. */
export const STEPS: readonly Step[] = [
  { from: null, to: 'pending', event: null, audit: 'grant_stored', ends: false },
  { from: null, to: 'declined', event: 'authorization_declined', audit: 'authorization_declined', ends: true },
  { from: 'pending', to: 'active', event: 'authorization_created', audit: 'authorization_created', ends: false },
  { from: 'pending', to: 'declined', event: 'authorization_declined', audit: 'authorization_declined', ends: true },
  { from: 'pending', to: 'abandoned', event: null, audit: 'authorization_abandoned', ends: true },
  { from: 'active', to: 'active', event: 'authorization_renewed', audit: 'authorization_renewed', ends: false },
  { from: 'active', to: 'expired', event: 'authorization_expired', audit: 'authorization_expired', ends: true },
  { from: 'active', to: 'revoked', event: 'authorization_revoked', audit: 'authorization_revoked', ends: true },
  {
    from: 'active',
    to: 'needs_reauthorization',
    event: 'authorization_update_finished_errored',
    audit: 'authorization_refused_by_utility',
    ends: false,
  },
  {
    from: 'needs_reauthorization',
    to: 'active',
    event: 'authorization_renewed',
    audit: 'authorization_renewed',
    ends: false,
  },
  {
    from: 'needs_reauthorization',
    to: 'expired',
    event: 'authorization_expired',
    audit: 'authorization_expired',
    ends: true,
  },
  {
    from: 'needs_reauthorization',
    to: 'revoked',
    event: 'authorization_revoked',
    audit: 'authorization_revoked',
    ends: true,
  },
  // Nothing is fetched any more, but what was shared is still held: its customer can have it deleted.
  { from: 'expired', to: 'revoked', event: 'authorization_revoked', audit: 'authorization_revoked', ends: true },
]

/** A step that the table does not have: a fault of ours, or another process was faster. */
export class StepRefused extends Error {
  readonly code = 'step_refused'
  readonly from: AuthorizationState

  constructor(from: AuthorizationState, to: AuthorizationState) {
    super(`an authorization does not go from ${from} to ${to}`)
    this.from = from
  }
}

export type Why = {
  by: Actor
  /** A short code for events, notes and the audit; no personal data. */
  reason: string
  now: Date
}

const TRIES = 3

/**
 * Takes an authorization one step: compare-and-swap, event and audit row in the caller's transaction. Returns the row as
 * it is afterwards. Throws StepRefused when the table has no such step from the state it is in.
 */
export async function transition(
  tx: Tx,
  authorizationUid: Uid,
  to: AuthorizationState,
  why: Why,
): Promise<AuthorizationRow> {
  for (let attempt = 1; ; attempt++) {
    const { state } = await getAuthorization(tx, authorizationUid)
    const step = stepOf(state, to)
    if (!step || attempt > TRIES) throw new StepRefused(state, to)
    const moved = await moveAuthorization(tx, {
      authorizationUid,
      from: state,
      to,
      ends: step.ends,
      revokedBy: to === 'revoked' ? why.by : null,
      statusMessage: to === 'needs_reauthorization' ? (MESSAGES[why.reason] ?? MESSAGES['other'] ?? '') : null,
      now: why.now,
    })
    if (!moved) continue
    await tell(tx, moved, step, why)
    return moved
  }
}

/** The first row of an authorization, `pending` or `declined`, with its event and audit row. */
export async function begin(tx: Tx, authorization: NewAuthorization, why: Why): Promise<AuthorizationRow> {
  const step = stepOf(null, authorization.state)
  if (!step) throw new RangeError(`an authorization does not begin as ${authorization.state}`)
  const row = await insertAuthorization(tx, authorization)
  const labels = row.formUid === null ? null : await findFormLabels(tx, row.formUid)
  if (labels) await labelAuthorization(tx, row.authorizationUid, labels, why.now)
  await tell(tx, row, step, why)
  return row
}

/** True when the table has this step. */
export function isStep(from: AuthorizationState | null, to: AuthorizationState): boolean {
  return stepOf(from, to) !== undefined
}

/** What a company reads in `status_message`, by reason. */
const MESSAGES: Record<string, string> = {
  invalid_grant: 'The utility no longer accepts this authorization. Ask the customer to authorize again.',
  replaced_at_utility: 'The customer is renewing this authorization at the utility.',
  other: 'The utility refused access. Ask the customer to authorize again.',
}

function stepOf(from: AuthorizationState | null, to: AuthorizationState): Step | undefined {
  return STEPS.find((step) => step.from === from && step.to === to)
}

async function tell(tx: Tx, row: AuthorizationRow, step: Step, { by, reason, now }: Why): Promise<void> {
  const { authorizationUid, companyUid } = row
  // What third parties were let have ends with it; a renewal may have changed it.
  if (step.ends) await endClientConsents(tx, { authorizationUid, by: 'system', now })
  else if (step.event === 'authorization_renewed') await oweNotices(tx, authorizationUid, ['authorization'], now)
  if (step.event !== null) await appendEvent(tx, { type: step.event, authorizationUid, now, details: { reason } })
  await appendAudit(tx, { actor: by, action: step.audit, companyUid, authorizationUid, now, details: { reason } })
}
