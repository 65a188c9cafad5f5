import type { Ground } from './ground.ts'
import { SLUGS, type Slug } from './simulated-utilities.ts'

/** Watches what leaves for the utilities; what must not happen is in `wrong`. */
export type OutboundWatch = {
  wrong: string[]
  requests: number
  refreshes: number
  sent(slug: Slug, url: string, token: string): void
  /** A refresh token leaves, under a lease that holds for so long; the function tells that the answer is there. */
  refreshing(refreshToken: string, leaseHolds: boolean): () => void
}

/** Longer does no token request wait for its answer. */
const TOKEN_MS = 60_000

export function openOutboundWatch({ utilities }: Ground, now: () => number): OutboundWatch {
  /** Refresh tokens that are on their way, and until when at most. */
  const out = new Map<string, number>()
  const watch: OutboundWatch = {
    ...{ wrong: [], requests: 0, refreshes: 0 },
    sent(slug, url, token) {
      watch.requests++
      const { utility } = utilities.mounted[slug]
      if (new URL(url).origin !== utility.origins.api) watch.wrong.push(`a token of ${slug} left for ${url}`)
      for (const other of SLUGS) {
        const { state } = utilities.mounted[other].utility
        if (other !== slug && Object.hasOwn(state.tokens, token))
          watch.wrong.push(`a token of ${other} was sent to ${slug}`)
      }
    },
    refreshing(refreshToken, leaseHolds) {
      watch.refreshes++
      if ((out.get(refreshToken) ?? 0) > now() && leaseHolds) watch.wrong.push('a refresh token was used twice at once')
      out.set(refreshToken, now() + TOKEN_MS)
      return () => void out.delete(refreshToken)
    },
  }
  return watch
}
