import { timingSafeEqual } from 'node:crypto'

import { hashKey } from '../authorization/keys.ts'
import { type ClientRow, type ClientSecrets, findClient } from '../storage/clients.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import { OAuthError } from './oauth-error.ts'

/** The client of an HTTP Basic header (RFC 6749 section 2.3.1). Throws OAuthError `invalid_client`. */
export async function authenticateClient(
  { db, now }: Pick<CustodianDeps, 'db' | 'now'>,
  header: string | undefined,
): Promise<ClientRow> {
  const given = header === undefined ? null : readBasic(header)
  const client = given && (await db.readOperator((tx) => findClient(tx, given.id)))
  if (!given || !client || !isSecret(client, given.secret, now()))
    throw new OAuthError('invalid_client', 'HTTP Basic with a client id and its secret is required.')
  return client
}

function readBasic(header: string): { id: string; secret: string } | null {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,2000}={0,2})$/i.exec(header)?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? null : { id: decoded(text.slice(0, at)), secret: decoded(text.slice(at + 1)) }
}

/** The standard wants both form-encoded, which many clients leave out; ids and secrets of ours have no `%` or `+` of their own. */
function decoded(text: string): string {
  return new URLSearchParams(`x=${text.replaceAll('&', '%26')}`).get('x') ?? ''
}

function isSecret({ secretHash, previousHash, previousUntil }: ClientSecrets, secret: string, now: Date): boolean {
  const given = hashKey(secret)
  if (timingSafeEqual(secretHash, given)) return true
  return previousHash !== null && previousUntil !== null && previousUntil > now && timingSafeEqual(previousHash, given)
}
