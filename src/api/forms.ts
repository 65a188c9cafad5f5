import { randomBytes } from 'node:crypto'

import { z } from 'zod'

import { newKey } from '../authorization/keys.ts'
import { isUid, type Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { deleteForm, editForm } from '../storage/edit-form.ts'
import { appendEvent } from '../storage/events.ts'
import { insertForm } from '../storage/forms.ts'
import { labelForm } from '../storage/labels.ts'
import { type ListedForm, listFormPage } from '../storage/list-form-page.ts'
import { listTemplatePage } from '../storage/list-template-page.ts'
import { ApiError, notFound } from './api-error.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { createBody, modifyBody, ownAuthorization, toFormEdit } from './form-body.ts'
import { readExternalId, readLabelEdit, renderLabels } from './labels.ts'
import { listing } from './listing.ts'
import { flag, paging, parseParameters, uidList } from './parameters.ts'
import { renderForm } from './render/form.ts'
import { listingOf, success } from './answers/fields.ts'
import { form } from './answers/form.ts'

const query = z.object({
  ...paging,
  uids: uidList,
  templates: uidList,
  users: uidList,
  is_archived: flag,
  disabled: flag,
})

const UNFILTERED = { templates: null, users: null, isArchived: null, disabled: null, after: null, limit: 1 }

async function getForm(tx: Tx, uid: string): Promise<ListedForm> {
  const { rows } = isUid(uid) ? await listFormPage(tx, { ...UNFILTERED, uids: [uid] }) : { rows: [] }
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** The company's newest template that customers can be sent to. */
async function newestTemplate(tx: Tx): Promise<Uid> {
  const { rows } = await listTemplatePage(tx, { uids: null, disabled: false, after: null, limit: 1 })
  if (rows[0]) return rows[0].templateUid
  throw new ApiError('required_param_missing', 'Parameter "template_uid" is required: there is no enabled template.')
}

async function createForm(tx: Tx, call: Call): Promise<ListedForm> {
  const { deps, companyUid, memberUid } = call
  const now = deps.now()
  const edit = await toFormEdit(tx, deps, parseParameters(createBody, call.body))
  const labels = readLabelEdit(call)
  // A renewal is of one utility and usually of one person: what was not given comes from the authorization.
  const renewed = edit.authorizationUid ? await ownAuthorization(tx, deps, edit.authorizationUid) : null
  const made = await insertForm(tx, {
    companyUid,
    memberUid,
    templateUid: edit.templateUid ?? (await newestTemplate(tx)),
    key: newKey(randomBytes),
    authorizationUid: edit.authorizationUid ?? null,
    customerEmail: edit.customerEmail ?? renewed?.customerEmail ?? '',
    utility: edit.utility ?? renewed?.utility ?? '',
    scope: edit.scope ?? {},
    isArchived: false,
    disabled: false,
    expires: null,
    created: now,
    updated: now,
  })
  if (labels) await labelForm(tx, made.formUid, labels, now)
  await appendEvent(tx, { companyUid, type: 'form_created', formUid: made.formUid, now })
  return await getForm(tx, made.formUid)
}

function render(row: ListedForm, call: Call): Record<string, unknown> {
  return { ...renderForm(row, call.deps.publicUrl), ...renderLabels(row, call) }
}

export const formEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/forms',
    summary: 'Lists forms, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('forms', form),
    async run(call) {
      const { deps, companyUid } = call
      const { is_archived, ...filter } = parseParameters(query, call.query)
      const externalId = readExternalId(call)
      // Archived ones are hidden unless asked for.
      const isArchived = is_archived ?? (filter.uids === null ? false : null)
      const page = await deps.db.company(companyUid, (tx) => listFormPage(tx, { ...filter, isArchived, externalId }))
      return listing(call, '/forms', page, {
        plural: 'forms',
        uidOf: ({ formUid }) => formUid,
        render: (row) => render(row, call),
      })
    },
  },
  {
    method: 'POST',
    path: '/forms',
    summary: 'Makes a form for a customer',
    scope: 'forms',
    query: z.object({}),
    body: createBody,
    answer: form,
    async run(call) {
      return render(await call.deps.db.company(call.companyUid, (tx) => createForm(tx, call)), call)
    },
  },
  {
    method: 'GET',
    path: '/forms/:uid',
    summary: 'Gets a form',
    scope: 'read',
    query: z.object({}),
    answer: form,
    async run(call) {
      return render(await call.deps.db.company(call.companyUid, (tx) => getForm(tx, call.params['uid'] ?? '')), call)
    },
  },
  {
    method: 'PATCH',
    path: '/forms/:uid',
    summary: 'Changes a form',
    scope: 'forms',
    query: z.object({}),
    body: modifyBody,
    answer: form,
    async run(call) {
      const {
        deps,
        companyUid,
        body,
        params: { uid = '' },
      } = call
      const changed = await deps.db.company(companyUid, async (tx) => {
        await getForm(tx, uid)
        const labels = readLabelEdit(call)
        await editForm(tx, uid, await toFormEdit(tx, deps, parseParameters(modifyBody, body)), deps.now())
        if (labels) await labelForm(tx, uid, labels, deps.now())
        return await getForm(tx, uid)
      })
      return render(changed, call)
    },
  },
  {
    method: 'DELETE',
    path: '/forms/:uid',
    summary: 'Deletes a form',
    scope: 'forms',
    query: z.object({}),
    answer: success,
    async run({ deps, companyUid, params: { uid = '' } }) {
      await deps.db.company(companyUid, async (tx) => {
        await getForm(tx, uid)
        await deleteForm(tx, uid)
      })
      return { success: true }
    },
  },
]
