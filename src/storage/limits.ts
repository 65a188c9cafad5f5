import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { type DayStart, dayAround } from './daily-reset.ts'
import type { Tx } from './db.ts'

/**
 * A utility's limits on one registration; null: none. perSecondScope: `vendor` where it counts the second over all of our
 * registrations in one environment.
 */
export type Quota = {
  perSecond: number | null
  perHour: number | null
  perDay: number | null
  dayStarts: DayStart
  perSecondScope?: 'registration' | 'vendor'
}

/**
 * Who waits for a request: a customer who is present, whoever wants the newest data, or nobody in particular. The shares
 * of the hour and the day that each kind may use up: some is always left for customers, and since history stays below
 * 60 % of a day, what an outage of three days leaves behind is had within the five days that a utility keeps it.
 */
export type Urgency = 'present' | 'fresh' | 'history'
const SHARES: Record<Urgency, number> = { present: 1, fresh: 0.8, history: 0.6 }

/**
 * A request may go out at `at`, now or in a moment, or the moment from which to ask again, and what stands in the way.
 * afterFailures: there were some, so that a success is to be recorded.
 */
export type Slot =
  | { granted: true; at: Date; afterFailures?: true }
  | { granted: false; retryAt: Date; reason: 'second' | 'hour' | 'day' | 'breaker' }

/** The row of a registration, as the console shows it. */
export type LimitState = {
  nextSlot: Date
  /** Requests by minute of the last hour: epoch minute -> count. */
  minutes: Record<string, number>
  hourUsed: number
  dayStarts: Date
  dayUsed: number
  failures: number
  openUntil: Date | null
  /** While one trial is out after the breaker was open, the others wait, though not for ever: its process may be gone. */
  trialUntil: Date | null
  /** New data, and history, wait until then: their share of the hour or the day is used up. */
  freshFrom: Date | null
  historyFrom: Date | null
}

const TRIES = 20
// What leaves a second apart may arrive less than a second apart.
const SPACING = 1.05
const HOUR_MINUTES = 60
// Clocks of our machines may differ; a slot further ahead was claimed by a clock that was wrong.
const SKEW_LIMIT_MS = 60_000

const BREAKER = { failures: 5, firstMs: 30_000, limitMs: 900_000, trialMs: 60_000 }

/** Collection takes a slot this far ahead and waits for it, so that no second goes by between two looks. */
const AHEAD_MS = 2000

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
    if (!isNews || (await swap(tx, row, state))) return slots
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
    if (await swap(tx, row, { ...next, openUntil: row.openUntil, trialUntil: row.trialUntil })) return slot
  }
  return later(now)
}

/** aheadMs: how long the claimant would wait for the next free second. */
type Claim = { urgency: Urgency; now: Date; aheadMs: number }

/** The rule alone: what a claim at `now` gets, and the state that it leaves. */
export function takeSlot(
  state: LimitState,
  quota: Quota,
  { urgency, now, aheadMs }: Claim,
): { slot: Slot; next: LimitState } {
  const behindMs = state.nextSlot.getTime() - now.getTime()
  const mustWait = quota.perSecond !== null && behindMs > 0 && behindMs < SKEW_LIMIT_MS
  const at = mustWait ? state.nextSlot : now
  const base = countUsed(state, quota, at)
  const refuse = (reason: 'hour' | 'day' | 'breaker' | 'second', retryAt: Date, more: Partial<LimitState> = {}) => ({
    slot: { granted: false, retryAt, reason } as const,
    next: { ...base, ...more },
  })
  if (state.openUntil && state.openUntil > now) return refuse('breaker', state.openUntil)
  if (state.trialUntil && state.trialUntil > now) return refuse('breaker', state.trialUntil)
  const perDay = shareOf(quota.perDay, urgency)
  if (base.dayUsed >= perDay) {
    const { to } = dayAround(at, quota.dayStarts)
    return refuse('day', to, heldBack(urgency, to))
  }
  const perHour = shareOf(quota.perHour, urgency)
  if (base.hourUsed >= perHour) {
    const free = whenFree(base.minutes, perHour)
    return refuse('hour', free, heldBack(urgency, free))
  }
  if (mustWait && behindMs > aheadMs) return refuse('second', new Date(state.nextSlot.getTime() - aheadMs))
  const minute = Math.floor(at.getTime() / 60_000)
  const spacingMs = quota.perSecond === null ? 0 : Math.ceil((1000 / quota.perSecond) * SPACING)
  return {
    slot: { granted: true, at, ...(state.failures > 0 || state.openUntil !== null ? { afterFailures: true } : {}) },
    next: {
      ...base,
      nextSlot: new Date(at.getTime() + spacingMs),
      minutes: { ...base.minutes, [minute]: (base.minutes[minute] ?? 0) + 1 },
      hourUsed: base.hourUsed + 1,
      dayUsed: base.dayUsed + 1,
      trialUntil: state.openUntil === null ? null : new Date(now.getTime() + BREAKER.trialMs),
    },
  }
}

/** What counts of the past at a moment. */
function countUsed(state: LimitState, quota: Quota, at: Date): LimitState {
  const minute = Math.floor(at.getTime() / 60_000)
  // The running minute of an hour ago still counts whole, so that any sixty minutes hold the quota.
  const minutes = Object.fromEntries(
    Object.entries(state.minutes).filter(([then]) => Math.abs(Number(then) - minute) <= HOUR_MINUTES),
  )
  const { from } = dayAround(at, quota.dayStarts)
  return {
    ...state,
    minutes,
    hourUsed: Object.values(minutes).reduce((sum, count) => sum + count, 0),
    dayStarts: from,
    dayUsed: state.dayStarts >= from ? state.dayUsed : 0,
  }
}

function shareOf(limit: number | null, urgency: Urgency): number {
  return limit === null ? Infinity : Math.max(1, Math.floor(limit * SHARES[urgency]))
}

/** What is less urgent waits at least as long. */
function heldBack(urgency: Urgency, until: Date): Partial<LimitState> {
  return urgency === 'history' ? { historyFrom: until } : { freshFrom: until, historyFrom: until }
}

/** When enough of the oldest minutes have left the hour for one more request. */
function whenFree(minutes: Record<string, number>, perHour: number): Date {
  let used = Object.values(minutes).reduce((sum, count) => sum + count, 0)
  let last = 0
  for (const [at, count] of Object.entries(minutes).toSorted(([a], [b]) => Number(a) - Number(b))) {
    last = Number(at)
    used -= count
    if (used < perHour) break
  }
  return new Date((last + HOUR_MINUTES + 1) * 60_000)
}

/** The most urgent kind of request of collection that a limiter is sure to refuse now, with all that is less urgent; null: none. */
export function whatIsShut(state: LimitState, now: Date): Urgency | null {
  const behindMs = state.nextSlot.getTime() - now.getTime()
  const isAhead = (until: Date | null): boolean => until !== null && until > now
  if (isAhead(state.openUntil) || isAhead(state.trialUntil)) return 'present'
  if (behindMs > AHEAD_MS && behindMs < SKEW_LIMIT_MS) return 'present'
  if (isAhead(state.freshFrom)) return 'fresh'
  return isAhead(state.historyFrom) ? 'history' : null
}

/** The utility answered: the breaker closes. */
export async function recordSuccess(tx: Tx, registrationUid: Uid): Promise<void> {
  await sql`
    update limits set failures = 0, open_until = null, trial_until = null, version = version + 1
     where registration_uid = ${registrationUid} and (failures > 0 or open_until is not null)`.execute(tx)
}

/**
 * The utility failed (no connection, 5xx): after five failures in a row the breaker opens for 30 s, twice as long after
 * each failed trial, 15 min at most. until: a Retry-After, never shortened. Returns when requests go out again, if open.
 */
export async function recordFailure(
  tx: Tx,
  registrationUid: Uid,
  { now, until = null }: { now: Date; until?: Date | null },
): Promise<Date | null> {
  await ensureRow(tx, registrationUid, now)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const row = await read(tx, registrationUid)
    if (!row) return null
    const failures = row.failures + 1
    const over = failures - BREAKER.failures
    const own = over < 0 ? null : new Date(now.getTime() + Math.min(BREAKER.limitMs, BREAKER.firstMs * 2 ** over))
    const openUntil = [row.openUntil, own, until].reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null)
    if (await swap(tx, row, { ...row, failures, openUntil, trialUntil: null })) return openUntil
  }
  return null
}

/** The states of all registrations, for the status page. */
export async function listLimits(tx: Tx): Promise<(LimitState & { registrationUid: Uid })[]> {
  const { rows } = await sql<LimitState & { registrationUid: Uid }>`
    select registration_uid as "registrationUid", ${COLUMNS} from limits order by registration_uid`.execute(tx)
  return rows
}

const COLUMNS = sql.raw(
  `next_slot as "nextSlot", minutes, hour_used as "hourUsed", day_starts as "dayStarts", day_used as "dayUsed", failures,
   open_until as "openUntil", trial_until as "trialUntil", fresh_from as "freshFrom", history_from as "historyFrom"`,
)

async function ensureRow(tx: Tx, registrationUid: Uid, now: Date): Promise<void> {
  await sql`
    insert into limits (registration_uid, next_slot, day_starts) values (${registrationUid}, ${now}, ${now})
    on conflict (registration_uid) do nothing`.execute(tx)
}

/** A row as it was read. second: the row that keeps the second, where that is another. */
type ReadRow = LimitState & { registrationUid: Uid; version: string; second: Version | null }
type Version = { registrationUid: Uid; version: string }

async function read(tx: Tx, registrationUid: Uid): Promise<ReadRow | undefined> {
  const { rows } = await sql<LimitState & { version: string }>`
    select version, ${COLUMNS} from limits where registration_uid = ${registrationUid}`.execute(tx)
  return rows[0] && { ...rows[0], registrationUid, second: null }
}

/** The row of a registration with the next slot that `secondOf` tells; undefined when a row had to be made first. */
async function readWithSecond(tx: Tx, registrationUid: Uid, secondOf: Uid, now: Date): Promise<ReadRow | undefined> {
  const row = await read(tx, registrationUid)
  const second = secondOf === registrationUid ? row : await read(tx, secondOf)
  if (!row) await ensureRow(tx, registrationUid, now)
  else if (!second) await ensureRow(tx, secondOf, now)
  else return second === row ? row : { ...row, nextSlot: second.nextSlot, second }
  return undefined
}

/**
 * Writes what became of a row, unless another has written it since. Where the second is kept elsewhere that row goes first,
 * so that no two claims wait for each other; should the other fail, a second is left unused.
 */
async function swap(tx: Tx, { registrationUid, version, second }: ReadRow, next: LimitState): Promise<boolean> {
  if (second !== null) {
    const { numAffectedRows } = await sql`
      update limits set version = version + 1, next_slot = ${next.nextSlot}
       where registration_uid = ${second.registrationUid} and version = ${second.version}`.execute(tx)
    if (numAffectedRows !== 1n) return false
  }
  const { numAffectedRows } = await sql`
    update limits set version = version + 1, next_slot = ${next.nextSlot}, minutes = ${JSON.stringify(next.minutes)}::jsonb,
           hour_used = ${next.hourUsed}, day_starts = ${next.dayStarts}, day_used = ${next.dayUsed},
           failures = ${next.failures}, open_until = ${next.openUntil}, trial_until = ${next.trialUntil},
           fresh_from = ${next.freshFrom}, history_from = ${next.historyFrom}
     where registration_uid = ${registrationUid} and version = ${version}`.execute(tx)
  return numAffectedRows === 1n
}
