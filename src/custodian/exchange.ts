import { createHash } from 'node:crypto'

import { hashKey, isKey, newKey } from '../authorization/keys.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { findRunningConsent, type RunningConsent } from '../storage/client-consents.ts'
import { type ClientRequestRow, findUsedCode, useCode } from '../storage/client-requests.ts'
import {
  deleteAccessTokens,
  deleteOldClientTokens,
  deleteTokensOf,
  findClientToken,
  insertClientToken,
  useRefreshToken,
} from '../storage/client-tokens.ts'
import type { ClientRow } from '../storage/clients.ts'
import type { Tx } from '../storage/db.ts'
import { isSameScope } from './asked-scope.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'
import { invalidGrant, OAuthError } from './oauth-error.ts'

const ACCESS_S = 3600
const USED_MS = 30 * 86_400_000
/** Function blocks of what is the client's own: bulk and management. */
const CLIENT_SCOPE = 'FB=34_35'

export type TokenAnswer = Record<string, string | number>

/** A refusal that leaves something behind: what was used up stays so. */
type Outcome = TokenAnswer | 'refused'

/**
 * A code for tokens (RFC 6749 section 4.1.3), in one transaction that uses it up whatever comes of it. A code that comes again was
 * stolen, or its first answer was: what it had brought ends (section 4.1.2). Throws OAuthError.
 */
export async function exchangeCode(
  deps: CustodianDeps,
  client: ClientRow,
  { code, redirectUri, verifier }: { code: string; redirectUri: string | null; verifier: string | null },
): Promise<TokenAnswer> {
  const now = deps.now()
  const { companyUid, clientUid } = client
  const outcome = await deps.db.company(companyUid, async (tx): Promise<Outcome> => {
    const place = { codeHash: hashKey(code), clientUid, now }
    const request = isKey(code) ? await useCode(tx, place) : null
    if (!request) return await endReplayed(tx, await findUsedCode(tx, place), now)
    const { authorizationUid, consentNo } = request
    if (authorizationUid === null || consentNo === null || !isOfRequest(request, { redirectUri, verifier }))
      return 'refused'
    const consent = await findRunningConsent(tx, { authorizationUid, consentNo, now })
    return consent ? await issue(tx, deps, consent) : 'refused'
  })
  if (outcome === 'refused') throw invalidGrant()
  return outcome
}

function isOfRequest(
  request: ClientRequestRow,
  { redirectUri, verifier }: { redirectUri: string | null; verifier: string | null },
): boolean {
  const isSameAddress = request.isRedirectGiven
    ? redirectUri === request.redirectUri
    : redirectUri === null || redirectUri === request.redirectUri
  const challenge = verifier === null ? null : createHash('sha256').update(verifier).digest('base64url')
  return isSameAddress && challenge === request.codeChallenge
}

type OfConsent = { companyUid: Uid; authorizationUid: Uid | null; consentNo: number | null; clientUid: Uid }

async function endReplayed(tx: Tx, of: OfConsent | null, now: Date): Promise<'refused'> {
  if (!of || of.authorizationUid === null || of.consentNo === null) return 'refused'
  const { authorizationUid, consentNo, clientUid, companyUid } = of
  await deleteTokensOf(tx, { authorizationUid, consentNo })
  const details = { clientUid, consentNo }
  await appendAudit(tx, {
    actor: 'system',
    action: 'client_token_replayed',
    companyUid,
    authorizationUid,
    now,
    details,
  })
  return 'refused'
}

/**
 * A refresh token for a new pair; the old access token ends, the refresh token is good once. One that comes again was stolen, or its
 * successor was: all tokens of the consent end (RFC 9700 section 4.14.2). Throws OAuthError.
 */
export async function refresh(
  deps: CustodianDeps,
  client: ClientRow,
  { token, scope }: { token: string; scope: string | null },
): Promise<TokenAnswer> {
  const now = deps.now()
  const outcome = await deps.db.company(client.companyUid, async (tx): Promise<Outcome> => {
    const tokenHash = hashKey(token)
    const row = isKey(token) ? await findClientToken(tx, tokenHash, now) : null
    if (row?.kind !== 'refresh' || row.clientUid !== client.clientUid) return 'refused'
    const { authorizationUid, consentNo } = row
    if (authorizationUid === null || consentNo === null) return 'refused'
    const consent = await findRunningConsent(tx, { authorizationUid, consentNo, now })
    if (!consent) return 'refused'
    if (scope !== null && !isSameScope(scope, consent.scope))
      throw new OAuthError('invalid_scope', 'A refresh keeps the scope that was granted.')
    if (!(await useRefreshToken(tx, tokenHash, now))) return await endReplayed(tx, row, now)
    await deleteAccessTokens(tx, { ...consent, usedBefore: new Date(now.getTime() - USED_MS) })
    return await issue(tx, deps, consent)
  })
  if (outcome === 'refused') throw invalidGrant()
  return outcome
}

async function issue(tx: Tx, deps: CustodianDeps, consent: RunningConsent): Promise<TokenAnswer> {
  const { companyUid, clientUid, authorizationUid, consentNo, scope, ends } = consent
  const created = deps.now()
  const [access, refreshing] = [newKey(deps.random), newKey(deps.random)]
  const place = { companyUid, clientUid, authorizationUid, consentNo, created }
  const expires = new Date(created.getTime() + ACCESS_S * 1000)
  await insertClientToken(tx, { ...place, tokenHash: hashKey(access), kind: 'access', expires })
  await insertClientToken(tx, { ...place, tokenHash: hashKey(refreshing), kind: 'refresh', expires: ends })
  const base = resourceBase(deps)
  return {
    token_type: 'Bearer',
    access_token: access,
    refresh_token: refreshing,
    expires_in: ACCESS_S,
    scope,
    resourceURI: `${base}/Batch/Subscription/${authorizationUid}`,
    customerResourceURI: `${base}/Batch/RetailCustomer/${authorizationUid}`,
    authorizationURI: `${base}/Authorization/${authorizationUid}`,
  }
}

/** A token for what is the client's own: its Authorizations, the status, and all subscriptions in one feed. */
export async function issueClientToken(
  deps: CustodianDeps,
  { companyUid, clientUid }: ClientRow,
): Promise<TokenAnswer> {
  const created = deps.now()
  const token = newKey(deps.random)
  const expires = new Date(created.getTime() + ACCESS_S * 1000)
  await deps.db.company(companyUid, async (tx) => {
    await deleteOldClientTokens(tx, clientUid, created)
    const place = { companyUid, clientUid, authorizationUid: null, consentNo: null, created, expires }
    await insertClientToken(tx, { ...place, tokenHash: hashKey(token), kind: 'client' })
  })
  const base = resourceBase(deps)
  return {
    token_type: 'Bearer',
    access_token: token,
    expires_in: ACCESS_S,
    scope: CLIENT_SCOPE,
    resourceURI: `${base}/Batch/Bulk/${clientUid}`,
    authorizationURI: `${base}/Authorization`,
  }
}
