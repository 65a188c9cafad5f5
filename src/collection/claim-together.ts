import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { claimSlots, type SlotClaim } from '../storage/limits.ts'
import type { Slot } from '../storage/take-slot.ts'

type Waiting = { claim: SlotClaim; resolve: (slot: Slot) => void; reject: (error: unknown) => void }

/**
 * Claims slots of a registration for all lanes of this process that wait for one, in one transaction: claims of their own
 * would stand in each other's way at its row, and each would wait for the disk. The first does not wait for others.
 */
export function claimTogether(db: Db): (registrationUid: Uid, claim: SlotClaim) => Promise<Slot> {
  const queues = new Map<Uid, Waiting[]>()

  async function drain(registrationUid: Uid, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const taken = queue.splice(0)
      const claims = taken.map(({ claim }) => claim)
      try {
        const slots = await db.operator((tx) => claimSlots(tx, registrationUid, claims))
        for (const [at, { claim, resolve }] of taken.entries())
          resolve(slots[at] ?? { granted: false, retryAt: claim.now, reason: 'second' })
      } catch (error) {
        for (const { reject } of taken) reject(error)
      }
    }
    queues.delete(registrationUid)
  }

  return (registrationUid, claim) =>
    new Promise((resolve, reject) => {
      const waiting = { claim, resolve, reject }
      const queue = queues.get(registrationUid)
      if (queue) {
        queue.push(waiting)
        return
      }
      const first = [waiting]
      queues.set(registrationUid, first)
      void drain(registrationUid, first)
    })
}
