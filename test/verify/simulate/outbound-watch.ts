import { readTokens } from '../../../src/authorization/grant-tokens.ts'
import type { Ground } from './ground.ts'
import { SLUGS, type Slug } from './simulated-utilities.ts'

/** Watches what leaves for the utilities; what must not happen is in `wrong`. */
export type OutboundWatch = {
  wrong: string[]
  requests: number
  refreshes: number
  /** A token leaves: for its own utility, and stored before. */
  sent(slug: Slug, url: string, token: string): Promise<void>
  /** A refresh token leaves, under a lease that holds for so long; the function tells that the answer is there. */
  refreshing(refreshToken: string, leaseHolds: boolean): () => void
}

/** Longer does no token request wait for its answer. */
const TOKEN_MS = 60_000

export function openOutboundWatch({ utilities, envelope, writes }: Ground, now: () => number): OutboundWatch {
  /** Refresh tokens that are on their way, and until when at most. */
  const out = new Map<string, number>()
  const stored = new Set<string>()
  async function isStored(token: string): Promise<boolean> {
    if (stored.has(token)) return true
    for (const grant of await writes.storedTokens()) {
      const pair = readTokens(envelope, grant)
      if (pair) stored.add(pair.accessToken)
    }
    return stored.has(token)
  }
  const watch: OutboundWatch = {
    ...{ wrong: [], requests: 0, refreshes: 0 },
    async sent(slug, url, token) {
      watch.requests++
      const { utility } = utilities.mounted[slug]
      if (new URL(url).origin !== utility.origins.api) watch.wrong.push(`a token of ${slug} left for ${url}`)
      for (const other of SLUGS) {
        const { state } = utilities.mounted[other].utility
        if (other !== slug && Object.hasOwn(state.tokens, token))
          watch.wrong.push(`a token of ${other} was sent to ${slug}`)
      }
      if (utility.state.tokens[token]?.kind === 'access' && !(await isStored(token)))
        watch.wrong.push(`a token of ${slug} was used before it was stored`)
    },
    refreshing(refreshToken, leaseHolds) {
      watch.refreshes++
      if (!leaseHolds) watch.wrong.push('a refresh token left under a lease that may end before its answer')
      if ((out.get(refreshToken) ?? 0) > now()) watch.wrong.push('a refresh token was used twice at once')
      out.set(refreshToken, now() + TOKEN_MS)
      return () => void out.delete(refreshToken)
    },
  }
  return watch
}
