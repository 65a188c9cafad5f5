import type { Uid } from '../model/uid.ts'
import { findAuthorization } from '../storage/authorizations.ts'
import { findConsent } from '../storage/consents.ts'
import type { Db } from '../storage/db.ts'
import {
  extendRefresh,
  findGrant,
  type GrantRow,
  leaseRefresh,
  releaseRefresh,
  saveRefreshed,
} from '../storage/grants.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Connections } from '../utilities/connections.ts'
import { AuthorizationRevoked, ClientRejected, TokenRefused, UtilityUnavailable } from '../utilities/errors.ts'
import { fetchGrantStatus, type GrantStatus, tryGrantStatus } from './check-grant.ts'
import { type ClientTokens, openClientTokens } from './client-tokens.ts'
import { readTokens, sealTokens } from './grant-tokens.ts'
import { newKey, type Random } from './keys.ts'
import { refreshGrant } from './oauth.ts'
import type { PathConfig } from './path-deps.ts'
import { isStep, transition } from './states.ts'
import { applyStatus } from './utility-ended.ts'

export type TokenDeps = {
  db: Db
  envelope: Envelope
  connections: Connections
  now: () => Date
  random: Random
  /** Waits while another process refreshes. */
  wait: (ms: number) => Promise<void>
  config: PathConfig
}

export type Tokens = ClientTokens & {
  /**
   * Runs `use` with the authorization's access token, refreshed before where it is about to expire and once after where
   * the utility does not take it; `use` asks for its own place in the quota. Throws AuthorizationRevoked when the grant is
   * over (the authorization is marked), ClientRejected `not_in_grant` when it is not, and the utility still refuses;
   * UtilityUnavailable as it comes.
   */
  withAccessToken<T>(authorizationUid: Uid, use: (token: string) => Promise<T>): Promise<T>
  /** Asks the utility how a grant stands and applies the answer. True when the authorization changed. */
  checkAtUtility(authorizationUid: Uid): Promise<boolean>
}

const MARGIN_MS = 60_000
/** Longer does no token request take. */
const REQUEST_MS = 60_000
/** Long enough for a request that leaves within as much again, so that a lease never runs out under a living owner. */
const LEASE_MS = 2 * REQUEST_MS
const POLL_MS = 100
const POLLS = 600

type Scopes = { granted: string | null; asked: string | null }
type Usable = { token: string; version: number; registrationUid: Uid }

/** Access tokens for all of this process; one refresh at a time across processes, by a lease on the grant's row. */
export function openTokens(deps: TokenDeps): Tokens {
  const clientTokens = openClientTokens(deps)

  async function checkAtUtility(authorizationUid: Uid): Promise<boolean> {
    const status = await statusOf(deps, clientTokens, authorizationUid)
    return await deps.db.operator((tx) => applyStatus(tx, deps.config, { authorizationUid, status, now: deps.now() }))
  }

  async function concludeRefusal(authorizationUid: Uid, refusal: TokenRefused): Promise<never> {
    const status = await statusOf(deps, clientTokens, authorizationUid)
    if (status.isActive === true) throw new ClientRejected('not_in_grant', { status: refusal.status, cause: refusal })
    if (status.isActive === null) {
      throw new UtilityUnavailable('refused_without_reason', { status: refusal.status, cause: refusal })
    }
    await deps.db.operator((tx) => applyStatus(tx, deps.config, { authorizationUid, status, now: deps.now() }))
    throw new AuthorizationRevoked('ended_at_utility', refusal)
  }

  return {
    ...clientTokens,
    checkAtUtility,
    async withAccessToken(authorizationUid, use) {
      const first = await usableToken(deps, authorizationUid, { refused: null, checkAtUtility })
      try {
        return await use(first.token)
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
      }
      const second = await usableToken(deps, authorizationUid, { refused: first.version, checkAtUtility })
      try {
        return await use(second.token)
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
        return await concludeRefusal(authorizationUid, error)
      }
    },
  }
}

type Ask = {
  /** The version whose token the utility did not take. */
  refused: number | null
  checkAtUtility: Tokens['checkAtUtility']
}

async function usableToken(deps: TokenDeps, authorizationUid: Uid, ask: Ask): Promise<Usable> {
  const owner = newKey(deps.random)
  for (let poll = 0; poll < POLLS; poll++) {
    const { grant, scopes } = await currentGrant(deps, authorizationUid)
    const pair = readTokens(deps.envelope, grant)
    if (!pair) throw new AuthorizationRevoked('no_grant')
    const isFresh = (grant.accessExpires?.getTime() ?? 0) > deps.now().getTime() + MARGIN_MS
    if (isFresh && grant.version !== ask.refused) return usable(pair.accessToken, grant.version, grant)
    if (pair.refreshToken === null) return await over(deps, authorizationUid, { ask, code: 'no_refresh_token' })
    const now = deps.now()
    const lease = { ...grant, owner, until: new Date(now.getTime() + LEASE_MS), now }
    const leased = await deps.db.operator((tx) => leaseRefresh(tx, lease))
    const refreshed = leased && (await refresh(deps, leased, { owner, until: lease.until, ask, scopes }))
    if (refreshed) return refreshed
    await deps.wait(POLL_MS)
  }
  throw new UtilityUnavailable('refresh_busy')
}

const usable = (token: string, version: number, { registrationUid }: GrantRow): Usable => ({
  token,
  version,
  registrationUid,
})

async function currentGrant(deps: TokenDeps, authorizationUid: Uid): Promise<{ grant: GrantRow; scopes: Scopes }> {
  return await deps.db.operator(async (tx) => {
    const row = await findAuthorization(tx, authorizationUid)
    const grant = await findGrant(tx, authorizationUid)
    if (!grant || !row || row.state !== 'active') throw new AuthorizationRevoked(row?.state ?? 'unknown')
    const consent = await findConsent(tx, authorizationUid)
    return { grant, scopes: { granted: row.grantedScope, asked: consent?.scopeAsked ?? null } }
  })
}

/**
 * The lease is held: the intent is in the row before the call, and the new pair is committed before anybody uses it. Null when
 * the lease has ended, since the quota had no place for long, or the machine slept, and another has taken it.
 */
async function refresh(
  deps: TokenDeps,
  grant: GrantRow,
  { owner, until, ask, scopes }: { owner: string; until: Date; ask: Ask; scopes: Scopes },
): Promise<Usable | null> {
  const { authorizationUid } = grant
  let isLost = false
  try {
    const pair = readTokens(deps.envelope, grant)
    if (!pair?.refreshToken) throw new AuthorizationRevoked('no_grant')
    const connection = await deps.connections.of(grant.registrationUid)
    const admitToken = async (): Promise<void> => {
      await connection.admitToken()
      isLost = !(await outlasts(deps, { ...grant, owner, until }))
      if (isLost) throw new UtilityUnavailable('refresh_busy')
    }
    const now = deps.now()
    const answer = await refreshGrant({ ...connection, admitToken }, { refreshToken: pair.refreshToken, scopes, now })
    const next = {
      accessToken: answer.accessToken,
      refreshToken: answer.refreshToken ?? pair.refreshToken,
      previous: pair.refreshToken,
    }
    const tokens = sealTokens(deps.envelope, grant, next)
    const accessExpires = new Date(now.getTime() + answer.expiresIn * 1000)
    const saved = await deps.db.operator((tx) => saveRefreshed(tx, { ...grant, owner, tokens, accessExpires }))
    if (!saved) throw new AuthorizationRevoked('ended_meanwhile')
    return usable(next.accessToken, grant.version + 1, grant)
  } catch (error) {
    await deps.db.operator((tx) => releaseRefresh(tx, { ...grant, owner }))
    if (isLost) return null
    if (!(error instanceof AuthorizationRevoked) || error.code !== 'invalid_grant') throw error
    return await over(deps, authorizationUid, { ask, code: 'invalid_grant' })
  }
}

/** Whether the lease outlasts a request that leaves now, longer by then where need be. */
async function outlasts(deps: TokenDeps, lease: GrantRow & { owner: string; until: Date }): Promise<boolean> {
  let { until } = lease
  while (until.getTime() - deps.now().getTime() < REQUEST_MS) {
    until = new Date(deps.now().getTime() + LEASE_MS)
    const longer = { ...lease, until }
    if (!(await deps.db.operator((tx) => extendRefresh(tx, longer)))) return false
  }
  return true
}

/** The refresh token is not taken: over at the utility when it says so, else the customer has to share again. */
async function over(deps: TokenDeps, authorizationUid: Uid, { ask, code }: { ask: Ask; code: string }): Promise<never> {
  const changed = await ask.checkAtUtility(authorizationUid).catch(() => false)
  if (!changed) {
    await deps.db.operator(async (tx) => {
      const row = await findAuthorization(tx, authorizationUid)
      if (!row || !isStep(row.state, 'needs_reauthorization')) return
      const why = { by: 'utility', reason: code, now: deps.now() } as const
      await transition(tx, authorizationUid, 'needs_reauthorization', why)
    })
  }
  throw new AuthorizationRevoked(code)
}

const UNKNOWN: GrantStatus = { isActive: null, scope: null, ends: null, publishedStart: null }

async function statusOf(deps: TokenDeps, clientTokens: ClientTokens, authorizationUid: Uid): Promise<GrantStatus> {
  const grant = await deps.db.operator((tx) => findGrant(tx, authorizationUid))
  const authorizationUri = grant?.authorizationUri ?? null
  if (!grant || authorizationUri === null) return UNKNOWN
  const connection = await deps.connections.of(grant.registrationUid)
  const which = connection.utility.espi.metadataTokens.authorization
  if (which !== 'client') {
    const own = which === 'registration' ? connection.registration.registrationAccessToken : null
    const token = own ?? readTokens(deps.envelope, grant)?.accessToken ?? null
    if (token === null) return UNKNOWN
    return await tryGrantStatus(connection, { authorizationUri, token, now: deps.now() })
  }
  return await clientTokens.withClientToken(grant.registrationUid, async (token) => {
    return await fetchGrantStatus(connection, { authorizationUri, token, now: deps.now() })
  })
}
