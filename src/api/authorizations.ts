import { z } from 'zod'

import { StepRefused } from '../authorization/states.ts'
import { isUid, type Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import type { Tx } from '../storage/db.ts'
import { deleteAuthorization, editAuthorization } from '../storage/edit-authorization.ts'
import {
  type AuthorizationFilter,
  findAuthorization,
  type ListedAuthorization,
  listAuthorizationPage,
} from '../storage/list-authorization-page.ts'
import { labelAuthorization } from '../storage/labels.ts'
import { type ListedMeter, listMetersOfEach } from '../storage/list-meter-page.ts'
import { ApiError, notFound } from './api-error.ts'
import { type ApiDeps, type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { readExternalId, readLabelEdit, renderLabels } from './labels.ts'
import { listing } from './listing.ts'
import { bodyFlag, flag, paging, parseParameters, plainText, textList, uidList } from './parameters.ts'
import { renderAuthorization } from './render/authorization.ts'
import { renderMeter } from './render/meter.ts'
import { authorization } from './answers/authorization.ts'
import { listingOf, success } from './answers/fields.ts'

/**
 * `meters`: nested meters; `blocks`: with all their blocks. expand_meter_blocks is accepted: blocks are always there.
 */
const including = { include: textList, expand_meter_blocks: flag }

const oneQuery = z.object(including)

const query = z.object({
  ...paging,
  ...including,
  uids: uidList,
  forms: uidList,
  templates: uidList,
  users: uidList,
  referrals: textList,
  utility: textList,
  is_archived: flag,
  is_declined: flag,
  is_test: flag,
  is_revoked: flag,
  is_expired: flag,
})

const modifyBody = z.object({ is_archived: bodyFlag.nullish(), nickname: plainText.nullable().optional() })
const NESTED_LIMIT = 1000

function toFilter(given: z.output<typeof query>, now: Date): AuthorizationFilter {
  // Archived ones are hidden from plain lists; who names what he wants gets it.
  const isNamed = given.uids !== null || given.referrals !== null
  return {
    ...given,
    utilities: given.utility,
    isArchived: given.is_archived ?? (isNamed ? null : false),
    isDeclined: given.is_declined,
    isTest: given.is_test,
    isRevoked: given.is_revoked,
    isExpired: given.is_expired,
    now,
  }
}

async function getAuthorization(tx: Tx, uid: string): Promise<ListedAuthorization> {
  const row = isUid(uid) ? await findAuthorization(tx, uid) : null
  if (row === null) throw notFound()
  return row
}

/** One authorization as JSON, in its own transaction, with what was asked to be included. */
async function answerOne(call: Call): Promise<Record<string, unknown>> {
  const {
    deps,
    companyUid,
    query,
    params: { uid = '' },
  } = call
  const { include } = parseParameters(oneQuery, query)
  const { row, meters } = await deps.db.readCompany(companyUid, async (tx) => {
    const row = await getAuthorization(tx, uid)
    return { row, meters: include?.includes('meters') ? await listMetersOfEach(tx, [uid], NESTED_LIMIT) : null }
  })
  return render(row, { call, meters, include })
}

type Nested = { call: Call; meters: ListedMeter[] | null; include: string[] | null }

function render(row: ListedAuthorization, nested: Nested): Record<string, unknown> {
  const mine = nested.meters?.filter(({ authorizationUid }) => authorizationUid === row.authorizationUid)
  const { call } = nested
  const { deps } = call
  const meters = mine && nest(row.authorizationUid, mine, nested)
  return {
    ...renderAuthorization(row, { now: deps.now(), publicUrl: deps.publicUrl, meters }),
    ...renderLabels(row, call),
  }
}

function nest(authorizationUid: Uid, meters: ListedMeter[], { call, include }: Nested) {
  const { deps, prefix } = call
  const shown = meters.slice(0, NESTED_LIMIT)
  const last = shown.at(-1)
  const more = `${deps.publicUrl}${prefix}/meters?authorizations=${authorizationUid}&after=${last?.meterUid ?? ''}`
  const withBlocks = include?.includes('blocks') ?? false
  return {
    meters: shown.map((meter) => ({
      ...renderMeter(meter, { zone: zoneOf(deps, meter.utility), withBlocks, publicUrl: deps.publicUrl }),
      ...renderLabels(meter, call),
    })),
    next: meters.length > NESTED_LIMIT ? more : null,
  }
}

export const authorizationEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/authorizations',
    summary: 'Lists authorizations, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('authorizations', authorization),
    async run(call) {
      const { deps, companyUid } = call
      const given = parseParameters(query, call.query)
      const externalId = readExternalId(call)
      const { page, meters } = await deps.db.readCompany(companyUid, async (tx) => {
        const page = await listAuthorizationPage(tx, { ...toFilter(given, deps.now()), externalId })
        const uids = page.rows.map(({ authorizationUid }) => authorizationUid)
        return {
          page,
          meters: given.include?.includes('meters') ? await listMetersOfEach(tx, uids, NESTED_LIMIT) : null,
        }
      })
      return listing(call, '/authorizations', page, {
        plural: 'authorizations',
        uidOf: ({ authorizationUid }) => authorizationUid,
        render: (row) => render(row, { call, meters, include: given.include }),
      })
    },
  },
  {
    method: 'GET',
    path: '/authorizations/:uid',
    summary: 'Gets an authorization',
    scope: 'read',
    query: oneQuery,
    answer: authorization,
    run: answerOne,
  },
  {
    method: 'PATCH',
    path: '/authorizations/:uid',
    summary: 'Archives an authorization or gives it a nickname',
    scope: 'authorizations',
    query: oneQuery,
    body: modifyBody,
    answer: authorization,
    async run(call) {
      const { deps, companyUid, body, params } = call
      const { uid = '' } = params
      await deps.db.company(companyUid, async (tx) => {
        await getAuthorization(tx, uid)
        const { is_archived: isArchived, nickname } = parseParameters(modifyBody, body)
        const labels = readLabelEdit(call)
        await editAuthorization(tx, uid, { isArchived, nickname }, deps.now())
        if (labels) await labelAuthorization(tx, uid, labels, deps.now())
      })
      return await answerOne(call)
    },
  },
  {
    method: 'DELETE',
    path: '/authorizations/:uid',
    summary: 'Deletes a test authorization with its data',
    scope: 'test',
    query: z.object({}),
    answer: success,
    async run({ deps, companyUid, params: { uid = '' } }) {
      const row = await deps.db.company(companyUid, (tx) => getAuthorization(tx, uid))
      if (!row.isTest)
        throw new ApiError('forbidden', 'Only test authorizations can be deleted. Revoke or archive this one.')
      if (isRunning(row)) await revoke(deps, uid) // so that the utility is told as well
      await deps.db.company(companyUid, async (tx) => {
        await deleteAuthorization(tx, uid)
        const audit = { companyUid, authorizationUid: uid, now: deps.now() }
        await appendAudit(tx, { actor: 'company', action: 'test_authorization_deleted', ...audit })
      })
      return { success: true }
    },
  },
  {
    method: 'POST',
    path: '/authorizations/:uid/revoke',
    summary: 'Ends an authorization for good and deletes its data',
    scope: 'authorizations',
    query: oneQuery,
    answer: authorization,
    async run(call) {
      const { deps, companyUid, params } = call
      const { uid = '' } = params
      const row = await deps.db.company(companyUid, (tx) => getAuthorization(tx, uid))
      if (isRunning(row)) await revoke(deps, uid)
      return await answerOne(call)
    },
  },
]

/** Two revocations at once are one: the slower finds that the step was made. */
async function revoke(deps: ApiDeps, authorizationUid: Uid): Promise<void> {
  try {
    await deps.revoke(authorizationUid, 'company')
  } catch (error) {
    if (!(error instanceof StepRefused)) throw error
  }
}

/** What ended already keeps the time of its end: a repeated revocation changes nothing. */
function isRunning({ state }: ListedAuthorization): boolean {
  return state === 'active' || state === 'needs_reauthorization'
}
