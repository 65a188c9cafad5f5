import { z } from 'zod'

import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import type { FormEdit } from '../storage/edit-form.ts'
import { type ListedAuthorization, listAuthorizationPage } from '../storage/list-authorization-page.ts'
import { listTemplatePage } from '../storage/list-template-page.ts'
import { invalidParam } from './api-error.ts'
import type { ApiDeps } from './endpoint.ts'
import { bodyFlag, bodyUids, plainText } from './parameters.ts'

const uid = z.union([z.string(), z.int().transform(String)], 'must be a uid (digits)').nullish()
const TIME = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()], 'must be an ISO 8601 time')
const SCOPE_LIMIT = 2000

/** `expires`: until_revoked, a duration or a time; `ongoing_end`: a time. Keys of single utilities pass through. */
const scope = z
  .looseObject({
    expires: z.union(
      [z.literal('until_revoked'), z.string().regex(/^[1-9]\d{0,3}[dwmy]$/), TIME],
      'expires is not valid',
    ),
    ongoing_end: TIME.nullable(),
  })
  .partial()
  .refine((value) => isStorable(JSON.stringify(value)), 'is too long or holds characters that are not allowed')

/** What a database cannot hold inside JSON: NUL and halves of surrogate pairs, which JSON.stringify writes so. */
function isStorable(json: string): boolean {
  return json.length <= SCOPE_LIMIT && !/\\u(?:0000|d[89a-f])/i.test(json)
}

const email = z.union(
  [
    z.literal(''),
    z
      .email()
      .max(254)
      .check(z.refine((text) => !text.includes('\0'))),
  ],
  'must be an e-mail address',
)

export const createBody = z.object({
  template_uid: uid,
  authorization_uid: uid,
  customer_email: email.nullish(),
  utility: plainText.nullish(),
  scope: scope.nullish(),
})

export const modifyBody = createBody.extend({ is_archived: bodyFlag.nullish(), disabled: bodyFlag.nullish() })

type Given = z.output<typeof modifyBody>

/**
 * Checks what a body names against what the company has, and returns the columns to write; what was not given stays
 * out. Null empties a field. Throws ApiError `invalid_param`, equally for unknown and foreign uids.
 */
export async function toFormEdit(tx: Tx, deps: ApiDeps, given: Given): Promise<FormEdit> {
  const edit: FormEdit = {}
  if (typeof given.template_uid === 'string') edit.templateUid = await ownTemplate(tx, given.template_uid)
  if (given.authorization_uid === null) edit.authorizationUid = null
  if (typeof given.authorization_uid === 'string')
    edit.authorizationUid = (await ownAuthorization(tx, deps, given.authorization_uid)).authorizationUid
  if (given.customer_email !== undefined) edit.customerEmail = given.customer_email ?? ''
  if (given.utility !== undefined) edit.utility = knownUtility(deps, given.utility ?? '')
  if (given.scope !== undefined) edit.scope = given.scope ?? {}
  if (typeof given.is_archived === 'boolean') edit.isArchived = given.is_archived
  if (typeof given.disabled === 'boolean') edit.disabled = given.disabled
  return edit
}

function knownUtility(deps: ApiDeps, id: string): string {
  if (id !== '' && deps.utilityOf(id) === null) throw invalidParam('utility', 'there is no such utility')
  return id
}

async function ownTemplate(tx: Tx, given: string): Promise<Uid> {
  const uids = bodyUids.safeParse(given).data ?? []
  const { rows } = await listTemplatePage(tx, { uids, disabled: null, after: null, limit: 1 })
  if (!rows[0]) throw invalidParam('template_uid', 'there is no such template')
  return rows[0].templateUid
}

/** An authorization that can still be renewed. */
export async function ownAuthorization(tx: Tx, deps: ApiDeps, given: string): Promise<ListedAuthorization> {
  const uids = bodyUids.safeParse(given).data ?? []
  const { rows } = await listAuthorizationPage(tx, { ...NO_FILTER, uids, now: deps.now(), after: null, limit: 1 })
  const [row] = rows
  if (!row) throw invalidParam('authorization_uid', 'there is no such authorization')
  if (row.state === 'revoked' || row.state === 'declined')
    throw invalidParam('authorization_uid', `the authorization was ${row.state} and cannot be renewed`)
  return row
}

const NO_FILTER = {
  forms: null,
  templates: null,
  users: null,
  referrals: null,
  utilities: null,
  isArchived: null,
  isDeclined: null,
  isTest: null,
  isRevoked: null,
  isExpired: null,
}
