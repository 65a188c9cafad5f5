import type { ListedBillingSummary } from '../../storage/list-billing-summary-page.ts'
import { csvText } from './csv-cell.ts'
import { csvLine } from './csv-table.ts'
import { moneyOrNull } from './decimals.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'

/** The first line. The incumbent's columns of this file are not known. */
export function summaryCsvHead(): string {
  return csvLine([
    'billing_summary_uid',
    'billing_account_uid',
    'authorization_uid',
    'utility',
    'meter_uids',
    'statement_date',
    'new_charges_amount',
    'currency',
    'new_charges',
    'source',
    'updated',
  ])
}

/** One billing summary as a line. `new_charges` counts them; each is in the file of line items. */
export function renderSummaryCsv(
  row: ListedBillingSummary,
  { zone, publicUrl }: { zone: string; publicUrl: string },
): string {
  const { statementDate, newCharges, newChargesAmountE5, currency } = row.facts
  const amount = moneyOrNull(newChargesAmountE5)
  const [source] = renderSources(publicUrl, row.authorizationUid, row.sources)
  return csvLine([
    row.billingSummaryUid,
    row.billingAccountUid,
    row.authorizationUid,
    csvText(row.utility),
    [...new Set(newCharges.flatMap(({ meter_uid }) => meter_uid ?? []))].join(' '),
    statementDate === null ? '' : localTimes(zone)(statementDate),
    amount === null ? '' : String(amount),
    csvText(currency),
    String(newCharges.filter(({ cost_e5 }) => cost_e5 !== null).length),
    source?.raw_url ?? '',
    platformTime(row.updated),
  ])
}
