import { sql } from 'kysely'

import type { Role } from '../model/roles.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page } from './list-page.ts'

export type MemberRow = {
  memberUid: Uid
  companyUid: Uid
  email: string
  name: string
  role: Role
  created: Date
}

const columns = sql`member_uid as "memberUid", company_uid as "companyUid", email, name, role, created`

/** Adds a member; null when the company has one with this e-mail address. */
export async function insertMember(tx: Tx, member: Omit<MemberRow, 'memberUid'>): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`
    insert into members (company_uid, email, name, role, created)
    values (${member.companyUid}, ${member.email}, ${member.name}, ${member.role}, ${member.created})
    on conflict (company_uid, lower(email)) where removed is null do nothing
    returning ${columns}`.execute(tx)
  return rows[0] ?? null
}

/** Also one who was removed: what they made still names them. */
export async function findMember(tx: Tx, memberUid: Uid): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`select ${columns} from members where member_uid = ${memberUid}`.execute(tx)
  return rows[0] ?? null
}

/** The member of a company with this e-mail address, in whatever case. */
export async function findMemberByEmail(tx: Tx, companyUid: Uid, email: string): Promise<MemberRow | null> {
  const { rows } = await sql<MemberRow>`
    select ${columns} from members
     where company_uid = ${companyUid} and lower(email) = lower(${email}) and removed is null`.execute(tx)
  return rows[0] ?? null
}

/** A company's members, oldest first, `after` exclusive. Runs under row-level security. */
export async function listMemberPage(
  tx: Tx,
  { uids, after, limit }: { uids: Uid[] | null; after: Uid | null; limit: number },
): Promise<Page<MemberRow>> {
  const { rows } = await sql<MemberRow>`
    select ${columns} from members
     where removed is null
       and (${uids}::bigint[] is null or member_uid = any(${uids}::bigint[]))
       and (${after}::bigint is null or member_uid > ${after}::bigint)
     order by member_uid limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/**
 * The owners of a company, locked until the transaction ends, so that of two who leave at once one sees that the other did.
 * Runs under row-level security.
 */
export async function lockOwners(tx: Tx): Promise<Uid[]> {
  const { rows } = await sql<{ memberUid: Uid }>`
    select member_uid as "memberUid" from members
     where role = 'owner' and removed is null order by member_uid for update`.execute(tx)
  return rows.map(({ memberUid }) => memberUid)
}

/** Changes what is given. */
export async function editMember(tx: Tx, memberUid: Uid, edit: { name?: string; role?: Role }): Promise<void> {
  await sql`
    update members set name = coalesce(${edit.name ?? null}::text, name), role = coalesce(${edit.role ?? null}::text, role)
     where member_uid = ${memberUid} and removed is null`.execute(tx)
}

/** Removes a member; the row stays, for what they made. */
export async function removeMember(tx: Tx, memberUid: Uid, now: Date): Promise<void> {
  await sql`update members set removed = ${now} where member_uid = ${memberUid} and removed is null`.execute(tx)
}
