import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { type ListedTemplate, listTemplatePage } from '../storage/list-template-page.ts'
import { notFound } from './api-error.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { listing } from './listing.ts'
import { flag, paging, parseParameters, uidList } from './parameters.ts'
import { renderTemplate, renderTemplateSettings } from './render/template.ts'
import { listingOf } from './answers/fields.ts'
import { template } from './answers/template.ts'

const query = z.object({ ...paging, uids: uidList, disabled: flag })

/** A template of the caller. Throws ApiError `not_found`. */
export async function getTemplate(tx: Tx, uid: string): Promise<ListedTemplate> {
  const filter = { uids: [uid], disabled: null, after: null, limit: 1 }
  const { rows } = isUid(uid) ? await listTemplatePage(tx, filter) : { rows: [] }
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** As the version of the call tells it. */
export function render(row: ListedTemplate, { deps, isNative }: Call): Record<string, unknown> {
  return { ...renderTemplate(row, deps.publicUrl), ...(isNative ? renderTemplateSettings(row) : {}) }
}

export const templateEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/templates',
    summary: 'Lists templates, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('templates', template),
    async run(call) {
      const { deps, companyUid } = call
      const filter = parseParameters(query, call.query)
      const page = await deps.db.company(companyUid, (tx) => listTemplatePage(tx, filter))
      return listing(call, '/templates', page, {
        plural: 'templates',
        uidOf: ({ templateUid }) => templateUid,
        render: (row) => render(row, call),
      })
    },
  },
  {
    method: 'GET',
    path: '/templates/:uid',
    summary: 'Gets a template',
    scope: 'read',
    query: z.object({}),
    answer: template,
    async run(call) {
      return render(
        await call.deps.db.company(call.companyUid, (tx) => getTemplate(tx, call.params['uid'] ?? '')),
        call,
      )
    },
  },
]
