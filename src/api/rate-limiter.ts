import type { Uid } from '../model/uid.ts'
import { ApiError } from './api-error.ts'

/** How many requests a company, or a third party, may make in so many seconds, at each process that serves them. */
export type RateLimit = { requests: number; seconds: number }

export type RateLimiter = {
  /** Counts a request; tells the caller by headers, and throws ApiError `too_many_requests` when it is one too many. */
  count(callerUid: Uid, header: (name: string, value: string) => void): void
}

const CALLERS_LIMIT = 10_000

/**
 * Counts in windows of the clock, in the memory of this process: with several processes a caller has as many times the
 * limit. policy: what the headers call it. Headers: draft-ietf-httpapi-ratelimit-headers.
 */
export function openRateLimiter({ requests, seconds }: RateLimit, now: () => Date, policy = 'company'): RateLimiter {
  const counts = new Map<Uid, number>()
  let window = 0
  return {
    count(callerUid, header) {
      const time = Math.floor(now().getTime() / 1000)
      const current = Math.floor(time / seconds)
      if (current !== window || counts.size > CALLERS_LIMIT) counts.clear()
      window = current
      const used = (counts.get(callerUid) ?? 0) + 1
      counts.set(callerUid, used)
      const reset = (current + 1) * seconds - time
      header('ratelimit-policy', `"${policy}";q=${requests};w=${seconds}`)
      header('ratelimit', `"${policy}";r=${Math.max(requests - used, 0)};t=${reset}`)
      if (used <= requests) return
      header('retry-after', String(reset))
      throw new ApiError(
        'too_many_requests',
        `At most ${requests} requests in ${seconds} seconds. Wait ${reset} seconds.`,
      )
    },
  }
}
