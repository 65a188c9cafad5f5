import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** The running authorization of a company that was made by importing exactly these files; null when there is none. */
export async function findImported(tx: Tx, companyUid: Uid, mark: string): Promise<Uid | null> {
  const { rows } = await sql<{ uid: Uid }>`
    select authorization_uid as uid from authorizations
     where company_uid = ${companyUid} and registration_uid is null and subscription = ${mark} and state = 'active'
     limit 1`.execute(tx)
  return rows[0]?.uid ?? null
}

/** Marks an authorization as made from files: there is no grant, and the mark stands where the utility's id would. */
export async function setImported(tx: Tx, authorizationUid: Uid, mark: string): Promise<void> {
  await sql`update authorizations set subscription = ${mark} where authorization_uid = ${authorizationUid}`.execute(tx)
}
