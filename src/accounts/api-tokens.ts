import { createHash } from 'node:crypto'

import { type Role, type Scope, SCOPES, scopesOf } from '../model/roles.ts'
import type { Uid } from '../model/uid.ts'
import { type ApiTokenRow, findApiToken, insertApiToken, markUsed } from '../storage/api-tokens.ts'
import type { Db, Tx } from '../storage/db.ts'

/** Who a request speaks for, and what it may do; the company comes from the credential and from nowhere else. */
export type Credential = { companyUid: Uid; memberUid: Uid; role: Role; scopes: readonly Scope[] }

/** null: malformed or unknown. Only the holder of a whole token learns that it has expired or was revoked. */
export type Authenticated = Credential | { refused: 'expired' | 'revoked' } | null

const PREFIX = 'gbp_'
const DAY_MS = 86_400_000
const LIFE_DAYS = 366
/** The last use is kept to the hour, so that reading costs no writing. */
const USE_MS = 3_600_000

type Owner = { companyUid: Uid; memberUid: Uid }
type TokenDeps = { now: () => Date; random: (bytes: number) => Uint8Array }

/**
 * Makes an API token: 256 random bits behind `gbp_`, so that a leak is found by secret scanners. Returned once; only its
 * SHA-256 is stored. Without scopes it has all of them.
 */
export async function createApiToken(
  deps: TokenDeps & { db: Db },
  { companyUid, memberUid, name, days = LIFE_DAYS }: Owner & { name: string; days?: number },
): Promise<string> {
  const expires = new Date(deps.now().getTime() + days * DAY_MS)
  const { token } = await deps.db.operator((tx) =>
    issueApiToken(tx, deps, { companyUid, memberUid, name, scopes: SCOPES, expires }),
  )
  return token
}

/** Makes a token in a transaction of the caller; see createApiToken. */
export async function issueApiToken(
  tx: Tx,
  { now, random }: TokenDeps,
  { name, companyUid, memberUid, scopes, expires }: Owner & { name: string; scopes: readonly Scope[]; expires: Date },
): Promise<{ token: string; tokenUid: Uid }> {
  const token = `${PREFIX}${Buffer.from(random(32)).toString('base64url')}`
  const row = { tokenHash: hashOf(token), companyUid, memberUid, name, scopes, expires, created: now() }
  return { token, tokenUid: await insertApiToken(tx, row) }
}

/** When a token ends that nobody gave an end. */
export function defaultExpiry(now: Date): Date {
  return new Date(now.getTime() + LIFE_DAYS * DAY_MS)
}

/** The credential of a token. What it may do is what it was made for and its member may still do. */
export async function authenticate(db: Db, token: string, now: Date): Promise<Authenticated> {
  if (!/^gbp_[A-Za-z0-9_-]{43}$/.test(token)) return null
  const row = await db.readOperator((tx) => findApiToken(tx, hashOf(token)))
  if (row === null) return null
  if (row.revoked !== null) return { refused: 'revoked' }
  if (row.expires <= now) return { refused: 'expired' }
  if (row.lastUsed === null || row.lastUsed.getTime() <= now.getTime() - USE_MS)
    await db.operator((tx) => markUsed(tx, row.tokenUid, now))
  return credentialOf(row)
}

function credentialOf({ companyUid, memberUid, role, scopes }: ApiTokenRow): Credential {
  const allowed = scopesOf(role)
  return { companyUid, memberUid, role, scopes: scopes.filter((scope) => allowed.includes(scope)) }
}

/** The token has full entropy, so that a plain hash is enough and every request stays cheap. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
