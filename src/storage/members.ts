import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type MemberRow = {
  memberUid: Uid
  companyUid: Uid
  email: string
  name: string
  role: 'admin' | 'member'
  created: Date
}

const columns = sql`member_uid as "memberUid", company_uid as "companyUid", email, name, role, created`

/** Adds a member; null when the e-mail address is taken. */
export async function insertMember(tx: Tx, member: Omit<MemberRow, 'memberUid'>): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`
    insert into members (company_uid, email, name, role, created)
    values (${member.companyUid}, ${member.email}, ${member.name}, ${member.role}, ${member.created})
    on conflict (email) do nothing
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

export async function findMember(tx: Tx, memberUid: Uid): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`select ${columns} from members where member_uid = ${memberUid}`.execute(tx)
  return rows[0] ?? null
}

export async function findMemberByEmail(tx: Tx, email: string): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`select ${columns} from members where email = ${email}`.execute(tx)
  return rows[0] ?? null
}
