import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { readWithSecond, swapLimit, TRIES } from './limit-rows.ts'
import { AHEAD_MS, type LimitState, type Quota, SKEW_LIMIT_MS, type Slot, takeSlot, type Urgency } from './take-slot.ts'

/**
 * Claims the right to send one request under a registration, shared by all processes and companies: one a slot of the
 * second, never more than the quota in any sixty minutes, never more in the utility's day; less for what is less urgent.
 * While the breaker is open nothing goes out; then one trial does. The row is replaced by compare-and-swap, so no two
 * claims count as one.
 */
export async function claimSlot(tx: Tx, registrationUid: Uid, claim: SlotClaim): Promise<Slot> {
  const [slot] = await claimSlots(tx, registrationUid, [claim])
  return slot ?? later(claim.now)
}

export type SlotClaim = { quota: Quota; urgency: Urgency; now: Date }

/** claimSlot for several requests under one registration, in order: as many statements as for one. */
export async function claimSlots(tx: Tx, registrationUid: Uid, claims: readonly SlotClaim[]): Promise<Slot[]> {
  const secondOf = await findSecondOf(tx, registrationUid, claims)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const row = await readWithSecond(tx, registrationUid, secondOf, claims[0]?.now ?? new Date(0))
    if (!row) continue
    let state: LimitState = row
    let isNews = false
    const slots = claims.map(({ quota, urgency, now }) => {
      const { slot, next } = takeSlot(state, quota, { urgency, now, aheadMs: AHEAD_MS })
      isNews ||= slot.granted || next.freshFrom !== state.freshFrom || next.historyFrom !== state.historyFrom
      state = next
      return slot
    })
    if (!isNews || (await swapLimit(tx, row, state))) return slots
  }
  return claims.map(({ now }) => later(now))
}

/** The registration whose row keeps the second: its own, or one for all of a vendor at that utility, in that environment. */
async function findSecondOf(
  tx: Tx,
  registrationUid: Uid,
  claims: readonly { quota: Pick<Quota, 'perSecondScope'> }[],
): Promise<Uid> {
  if (!claims.some(({ quota }) => quota.perSecondScope === 'vendor')) return registrationUid
  const { rows } = await sql<{ uid: Uid | null }>`
    select min(o.registration_uid) as uid
      from registrations r join registrations o on o.utility = r.utility and o.environment = r.environment
     where r.registration_uid = ${registrationUid}`.execute(tx)
  return rows[0]?.uid ?? registrationUid
}

const later = (now: Date): Slot => ({ granted: false, retryAt: new Date(now.getTime() + 1000), reason: 'second' })

/**
 * Reserves the next free slot, now or in a moment, for a request that a customer waits for. The hour and the day count as
 * ever; an open breaker does not hold it up and stays as it is.
 */
export async function reserveSlot(tx: Tx, registrationUid: Uid, quota: Quota, now: Date): Promise<Slot> {
  const secondOf = await findSecondOf(tx, registrationUid, [{ quota }])
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const row = await readWithSecond(tx, registrationUid, secondOf, now)
    if (!row) continue
    const open = { ...row, openUntil: null, trialUntil: null }
    const { slot, next } = takeSlot(open, quota, { urgency: 'present', now, aheadMs: SKEW_LIMIT_MS })
    if (!slot.granted) return slot
    if (await swapLimit(tx, row, { ...next, openUntil: row.openUntil, trialUntil: row.trialUntil })) return slot
  }
  return later(now)
}
