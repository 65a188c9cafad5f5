import { appendAudit } from '../storage/audit.ts'
import { listDueToExpire, listRefused } from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { type FlowRow, isCustomerOnTheWay, listFlowsIn, moveFlow } from '../storage/flows.ts'
import { insertLink } from '../storage/links.ts'
import { findTemplate } from '../storage/templates.ts'
import { utilityOf } from '../utilities/index.ts'
import { resumeUrl } from './addresses.ts'
import { dropGrant, endAuthorization } from './end-authorization.ts'
import { hashKey, newKey } from './keys.ts'
import { queueCustomerMail } from './mail.ts'
import type { PathDeps } from './path-deps.ts'
import { ANYBODY_MS, REPLACED } from './utility-ended.ts'

export type SweepDeps = Pick<PathDeps, 'db' | 'now' | 'random' | 'config'>

const HOUR_MS = 3_600_000
/** A grant that is not confirmed is given back after a day; its customer is reminded four hours before. */
const ABANDON_MS = 24 * HOUR_MS
const REMIND_MS = 20 * HOUR_MS
/** A code is exchanged within seconds; whoever is still at it has died, and the outcome is unknown. */
const EXCHANGE_MS = HOUR_MS / 6
const BATCH = 100

/** Gives back grants that were never confirmed: tokens destroyed, the utility owed a word. Returns how many. */
export async function abandonOldGrants(deps: SweepDeps): Promise<number> {
  return await sweepFlows(deps, { state: 'granted', age: ABANDON_MS }, async (tx, flow, now) => {
    const moved = await moveFlow(tx, { flowUid: flow.flowUid, from: 'granted', to: 'abandoned', error: null, now })
    if (!moved || flow.authorizationUid === null) return false
    await dropGrant(tx, flow.authorizationUid, { by: 'system', reason: 'never_confirmed', now })
    return true
  })
}

/** Reminds customers who have not taken the final step, once, with a link that leads back to it in any browser. */
export async function remindUnconfirmed(deps: SweepDeps): Promise<number> {
  return await sweepFlows(deps, { state: 'granted', age: REMIND_MS }, async (tx, flow, now) => {
    const { authorizationUid, companyUid } = flow
    if (authorizationUid === null) return false
    const template = await findTemplate(tx, flow.templateUid)
    const key = newKey(deps.random)
    const expires = new Date(flow.updated.getTime() + ABANDON_MS)
    const isQueued = await queueCustomerMail(tx, {
      kind: 'confirm_reminder',
      once: `confirm_reminder:${flow.flowUid}`,
      authorizationUid,
      recipient: flow.customerEmail,
      language: flow.language,
      facts: {
        companyName: template?.companyName ?? '',
        utilityName: utilityOf(flow.utility).name,
        operatorName: deps.config.operatorName,
        operatorEmail: deps.config.operatorEmail,
        customerName: flow.customerName,
        link: resumeUrl(deps.config.publicUrl, key),
        ends: flow.consent.ends,
      },
      now,
    })
    const link = { companyUid, authorizationUid, purpose: 'confirm', created: now, expires } as const
    if (isQueued) await insertLink(tx, { keyHash: hashKey(key), ...link })
    return isQueued
  })
}

/** Closes flows that nobody will finish: customers who never came back, and exchanges whose process died. */
export async function closeStaleFlows(deps: SweepDeps): Promise<number> {
  const unfinished = await sweepFlows(deps, { state: 'exchanging', age: EXCHANGE_MS }, async (tx, flow, now) => {
    const error = 'outcome_unknown'
    const moved = await moveFlow(tx, { flowUid: flow.flowUid, from: 'exchanging', to: 'failed', error, now })
    const details = { flowUid: flow.flowUid, error }
    if (moved)
      await appendAudit(tx, { actor: 'system', action: 'flow_failed', companyUid: flow.companyUid, now, details })
    return moved !== null
  })
  const left = await sweepFlows(deps, { state: 'sent', age: HOUR_MS }, async (tx, flow, now) => {
    const moved = await moveFlow(tx, { flowUid: flow.flowUid, from: 'sent', to: 'expired', error: null, now })
    return moved !== null
  })
  return unfinished + left
}

/** Ends authorizations whose time is over. What was collected stays readable; the utility is told. */
export async function expireAuthorizations(deps: SweepDeps): Promise<number> {
  const now = deps.now()
  const due = await deps.db.operator((tx) => listDueToExpire(tx, now, BATCH))
  let ended = 0
  for (const { authorizationUid } of due) {
    const why = { by: 'system', reason: 'end_date', now } as const
    const row = await deps.db.operator((tx) =>
      endAuthorization(tx, deps.config, { authorizationUid, to: 'expired', why }),
    )
    if (row) ended++
  }
  return ended
}

/** Asks again about grants that looked replaced by a renewal, once nobody is renewing any more. Returns how many ended. */
export async function settleReplaced(deps: Pick<PathDeps, 'db' | 'now' | 'tokens'>): Promise<number> {
  const now = deps.now()
  const waiting = await deps.db.operator((tx) => listRefused(tx, { reason: REPLACED, limit: BATCH }))
  let ended = 0
  for (const { authorizationUid, companyUid, utility, customerEmail, statusTs } of waiting) {
    const anybodyUntil = new Date(statusTs.getTime() + ANYBODY_MS)
    const customer = { authorizationUid, companyUid, utility, customerEmail, anybodyUntil, now }
    if (await deps.db.operator((tx) => isCustomerOnTheWay(tx, customer))) continue
    // A utility that is down is asked in the next round.
    if (await deps.tokens.checkAtUtility(authorizationUid).catch(() => false)) ended++
  }
  return ended
}

async function sweepFlows(
  deps: SweepDeps,
  { state, age }: { state: string; age: number },
  work: (tx: Tx, flow: FlowRow, now: Date) => Promise<boolean>,
): Promise<number> {
  const now = deps.now()
  const before = new Date(now.getTime() - age)
  const flows = await deps.db.operator((tx) => listFlowsIn(tx, { state, before, limit: BATCH }))
  let changed = 0
  for (const flow of flows) if (await deps.db.operator((tx) => work(tx, flow, now))) changed++
  return changed
}
