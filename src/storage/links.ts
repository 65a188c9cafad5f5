import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type LinkPurpose = 'receipt' | 'confirm'
export type LinkRow = {
  companyUid: Uid
  authorizationUid: Uid
  purpose: LinkPurpose
  created: Date
  expires: Date | null
}

/** A private link, by the SHA-256 of its key. */
export async function insertLink(tx: Tx, link: LinkRow & { keyHash: Uint8Array }): Promise<void> {
  await sql`
    insert into links (key_hash, company_uid, authorization_uid, purpose, created, expires)
    values (${link.keyHash}, ${link.companyUid}, ${link.authorizationUid}, ${link.purpose}, ${link.created},
      ${link.expires})`.execute(tx)
}

export async function findLink(
  tx: Tx,
  p: { keyHash: Uint8Array; purpose: LinkPurpose; now: Date },
): Promise<LinkRow | null> {
  const { rows } = await sql<LinkRow>`
    select company_uid as "companyUid", authorization_uid as "authorizationUid", purpose, created, expires from links
    where key_hash = ${p.keyHash} and purpose = ${p.purpose} and (expires is null or expires > ${p.now})`.execute(tx)
  return rows[0] ?? null
}

/** The links of an authorization's earlier holder work no more. */
export async function deleteLinks(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`delete from links where authorization_uid = ${authorizationUid}`.execute(tx)
}

export async function insertReferral(
  tx: Tx,
  r: { code: string; companyUid: Uid; authorizationUid: Uid; created: Date },
): Promise<void> {
  await sql`
    insert into referrals (code, company_uid, authorization_uid, created)
    values (${r.code}, ${r.companyUid}, ${r.authorizationUid}, ${r.created})`.execute(tx)
}

/** The referral codes of an authorization, oldest first. */
export async function listReferralsOf(tx: Tx, authorizationUid: Uid): Promise<string[]> {
  const { rows } = await sql<{ code: string }>`
    select code from referrals where authorization_uid = ${authorizationUid} order by created, code`.execute(tx)
  return rows.map((row) => row.code)
}
