import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { listTemplatePage } from '../storage/list-template-page.ts'
import { notFound } from './api-error.ts'
import type { Endpoint } from './endpoint.ts'
import { listing } from './listing.ts'
import { flag, paging, parseParameters, uidList } from './parameters.ts'
import { renderTemplate } from './render/template.ts'
import { listingOf } from './answers/fields.ts'
import { template } from './answers/template.ts'

const query = z.object({ ...paging, uids: uidList, disabled: flag })

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
        render: (row) => renderTemplate(row, deps.publicUrl),
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
    async run({ deps, companyUid, params: { uid = '' } }) {
      if (!isUid(uid)) throw notFound()
      const filter = { uids: [uid], disabled: null, after: null, limit: 1 }
      const { rows } = await deps.db.company(companyUid, (tx) => listTemplatePage(tx, filter))
      if (!rows[0]) throw notFound()
      return renderTemplate(rows[0], deps.publicUrl)
    },
  },
]
