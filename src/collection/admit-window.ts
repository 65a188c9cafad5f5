import type { Uid } from '../model/uid.ts'
import type { Quota, Slot } from '../storage/take-slot.ts'
import { urgencyOf } from '../storage/windows.ts'
import { waitForSlot } from '../utilities/connections.ts'
import type { Claim } from './claim-together.ts'

export type AdmitDeps = {
  claim: Claim
  now: () => Date
  /** Waits for the moment of a slot, some seconds at most. */
  wait: (ms: number) => Promise<unknown>
}

/**
 * Waits for the right to send one request of a window of that priority. Returns true when the utility had failed before it.
 * Throws UtilityUnavailable `quota_used_up`.
 */
export async function admitWindow(
  { claim, now, wait }: AdmitDeps,
  { quota, registrationUid }: { quota: Quota; registrationUid: Uid },
  window: { priority: number },
): Promise<boolean> {
  let afterFailures = false
  const claimNow = async (): Promise<Slot> => {
    const slot = await claim(registrationUid, { quota, urgency: urgencyOf(window) })
    if (slot.granted && slot.afterFailures) afterFailures = true
    return slot
  }
  await waitForSlot(claimNow, { quota, now, wait })
  return afterFailures
}
