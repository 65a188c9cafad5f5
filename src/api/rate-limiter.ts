import type { Uid } from '../model/uid.ts'
import { ApiError } from './api-error.ts'

/** How many requests a company may make in so many seconds, at each process that serves the API. */
export type RateLimit = { requests: number; seconds: number }

export type RateLimiter = {
  /** Counts a request; tells the caller by headers, and throws ApiError `too_many_requests` when it is one too many. */
  count(companyUid: Uid, header: (name: string, value: string) => void): void
}

const COMPANIES_LIMIT = 10_000

/**
 * Counts in windows of the clock, in the memory of this process: with several processes a company has as many times the
 * limit. Headers: draft-ietf-httpapi-ratelimit-headers.
 */
export function openRateLimiter({ requests, seconds }: RateLimit, now: () => Date): RateLimiter {
  const counts = new Map<Uid, number>()
  let window = 0
  return {
    count(companyUid, header) {
      const time = Math.floor(now().getTime() / 1000)
      const current = Math.floor(time / seconds)
      if (current !== window || counts.size > COMPANIES_LIMIT) counts.clear()
      window = current
      const used = (counts.get(companyUid) ?? 0) + 1
      counts.set(companyUid, used)
      const reset = (current + 1) * seconds - time
      header('ratelimit-policy', `"company";q=${requests};w=${seconds}`)
      header('ratelimit', `"company";r=${Math.max(requests - used, 0)};t=${reset}`)
      if (used <= requests) return
      header('retry-after', String(reset))
      throw new ApiError(
        'too_many_requests',
        `At most ${requests} requests in ${seconds} seconds. Wait ${reset} seconds.`,
      )
    },
  }
}
