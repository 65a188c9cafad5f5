import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type ApiTokenRow = {
  companyUid: Uid
  memberUid: Uid
  name: string
  created: Date
  expires: Date
  revoked: Date | null
}

const columns = sql`company_uid as "companyUid", member_uid as "memberUid", name, created, expires, revoked`

/** Stores a token by its SHA-256; the token itself is never stored. */
export async function insertApiToken(
  tx: Tx,
  token: Omit<ApiTokenRow, 'revoked'> & { tokenHash: Uint8Array },
): Promise<void> {
  await sql`
    insert into api_tokens (token_hash, company_uid, member_uid, name, created, expires)
    values (${token.tokenHash}, ${token.companyUid}, ${token.memberUid}, ${token.name}, ${token.created},
      ${token.expires})`.execute(tx)
}

/** The token with this hash when it may be used now, else null. */
export async function findUsableApiToken(tx: Tx, tokenHash: Uint8Array, now: Date): Promise<ApiTokenRow | null> {
  const { rows } = await sql<ApiTokenRow>`
    select ${columns} from api_tokens
    where token_hash = ${tokenHash} and revoked is null and expires > ${now}`.execute(tx)
  return rows[0] ?? null
}

/** Ends a token at once; false when there was none to end. */
export async function revokeApiToken(tx: Tx, tokenHash: Uint8Array, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update api_tokens set revoked = ${now} where token_hash = ${tokenHash} and revoked is null`.execute(tx)
  return (numAffectedRows ?? 0n) > 0n
}
