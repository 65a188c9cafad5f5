import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { claimSlots, type SlotClaim } from '../storage/limits.ts'
import type { Slot } from '../storage/take-slot.ts'

/** The moment of a claim is that of its transaction: one that waited for the database for minutes would set the second back. */
export type Claim = (registrationUid: Uid, claim: Omit<SlotClaim, 'now'>) => Promise<Slot>

type Waiting = { claim: Omit<SlotClaim, 'now'>; resolve: (slot: Slot) => void; reject: (error: unknown) => void }

/**
 * Claims slots of a registration for all lanes of this process that wait for one, in one transaction: claims of their own
 * would stand in each other's way at its row, and each would wait for the disk. The first does not wait for others.
 */
export function claimTogether(db: Db, now: () => Date): Claim {
  const queues = new Map<Uid, Waiting[]>()

  async function drain(registrationUid: Uid, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const taken = queue.splice(0)
      try {
        const slots = await db.operator((tx) => {
          const at = now()
          return claimSlots(
            tx,
            registrationUid,
            taken.map(({ claim }) => ({ ...claim, now: at })),
          )
        })
        for (const [at, { resolve }] of taken.entries())
          resolve(slots[at] ?? { granted: false, retryAt: now(), reason: 'second' })
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
