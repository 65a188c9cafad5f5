import { z } from 'zod'

import { type ListedBillingSummary, listBillingSummaryPage } from '../storage/list-billing-summary-page.ts'
import { ApiError, requiredParam } from './api-error.ts'
import { type Call, type Endpoint, zoneOf } from './endpoint.ts'
import { csvFile } from './files-csv.ts'
import { parseParameters, uidList } from './parameters.ts'
import { renderSummaryCsv, summaryCsvHead } from './render/summary-csv.ts'

const query = z.object({ authorizations: uidList, billing_accounts: uidList, meters: uidList })

async function* readSummaries(call: Call): AsyncGenerator<ListedBillingSummary[]> {
  const { billing_accounts: billingAccounts, ...given } = parseParameters(query, call.query)
  if ([billingAccounts, given.authorizations, given.meters].every((one) => one === null))
    throw requiredParam('authorizations')
  const filter = { ...given, billingAccounts, uids: null, limit: 1000 }
  for (let after: string | null = null; ;) {
    const page = await call.deps.db.company(call.companyUid, (tx) => listBillingSummaryPage(tx, { ...filter, after }))
    if (page.rows.length > 0) yield page.rows
    after = page.rows.at(-1)?.billingSummaryUid ?? null
    if (!page.hasMore || after === null) return
  }
}

async function* writeSummaries(
  { deps }: Call,
  first: ListedBillingSummary[],
  rest: AsyncGenerator<ListedBillingSummary[]>,
): AsyncGenerator<string> {
  const render = (rows: ListedBillingSummary[]): string =>
    rows.map((row) => renderSummaryCsv(row, { zone: zoneOf(deps, row.utility), publicUrl: deps.publicUrl })).join('')
  yield summaryCsvHead() + render(first)
  for await (const rows of rest) yield render(rows)
}

/** Accounting data as a file (utilityapi.md section 11). */
export const billingCsvEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/files/billing_summaries_csv',
    summary: 'Billing summaries as one CSV file',
    scope: 'read',
    query,
    answer: { mediaType: 'text/csv' },
    async run(call) {
      const summaries = readSummaries(call)
      const first = await summaries.next()
      if (first.done)
        throw new ApiError('not_found', 'No billing summaries found matching the given filter parameters.')
      return csvFile(call, 'billing_summaries', writeSummaries(call, first.value, summaries))
    },
  },
]
