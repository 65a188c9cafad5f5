import { z } from 'zod'

import { mayActOn, type Role } from '../model/roles.ts'
import { isUid, type Uid } from '../model/uid.ts'
import { revokeTokensOf } from '../storage/api-tokens.ts'
import { appendAudit } from '../storage/audit.ts'
import type { Tx } from '../storage/db.ts'
import {
  editMember,
  insertMember,
  listMemberPage,
  lockOwners,
  type MemberRow,
  removeMember,
} from '../storage/members.ts'
import { memberBody, memberEdit } from './account-body.ts'
import { member } from './answers/account.ts'
import { listingOf, success } from './answers/fields.ts'
import { ApiError, invalidParam, notAllowed, notFound } from './api-error.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { listing } from './listing.ts'
import { paging, parseParameters } from './parameters.ts'
import { renderMember } from './render/account.ts'

const MEMBERS_LIMIT = 500

const none = z.object({})
const query = z.object({ ...paging })

/** A member of the caller's company, or null. */
export async function findOwnMember(tx: Tx, uid: string): Promise<MemberRow | null> {
  const { rows } = isUid(uid) ? await listMemberPage(tx, { uids: [uid], after: null, limit: 1 }) : { rows: [] }
  return rows[0] ?? null
}

/** A member whom the caller may change. Throws ApiError `not_found` | `forbidden`. */
async function getSubject(tx: Tx, { role, params }: Call): Promise<MemberRow> {
  const row = await findOwnMember(tx, params['uid'] ?? '')
  if (!row) throw notFound()
  if (!mayActOn(role, row.role))
    throw new ApiError('forbidden', `This member is of a higher role (${row.role}) than you.`)
  return row
}

/** Nobody makes a member who may more than they. */
function requireRank(call: Call, role: Role): void {
  if (!mayActOn(call.role, role)) throw notAllowed('role', `only who is ${role} makes another ${role}`)
}

/** A company without an owner could never have one again. */
async function keepAnOwner(tx: Tx, memberUid: Uid, refusal: () => ApiError): Promise<void> {
  const others = (await lockOwners(tx)).filter((uid) => uid !== memberUid)
  if (others.length === 0) throw refusal()
}

async function audit(tx: Tx, call: Call, action: string, details: { memberUid: Uid; role?: Role }): Promise<void> {
  const { companyUid, deps, memberUid: by } = call
  await appendAudit(tx, { actor: 'company', action, companyUid, now: deps.now(), details: { ...details, by } })
}

async function add(call: Call): Promise<Record<string, unknown>> {
  const { deps, companyUid } = call
  const given = parseParameters(memberBody, call.body)
  requireRank(call, given.role)
  return await deps.db.company(companyUid, async (tx) => {
    const { hasMore } = await listMemberPage(tx, { uids: null, after: null, limit: MEMBERS_LIMIT - 1 })
    if (hasMore) throw new ApiError('forbidden', `There are ${MEMBERS_LIMIT} members already.`)
    const row = await insertMember(tx, { ...given, companyUid, created: deps.now() })
    if (!row) throw invalidParam('email', 'there is a member with this address')
    await audit(tx, call, 'member_added', { memberUid: row.memberUid, role: row.role })
    return renderMember(row)
  })
}

async function change(call: Call): Promise<Record<string, unknown>> {
  return await call.deps.db.company(call.companyUid, async (tx) => {
    const subject = await getSubject(tx, call)
    const { memberUid } = subject
    const { name, role } = parseParameters(memberEdit, call.body)
    if (role !== undefined && role !== subject.role) {
      requireRank(call, role)
      if (subject.role === 'owner') await keepAnOwner(tx, memberUid, () => notAllowed('role', LAST_OWNER))
      await audit(tx, call, 'member_role_changed', { memberUid, role })
    }
    await editMember(tx, memberUid, {
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role }),
    })
    return renderMember({ ...subject, name: name ?? subject.name, role: role ?? subject.role })
  })
}

async function remove(call: Call): Promise<Record<string, unknown>> {
  const now = call.deps.now()
  await call.deps.db.company(call.companyUid, async (tx) => {
    const { memberUid, role } = await getSubject(tx, call)
    if (role === 'owner')
      await keepAnOwner(tx, memberUid, () => new ApiError('forbidden', `This member cannot be removed: ${LAST_OWNER}.`))
    await removeMember(tx, memberUid, now)
    await revokeTokensOf(tx, memberUid, now)
    await audit(tx, call, 'member_removed', { memberUid })
  })
  return { success: true }
}

const LAST_OWNER = 'a company keeps at least one owner'

export const memberEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/members',
    summary: 'Lists the members of the company, oldest first',
    scope: 'account',
    query,
    answer: listingOf('members', member),
    async run(call) {
      const filter = parseParameters(query, call.query)
      const page = await call.deps.db.company(call.companyUid, (tx) => listMemberPage(tx, { ...filter, uids: null }))
      return listing(call, '/members', page, {
        plural: 'members',
        uidOf: ({ memberUid }) => memberUid,
        render: renderMember,
      })
    },
  },
  {
    method: 'POST',
    path: '/members',
    summary: 'Adds a member',
    scope: 'account',
    query: none,
    body: memberBody,
    answer: member,
    run: add,
  },
  {
    method: 'GET',
    path: '/members/:uid',
    summary: 'Gets a member',
    scope: 'account',
    query: none,
    answer: member,
    async run({ deps, companyUid, params }) {
      const row = await deps.db.company(companyUid, (tx) => findOwnMember(tx, params['uid'] ?? ''))
      if (!row) throw notFound()
      return renderMember(row)
    },
  },
  {
    method: 'PATCH',
    path: '/members/:uid',
    summary: 'Changes the name or role of a member',
    scope: 'account',
    query: none,
    body: memberEdit,
    answer: member,
    run: change,
  },
  {
    method: 'DELETE',
    path: '/members/:uid',
    summary: 'Removes a member and ends their tokens; what they made stays',
    scope: 'account',
    query: none,
    answer: success,
    run: remove,
  },
]
