import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { bindFlow, findFlowOfGrant, type FlowRow, moveFlow } from '../storage/flows.ts'
import { findLink } from '../storage/links.ts'
import type { CustomerPath, DeadEnd } from './customer-path.ts'
import { dropGrant } from './end-authorization.ts'
import { ownFlow, stateEnd } from './final-step.ts'
import { refusalOf } from './flow-way-on.ts'
import { hashKey, isKey, newKey } from './keys.ts'
import type { PathDeps } from './path-deps.ts'

/** Declining at the last step: tokens destroyed, the utility told soon after, the company informed. */
export function withdrawStep(deps: PathDeps): CustomerPath['withdraw'] {
  return async (flowUid, cookie) =>
    await deps.db.operator(async (tx) => {
      const flow = await ownFlow(tx, deps, { flowUid, cookie })
      if ('end' in flow) return { redirect: null, end: flow.end }
      const isOpen = await close(tx, flow, deps.now())
      if (!isOpen) return await stateEnd(tx, deps, flow)
      return { redirect: refusalOf(flow, 'declined_at_form'), end: 'declined_at_form' }
    })
}

async function close(tx: Tx, { flowUid, authorizationUid, renews }: FlowRow, now: Date): Promise<boolean> {
  const moved = await moveFlow(tx, { flowUid, from: 'granted', to: 'withdrawn', error: null, now })
  if (!moved || authorizationUid === null) return false
  // A renewal that is declined is no declined authorization: the running one stays, and only the new grant goes.
  const to = renews === null ? 'declined' : 'abandoned'
  await dropGrant(tx, authorizationUid, { to, by: 'customer', reason: 'declined_at_final_step', now })
  return true
}

/** The reminder's link: this browser takes over the flow. Not used up by being opened. */
export function resumeStep(deps: PathDeps): CustomerPath['resume'] {
  return async (key) =>
    await deps.db.operator(async (tx): Promise<{ flowUid: Uid; cookie: string } | { end: DeadEnd }> => {
      const now = deps.now()
      const link = isKey(key) ? await findLink(tx, { keyHash: hashKey(key), purpose: 'confirm', now }) : null
      const flow = link && (await findFlowOfGrant(tx, link.authorizationUid))
      if (!flow) return { end: 'unknown_link' }
      if (flow.state !== 'granted') return { end: (await stateEnd(tx, deps, flow)).end }
      const cookie = newKey(deps.random)
      await bindFlow(tx, { flowUid: flow.flowUid, browserHash: hashKey(cookie) })
      return { flowUid: flow.flowUid, cookie }
    })
}
