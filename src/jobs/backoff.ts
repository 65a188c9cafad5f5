/**
 * How long to wait before try number `attempt` + 1 (attempt counts from 1), in milliseconds. Full jitter: anywhere from 0
 * to the exponential bound, so that what failed together does not come back together. A Retry-After is never undercut,
 * though cut at `retryAfterLimitMs`, and gets its jitter on top. random: from 0 to below 1.
 */
export function backoffMs(
  attempt: number,
  options: {
    random: () => number
    baseMs?: number
    limitMs?: number
    retryAfterMs?: number | null
    retryAfterLimitMs?: number
  },
): number {
  const { random, baseMs = 1000, limitMs = 3_600_000, retryAfterMs = null, retryAfterLimitMs = 86_400_000 } = options
  const bound = Math.min(limitMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 40))
  const jitterMs = Math.floor(random() * bound)
  return retryAfterMs === null ? jitterMs : Math.min(Math.max(retryAfterMs, 0), retryAfterLimitMs) + jitterMs
}

/** A Retry-After header (RFC 9110 section 10.2.3: seconds, or a date) as milliseconds from now; null when there is none. */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | null {
  const text = header?.trim() ?? ''
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Z][a-z]{2,8}, /.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime())
}
