import type { Uid } from '../model/uid.ts'
import type { SlotClaim } from '../storage/limits.ts'
import type { Quota, Slot } from '../storage/take-slot.ts'
import { urgencyOf } from '../storage/windows.ts'
import { waitForSlot } from '../utilities/connections.ts'

export type AdmitDeps = {
  claim: (registrationUid: Uid, claim: SlotClaim) => Promise<Slot>
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
  const claimAt = async (at: Date): Promise<Slot> => {
    const slot = await claim(registrationUid, { quota, urgency: urgencyOf(window), now: at })
    if (slot.granted && slot.afterFailures) afterFailures = true
    return slot
  }
  await waitForSlot(claimAt, { quota, now, wait })
  return afterFailures
}
