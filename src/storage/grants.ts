import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What the utility gave for one authorization: addresses and sealed tokens. The running one has the highest number. */
export type GrantRow = {
  authorizationUid: Uid
  grantNo: number
  companyUid: Uid
  registrationUid: Uid
  subscriptionUri: string | null
  authorizationUri: string | null
  customerUri: string | null
  tokens: Buffer | null
  accessExpires: Date | null
  /** Grows with each refresh. */
  version: number
  refreshOwner: string | null
  refreshUntil: Date | null
  created: Date
  ended: Date | null
  utilityTold: Date | null
  tellAttempts: number
  tellNext: Date | null
}

export type NewGrant = Pick<
  GrantRow,
  | 'authorizationUid'
  | 'grantNo'
  | 'companyUid'
  | 'registrationUid'
  | 'subscriptionUri'
  | 'authorizationUri'
  | 'customerUri'
  | 'accessExpires'
  | 'created'
> & { tokens: Uint8Array }

const columns = sql`authorization_uid as "authorizationUid", grant_no as "grantNo", company_uid as "companyUid",
  registration_uid as "registrationUid", subscription_uri as "subscriptionUri",
  authorization_uri as "authorizationUri", customer_uri as "customerUri", tokens,
  access_expires as "accessExpires", version, refresh_owner as "refreshOwner", refresh_until as "refreshUntil", created,
  ended, utility_told as "utilityTold", tell_attempts as "tellAttempts", tell_next as "tellNext"`

export async function insertGrant(tx: Tx, g: NewGrant): Promise<void> {
  await sql`
    insert into grants (authorization_uid, grant_no, company_uid, registration_uid, subscription_uri,
      authorization_uri, customer_uri, tokens, access_expires, created)
    values (${g.authorizationUid}, ${g.grantNo}, ${g.companyUid}, ${g.registrationUid}, ${g.subscriptionUri},
      ${g.authorizationUri}, ${g.customerUri}, ${g.tokens}, ${g.accessExpires}, ${g.created})`.execute(tx)
}

/** The grant in use, null when there is none or it has ended. */
export async function findGrant(tx: Tx, authorizationUid: Uid): Promise<GrantRow | null> {
  const { rows } = await sql<GrantRow>`
    select ${columns} from grants where authorization_uid = ${authorizationUid} and ended is null
    order by grant_no desc limit 1`.execute(tx)
  return rows[0] ?? null
}

/** Every grant of an authorization, newest first. */
export async function listGrants(tx: Tx, authorizationUid: Uid): Promise<GrantRow[]> {
  const { rows } = await sql<GrantRow>`
    select ${columns} from grants where authorization_uid = ${authorizationUid} order by grant_no desc`.execute(tx)
  return rows
}

/** Takes the right to refresh, when nobody holds it and the pair is still the one that the caller saw. */
export async function leaseRefresh(
  tx: Tx,
  p: { authorizationUid: Uid; grantNo: number; version: number; owner: string; until: Date; now: Date },
): Promise<GrantRow | null> {
  const { rows } = await sql<GrantRow>`
    update grants set refresh_owner = ${p.owner}, refresh_until = ${p.until}
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo} and version = ${p.version}
      and ended is null and (refresh_until is null or refresh_until <= ${p.now})
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

/** Keeps the right for longer, run out or not, unless another has taken it or the grant has ended: false then. */
export async function extendRefresh(
  tx: Tx,
  p: { authorizationUid: Uid; grantNo: number; owner: string; until: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update grants set refresh_until = ${p.until}
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo} and refresh_owner = ${p.owner}
      and ended is null`.execute(tx)
  return numAffectedRows === 1n
}

/** Stores the new pair and gives the lease back; false when the lease was lost or the grant ended meanwhile. */
export async function saveRefreshed(
  tx: Tx,
  p: {
    authorizationUid: Uid
    grantNo: number
    version: number
    owner: string
    tokens: Uint8Array
    accessExpires: Date
  },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update grants set tokens = ${p.tokens}, access_expires = ${p.accessExpires}, version = version + 1,
      refresh_owner = null, refresh_until = null
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo} and version = ${p.version}
      and refresh_owner = ${p.owner} and ended is null`.execute(tx)
  return (numAffectedRows ?? 0n) > 0n
}

export async function releaseRefresh(
  tx: Tx,
  p: { authorizationUid: Uid; grantNo: number; owner: string },
): Promise<void> {
  await sql`
    update grants set refresh_owner = null, refresh_until = null
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo} and refresh_owner = ${p.owner}`.execute(
    tx,
  )
}

/**
 * Ends every running grant of an authorization. With `tell` the utility is owed a word; tokens stay sealed only when
 * that word needs them (`keepTokens`).
 */
export async function endGrants(
  tx: Tx,
  p: { authorizationUid: Uid; exceptNo?: number; tell: boolean; keepTokens: boolean; now: Date },
): Promise<void> {
  await sql`
    update grants set ended = ${p.now}, refresh_owner = null, refresh_until = null,
      tokens = case when ${p.keepTokens && p.tell} then tokens else null end,
      tell_next = case when ${p.tell} then ${p.now}::timestamptz else null end
    where authorization_uid = ${p.authorizationUid} and ended is null
      and grant_no <> ${p.exceptNo ?? 0}`.execute(tx)
}

/** Claims grants whose utility is owed a word now: the next try is put off first, so that one process tells. */
export async function claimUntold(tx: Tx, p: { now: Date; again: Date; limit: number }): Promise<GrantRow[]> {
  const due = await sql<{ authorizationUid: Uid; grantNo: number }>`
    select authorization_uid as "authorizationUid", grant_no as "grantNo" from grants
    where ended is not null and utility_told is null and tell_next <= ${p.now}
    order by tell_next limit ${p.limit}`.execute(tx)
  const claimed: GrantRow[] = []
  for (const { authorizationUid, grantNo } of due.rows) {
    const { rows } = await sql<GrantRow>`
      update grants set tell_next = ${p.again}, tell_attempts = tell_attempts + 1
      where authorization_uid = ${authorizationUid} and grant_no = ${grantNo} and utility_told is null
        and tell_next <= ${p.now}
      returning ${columns}`.execute(tx)
    claimed.push(...rows)
  }
  return claimed
}

/** Closes the matter: told, or given up (`told` null). The tokens are gone either way. */
export async function finishTelling(
  tx: Tx,
  p: { authorizationUid: Uid; grantNo: number; told: Date | null },
): Promise<void> {
  await sql`
    update grants set utility_told = ${p.told}, tell_next = null, tokens = null
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo}`.execute(tx)
}

export async function putOffTelling(tx: Tx, p: { authorizationUid: Uid; grantNo: number; next: Date }): Promise<void> {
  await sql`
    update grants set tell_next = ${p.next}
    where authorization_uid = ${p.authorizationUid} and grant_no = ${p.grantNo} and utility_told is null`.execute(tx)
}
