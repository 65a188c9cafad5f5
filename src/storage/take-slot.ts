import { type DayStart, dayAround } from './daily-reset.ts'

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

// What leaves a second apart may arrive less than a second apart.
const SPACING = 1.05
const HOUR_MINUTES = 60
// Clocks of our machines may differ; a slot further ahead was claimed by a clock that was wrong.
export const SKEW_LIMIT_MS = 60_000
/** One trial is out so long at most. */
const TRIAL_MS = 60_000

/** Collection takes a slot this far ahead and waits for it, so that no second goes by between two looks. */
export const AHEAD_MS = 2000

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
      trialUntil: state.openUntil === null ? null : new Date(now.getTime() + TRIAL_MS),
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
