import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/**
 * `access` and `refresh` are of one consent, `client` opens what is the client's own, `registration` its registration, and
 * `customer` is the customer's link to end a consent.
 */
export type ClientTokenKind = 'access' | 'refresh' | 'client' | 'registration' | 'customer'

export type ClientTokenRow = {
  kind: ClientTokenKind
  companyUid: Uid
  clientUid: Uid
  authorizationUid: Uid | null
  consentNo: number | null
  created: Date
  expires: Date | null
  used: Date | null
}

/** Stores a token by its SHA-256. */
export async function insertClientToken(
  tx: Tx,
  t: Omit<ClientTokenRow, 'used'> & { tokenHash: Uint8Array },
): Promise<void> {
  await sql`
    insert into client_tokens (token_hash, kind, company_uid, client_uid, authorization_uid, consent_no, created, expires)
    values (${t.tokenHash}, ${t.kind}, ${t.companyUid}, ${t.clientUid}, ${t.authorizationUid}, ${t.consentNo},
      ${t.created}, ${t.expires})`.execute(tx)
}

/** The token with this hash that is not over; a refresh token may have been used. */
export async function findClientToken(tx: Tx, tokenHash: Uint8Array, now: Date): Promise<ClientTokenRow | null> {
  const { rows } = await sql<ClientTokenRow>`
    select kind, company_uid as "companyUid", client_uid as "clientUid", authorization_uid as "authorizationUid",
           consent_no as "consentNo", created, expires, used
      from client_tokens where token_hash = ${tokenHash} and (expires is null or expires > ${now})`.execute(tx)
  return rows[0] ?? null
}

/** Uses a refresh token up. False: somebody was faster. */
export async function useRefreshToken(tx: Tx, tokenHash: Uint8Array, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update client_tokens set used = ${now}
     where token_hash = ${tokenHash} and kind = 'refresh' and used is null`.execute(tx)
  return numAffectedRows === 1n
}

type OfConsent = { authorizationUid: Uid; consentNo: number }

/** Ends the access tokens of a consent, whose refresh brings another, and forgets refresh tokens used before `usedBefore`. */
export async function deleteAccessTokens(
  tx: Tx,
  { authorizationUid, consentNo, usedBefore }: OfConsent & { usedBefore: Date },
): Promise<void> {
  await sql`
    delete from client_tokens
     where authorization_uid = ${authorizationUid} and consent_no = ${consentNo}
       and (kind = 'access' or kind = 'refresh' and used < ${usedBefore})`.execute(tx)
}

/** Ends all that a client holds of a consent; the customer's link stays. */
export async function deleteTokensOf(tx: Tx, { authorizationUid, consentNo }: OfConsent): Promise<void> {
  await sql`
    delete from client_tokens
     where authorization_uid = ${authorizationUid} and consent_no = ${consentNo} and kind in ('access', 'refresh')`.execute(
    tx,
  )
}

/** Ends every token and link of an authorization. */
export async function deleteClientTokens(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`delete from client_tokens where authorization_uid = ${authorizationUid}`.execute(tx)
}

/** Forgets client tokens that are over; each request for one does. */
export async function deleteOldClientTokens(tx: Tx, clientUid: Uid, now: Date): Promise<void> {
  await sql`delete from client_tokens where client_uid = ${clientUid} and kind = 'client' and expires <= ${now}`.execute(
    tx,
  )
}
