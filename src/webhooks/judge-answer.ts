/** What one attempt met: an answer with its status, or none. */
export type Attempt = { status: number; retryAfter: string | null } | { status: null; error: string }

/**
 * What becomes of a delivery. `endpoint` says what the answer means for everything else that goes there: slow down until a
 * moment, or take it as gone.
 */
export type Verdict = {
  outcome: 'delivered' | 'again' | 'given_up'
  nextTry: Date | null
  endpoint: { slowUntil: Date | null; gone: boolean }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** After the first attempt at once; with jitter of up to a fifth, a little more than three days in all. Source: Standard Webhooks. */
export const RETRY_AFTER_MS = [
  5000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
const JITTER = 0.2
const SLOW_MS = MINUTE
const RETRY_AFTER_LIMIT_MS = 24 * HOUR
const SLOWED = new Set([429, 502, 504])

/**
 * Judges the answer to attempt number `attempts` (from 1). 2xx is success; a redirect is none. 410 means that the endpoint is
 * gone; 429, 502, 504 and Retry-After slow it down. random: 0 to 1.
 */
export function judgeAnswer(
  attempt: Attempt,
  attempts: number,
  { now, random }: { now: Date; random: () => number },
): Verdict {
  const { status } = attempt
  if (status !== null && status >= 200 && status < 300) {
    return { outcome: 'delivered', nextTry: null, endpoint: { slowUntil: null, gone: false } }
  }
  const asked = status === null ? null : readRetryAfter(attempt.retryAfter, now)
  const isSlowed = status !== null && (SLOWED.has(status) || asked !== null)
  const slowUntil = isSlowed ? new Date(now.getTime() + Math.max(asked ?? 0, SLOW_MS)) : null
  const gone = status === 410
  const pause = RETRY_AFTER_MS[attempts - 1]
  if (pause === undefined || gone) return { outcome: 'given_up', nextTry: null, endpoint: { slowUntil, gone } }
  const due = now.getTime() + pause * (1 + JITTER * random())
  return {
    outcome: 'again',
    nextTry: new Date(Math.max(due, slowUntil?.getTime() ?? 0)),
    endpoint: { slowUntil, gone },
  }
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3) as milliseconds from now, a day at most; null for anything else. */
function readRetryAfter(text: string | null, now: Date): number | null {
  if (text === null) return null
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  return Number.isNaN(ms) || ms < 0 ? null : Math.min(ms, RETRY_AFTER_LIMIT_MS)
}
