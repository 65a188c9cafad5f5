import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { type ListedBillingSummary, listBillingSummaryPage } from '../storage/list-billing-summary-page.ts'
import { notFound } from './api-error.ts'
import { type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { listing } from './listing.ts'
import { paging, parseParameters, uidList } from './parameters.ts'
import { renderBillingSummary } from './render/billing.ts'
import { billingSummary } from './answers/billing.ts'
import { listingOf } from './answers/fields.ts'

const query = z.object({
  ...paging,
  uids: uidList,
  authorizations: uidList,
  billing_accounts: uidList,
  meters: uidList,
})

function render(row: ListedBillingSummary, { deps }: Call): Record<string, unknown> {
  return renderBillingSummary(row, { zone: zoneOf(deps, row.utility), publicUrl: deps.publicUrl })
}

export const billingSummaryEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounting/billing-summaries',
    summary: 'Lists billing summaries, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('billing_summaries', billingSummary),
    async run(call) {
      const { billing_accounts: billingAccounts, ...filter } = parseParameters(query, call.query)
      const page = await call.deps.db.company(call.companyUid, (tx) =>
        listBillingSummaryPage(tx, { ...filter, billingAccounts }),
      )
      return listing(call, '/accounting/billing-summaries', page, {
        plural: 'billing_summaries',
        uidOf: ({ billingSummaryUid }) => billingSummaryUid,
        render: (row) => render(row, call),
      })
    },
  },
  {
    method: 'GET',
    path: '/accounting/billing-summaries/:uid',
    summary: 'Gets a billing summary',
    scope: 'read',
    query: z.object({}),
    answer: billingSummary,
    async run(call) {
      const { uid = '' } = call.params
      if (!isUid(uid)) throw notFound()
      const filter = { uids: [uid], authorizations: null, billingAccounts: null, meters: null, after: null, limit: 1 }
      const { rows } = await call.deps.db.company(call.companyUid, (tx) => listBillingSummaryPage(tx, filter))
      if (!rows[0]) throw notFound()
      return render(rows[0], call)
    },
  },
]
