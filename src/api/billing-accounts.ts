import { z } from 'zod'

import { isUid } from '../model/uid.ts'
import { type ListedBillingAccount, listBillingAccountPage } from '../storage/list-billing-account-page.ts'
import { notFound } from './api-error.ts'
import { type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { listing } from './listing.ts'
import { paging, parseParameters, uidList } from './parameters.ts'
import { renderBillingAccount } from './render/billing.ts'
import { billingAccount } from './answers/billing.ts'
import { listingOf } from './answers/fields.ts'

const query = z.object({ ...paging, uids: uidList, authorizations: uidList, meters: uidList })

function render(row: ListedBillingAccount, { deps }: Call): Record<string, unknown> {
  return renderBillingAccount(row, { zone: zoneOf(deps, row.utility), publicUrl: deps.publicUrl })
}

export const billingAccountEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounting/billing-accounts',
    summary: 'Lists billing accounts, newest first',
    scope: 'read',
    query: query,
    answer: listingOf('billing_accounts', billingAccount),
    async run(call) {
      const filter = parseParameters(query, call.query)
      const page = await call.deps.db.company(call.companyUid, (tx) => listBillingAccountPage(tx, filter))
      return listing(call, '/accounting/billing-accounts', page, {
        plural: 'billing_accounts',
        uidOf: ({ billingAccountUid }) => billingAccountUid,
        render: (row) => render(row, call),
      })
    },
  },
  {
    method: 'GET',
    path: '/accounting/billing-accounts/:uid',
    summary: 'Gets a billing account',
    scope: 'read',
    query: z.object({}),
    answer: billingAccount,
    async run(call) {
      const { uid = '' } = call.params
      if (!isUid(uid)) throw notFound()
      const filter = { uids: [uid], authorizations: null, meters: null, after: null, limit: 1 }
      const { rows } = await call.deps.db.company(call.companyUid, (tx) => listBillingAccountPage(tx, filter))
      if (!rows[0]) throw notFound()
      return render(rows[0], call)
    },
  },
]
