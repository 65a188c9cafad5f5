import { createHash } from 'node:crypto'

import type { Uid } from '../model/uid.ts'
import { findUsableApiToken, insertApiToken, revokeApiToken } from '../storage/api-tokens.ts'
import type { Db } from '../storage/db.ts'

/** Who a request speaks for; the company comes from the credential and from nowhere else. */
export type Credential = { companyUid: Uid; memberUid: Uid }

const PREFIX = 'gbp_'
const LIFE_DAYS = 366

/**
 * Makes an API token: 256 random bits behind `gbp_`, so that a leak is found by secret scanners. Returned once; only its
 * SHA-256 is stored.
 */
export async function createApiToken(
  deps: { db: Db; now: () => Date; random: (bytes: number) => Uint8Array },
  { companyUid, memberUid, name, days = LIFE_DAYS }: Credential & { name: string; days?: number },
): Promise<string> {
  const token = `${PREFIX}${Buffer.from(deps.random(32)).toString('base64url')}`
  const created = deps.now()
  const expires = new Date(created.getTime() + days * 86_400_000)
  await deps.db.operator((tx) =>
    insertApiToken(tx, { tokenHash: hashOf(token), companyUid, memberUid, name, created, expires }),
  )
  return token
}

/** The credential of a token, or null: malformed, unknown, revoked and expired ones are alike. */
export async function authenticate(db: Db, token: string, now: Date): Promise<Credential | null> {
  if (!/^gbp_[A-Za-z0-9_-]{43}$/.test(token)) return null
  const row = await db.operator((tx) => findUsableApiToken(tx, hashOf(token), now))
  return row && { companyUid: row.companyUid, memberUid: row.memberUid }
}

/** Ends a token at once. False when there was none to end. */
export async function endApiToken(db: Db, token: string, now: Date): Promise<boolean> {
  return await db.operator((tx) => revokeApiToken(tx, hashOf(token), now))
}

/** The token has full entropy, so that a plain hash is enough and every request stays cheap. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
