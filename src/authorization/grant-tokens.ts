import { z } from 'zod'

import type { GrantRow } from '../storage/grants.ts'
import { contextOf, type Envelope } from '../storage/secrets.ts'

/** The sealed pair. `previous`: the refresh token before the last refresh, kept until the new pair has worked. */
export type TokenPair = { accessToken: string; refreshToken: string | null; previous: string | null }

const schema = z.strictObject({
  accessToken: z.string().min(1),
  refreshToken: z.string().min(1).nullable(),
  previous: z.string().min(1).nullable(),
})

type Place = Pick<GrantRow, 'authorizationUid' | 'grantNo' | 'companyUid'>

export function sealTokens(envelope: Envelope, place: Place, pair: TokenPair): Buffer {
  return envelope.seal(schema.parse(pair), contextFor(place))
}

/** The pair of a grant; null once it was destroyed. */
export function readTokens(envelope: Envelope, grant: Place & Pick<GrantRow, 'tokens'>): TokenPair | null {
  return grant.tokens === null ? null : schema.parse(envelope.openJson(grant.tokens, contextFor(grant)))
}

/** Bound to the grant's own row: sealed tokens do not open in another. */
function contextFor({ authorizationUid, grantNo, companyUid }: Place): string {
  return contextOf('grants', 'tokens', `${authorizationUid}:${grantNo}`, companyUid)
}
