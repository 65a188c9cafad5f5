import { sql } from 'kysely'

import type { Role, Scope } from '../model/roles.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page } from './list-page.ts'
import { prepared } from './prepared.ts'

/** A token, without itself or its hash; role and userEmail are of its member. */
export type ApiTokenRow = {
  tokenUid: Uid
  companyUid: Uid
  memberUid: Uid
  userEmail: string
  role: Role
  name: string
  scopes: Scope[]
  created: Date
  expires: Date
  revoked: Date | null
  lastUsed: Date | null
}

type NewApiToken = Pick<ApiTokenRow, 'companyUid' | 'memberUid' | 'name' | 'created' | 'expires'> & {
  tokenHash: Uint8Array
  scopes: readonly Scope[]
}

const columns = sql`t.token_uid as "tokenUid", t.company_uid as "companyUid", t.member_uid as "memberUid",
  m.email as "userEmail", m.role, t.name, t.scopes, t.created, t.expires, t.revoked, t.last_used as "lastUsed"`

/** Stores a token by its SHA-256; the token itself is never stored. */
export async function insertApiToken(tx: Tx, token: NewApiToken): Promise<Uid> {
  const { rows } = await sql<{ tokenUid: Uid }>`
    insert into api_tokens (token_hash, company_uid, member_uid, name, scopes, created, expires)
    values (${token.tokenHash}, ${token.companyUid}, ${token.memberUid}, ${token.name}, ${[...token.scopes]}::text[],
      ${token.created}, ${token.expires})
    returning token_uid as "tokenUid"`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row.tokenUid
}

/** The token with this hash, usable or not, of a member who is still there; else null. */
export async function findApiToken(tx: Tx, tokenHash: Uint8Array): Promise<ApiTokenRow | null> {
  const { rows } = await FIND(tx, [tokenHash])
  return rows[0] ?? null
}

const FIND = prepared(sql<ApiTokenRow>`
  select ${columns} from api_tokens t join members m on m.member_uid = t.member_uid where t.token_hash = $1`)

/** Writes down that a token is in use. */
export async function markUsed(tx: Tx, tokenUid: Uid, now: Date): Promise<void> {
  await sql`update api_tokens set last_used = ${now} where token_uid = ${tokenUid}`.execute(tx)
}

/** A company's tokens, newest first, `after` exclusive; ended ones too. Runs under row-level security. */
export async function listApiTokenPage(
  tx: Tx,
  { uids, after, limit }: { uids: Uid[] | null; after: Uid | null; limit: number },
): Promise<Page<ApiTokenRow>> {
  const { rows } = await sql<ApiTokenRow>`
    select ${columns} from api_tokens t join members m on m.member_uid = t.member_uid
     where (${uids}::bigint[] is null or t.token_uid = any(${uids}::bigint[]))
       and (${after}::bigint is null or t.token_uid < ${after}::bigint)
     order by t.token_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** How many tokens of a company can be used. Runs under row-level security. */
export async function countUsableApiTokens(tx: Tx, now: Date): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from api_tokens where revoked is null and expires > ${now}`.execute(tx)
  return rows[0]?.n ?? 0
}

/** Ends a token at once. */
export async function revokeApiToken(tx: Tx, tokenUid: Uid, now: Date): Promise<void> {
  await sql`update api_tokens set revoked = ${now} where token_uid = ${tokenUid} and revoked is null`.execute(tx)
}

/** Ends every token of a member at once. */
export async function revokeTokensOf(tx: Tx, memberUid: Uid, now: Date): Promise<void> {
  await sql`update api_tokens set revoked = ${now} where member_uid = ${memberUid} and revoked is null`.execute(tx)
}

/** Lets a token end at a moment, if it does not end before. False: it cannot be used any more. */
export async function shortenApiToken(tx: Tx, tokenUid: Uid, until: Date, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update api_tokens set expires = least(expires, ${until}::timestamptz)
     where token_uid = ${tokenUid} and revoked is null and expires > ${now}`.execute(tx)
  return numAffectedRows === 1n
}
