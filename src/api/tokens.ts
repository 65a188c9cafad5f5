import { z } from 'zod'

import { defaultExpiry, issueApiToken } from '../accounts/api-tokens.ts'
import { mayActOn, type Role, type Scope, scopesOf } from '../model/roles.ts'
import { isUid, type Uid } from '../model/uid.ts'
import {
  type ApiTokenRow,
  countUsableApiTokens,
  listApiTokenPage,
  revokeApiToken,
  shortenApiToken,
} from '../storage/api-tokens.ts'
import { appendAudit } from '../storage/audit.ts'
import type { Tx } from '../storage/db.ts'
import { rotateTokenBody, tokenBody } from './account-body.ts'
import { newToken, token } from './answers/account.ts'
import { listingOf, success } from './answers/fields.ts'
import { ApiError, invalidParam, notAllowed, notFound } from './api-error.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { listing } from './listing.ts'
import { findOwnMember } from './members.ts'
import { paging, parseParameters } from './parameters.ts'
import { renderToken } from './render/account.ts'

const TOKENS_LIMIT = 100
const LIFE_MS = 3660 * 86_400_000
const HOUR_MS = 3_600_000

const none = z.object({})
const query = z.object({ ...paging })

async function getToken(tx: Tx, uid: string | undefined): Promise<ApiTokenRow> {
  const { rows } =
    uid !== undefined && isUid(uid) ? await listApiTokenPage(tx, { uids: [uid], after: null, limit: 1 }) : { rows: [] }
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** A token that the caller may end. Throws ApiError `not_found` | `forbidden`. */
async function getSubject(tx: Tx, { role, params }: Call): Promise<ApiTokenRow> {
  const row = await getToken(tx, params['uid'])
  if (!mayActOn(role, row.role))
    throw new ApiError('forbidden', `This token is of a higher role (${row.role}) than yours.`)
  return row
}

/** Nobody gets more out of a token than they had, neither by its scopes nor by whose it is. */
function requireScopes(call: Call, scopes: readonly Scope[], role: Role): void {
  const beyond = scopes.filter((scope) => !call.scopes.includes(scope))
  if (beyond.length > 0) throw notAllowed('scopes', `your own token has no ${beyond.join(', ')}`)
  const foreign = scopes.filter((scope) => !scopesOf(role).includes(scope))
  if (foreign.length > 0) throw invalidParam('scopes', `a ${role} cannot have ${foreign.join(', ')}`)
}

async function ownerOf(tx: Tx, call: Call, given: Uid | undefined): Promise<{ memberUid: Uid; role: Role }> {
  if (given === undefined) return call
  const row = await findOwnMember(tx, given)
  if (!row) throw invalidParam('user_uid', 'there is no such member')
  if (!mayActOn(call.role, row.role)) throw notAllowed('user_uid', `is of a higher role (${row.role}) than you`)
  return row
}

function readExpiry(given: string | undefined, now: Date): Date {
  if (given === undefined) return defaultExpiry(now)
  const expires = new Date(given)
  if (expires <= now) throw invalidParam('expires', 'is over')
  if (expires.getTime() - now.getTime() > LIFE_MS) throw invalidParam('expires', 'must be within ten years')
  return expires
}

type Issued = { memberUid: Uid; name: string; scopes: readonly Scope[]; expires: Date }

/** Makes a token with its audit entry, and answers it with the token itself. */
async function issue(tx: Tx, call: Call<NativeDeps>, issued: Issued): Promise<Record<string, unknown>> {
  const { deps, companyUid } = call
  if ((await countUsableApiTokens(tx, deps.now())) >= TOKENS_LIMIT)
    throw new ApiError('forbidden', `There are ${TOKENS_LIMIT} tokens already. Revoke one.`)
  const made = await issueApiToken(tx, { now: deps.now, random: deps.random }, { ...issued, companyUid })
  const { tokenUid } = made
  await audit(tx, call, 'token_made', { tokenUid, memberUid: issued.memberUid, scopes: issued.scopes })
  return { ...renderToken(await getToken(tx, tokenUid)), token: made.token }
}

async function audit(tx: Tx, call: Call, action: string, details: Record<string, unknown>): Promise<void> {
  const { companyUid, deps, memberUid: by } = call
  await appendAudit(tx, { actor: 'company', action, companyUid, now: deps.now(), details: { ...details, by } })
}

async function create(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { name, scopes, expires: given, user_uid } = parseParameters(tokenBody, call.body)
  const expires = readExpiry(given, call.deps.now())
  return await call.deps.db.company(call.companyUid, async (tx) => {
    const { memberUid, role } = await ownerOf(tx, call, user_uid)
    requireScopes(call, scopes, role)
    return await issue(tx, call, { memberUid, name, scopes, expires })
  })
}

/** The new one lives as long as the old one was made for. */
async function rotate(call: Call<NativeDeps>): Promise<Record<string, unknown>> {
  const { deps, companyUid } = call
  const now = deps.now()
  return await deps.db.company(companyUid, async (tx) => {
    const old = await getSubject(tx, call)
    const { overlap_hours } = parseParameters(rotateTokenBody, call.body)
    const { tokenUid, memberUid, name, scopes, role } = old
    const until = new Date(now.getTime() + overlap_hours * HOUR_MS)
    if (!(await shortenApiToken(tx, tokenUid, until, now)))
      throw new ApiError('expired_or_revoked', 'This token has ended. Make a new one.')
    const kept = scopes.filter((scope) => scopesOf(role).includes(scope))
    requireScopes(call, kept, role)
    const expires = new Date(now.getTime() + old.expires.getTime() - old.created.getTime())
    return await issue(tx, call, { memberUid, name, scopes: kept, expires })
  })
}

async function revoke(call: Call): Promise<Record<string, unknown>> {
  await call.deps.db.company(call.companyUid, async (tx) => {
    const { tokenUid, revoked } = await getSubject(tx, call)
    if (revoked !== null) return
    await revokeApiToken(tx, tokenUid, call.deps.now())
    await audit(tx, call, 'token_revoked', { tokenUid })
  })
  return { success: true }
}

export const tokenEndpoints: readonly Endpoint<NativeDeps>[] = [
  {
    method: 'GET',
    path: '/tokens',
    summary: 'Lists tokens, newest first, with those that have ended',
    scope: 'account',
    query,
    answer: listingOf('tokens', token),
    async run(call) {
      const filter = parseParameters(query, call.query)
      const page = await call.deps.db.company(call.companyUid, (tx) => listApiTokenPage(tx, { ...filter, uids: null }))
      return listing(call, '/tokens', page, {
        plural: 'tokens',
        uidOf: ({ tokenUid }) => tokenUid,
        render: renderToken,
      })
    },
  },
  {
    method: 'POST',
    path: '/tokens',
    summary: 'Makes a token and shows it, this once',
    scope: 'account',
    query: none,
    body: tokenBody,
    answer: newToken,
    run: create,
  },
  {
    method: 'GET',
    path: '/tokens/:uid',
    summary: 'Gets a token, without itself',
    scope: 'account',
    query: none,
    answer: token,
    async run({ deps, companyUid, params }) {
      return renderToken(await deps.db.company(companyUid, (tx) => getToken(tx, params['uid'])))
    },
  },
  {
    method: 'POST',
    path: '/tokens/:uid/rotate',
    summary: 'Makes a successor of a token and shows it, this once',
    scope: 'account',
    query: none,
    body: rotateTokenBody,
    answer: newToken,
    run: rotate,
  },
  {
    method: 'DELETE',
    path: '/tokens/:uid',
    summary: 'Revokes a token at once',
    scope: 'account',
    query: none,
    answer: success,
    run: revoke,
  },
]
