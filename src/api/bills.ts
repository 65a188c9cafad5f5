import { listBillPage } from '../storage/list-bill-page.ts'
import { askForPage, dataQuery } from './data-query.ts'
import type { Endpoint } from './endpoint.ts'
import { listing } from './listing.ts'
import { renderBill } from './render/bill.ts'
import { bill } from './answers/bill.ts'
import { listingOf } from './answers/fields.ts'

export const billEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/bills',
    summary: 'Lists bills of meters or authorizations, newest first',
    scope: 'read',
    query: dataQuery,
    answer: listingOf('bills', bill),
    async run(call) {
      const { deps } = call
      const { meters, page } = await askForPage(call, listBillPage)
      const known = new Map(meters.map((meter) => [meter.meterUid, meter]))
      const rows = page.rows.flatMap((row) => {
        const meter = known.get(row.meterUid)
        return meter ? [{ row, meter }] : []
      })
      return listing(
        call,
        '/bills',
        { rows, hasMore: page.hasMore },
        {
          plural: 'bills',
          uidOf: ({ row }) => row.billUid,
          render: ({ row, meter: { facts, utility, zone } }) =>
            renderBill(row, { meter: facts, utility, zone, publicUrl: deps.publicUrl }),
        },
      )
    },
  },
]
