import type { BillingSummary } from '../../storage/billing.ts'
import type { ListedBillingAccount } from '../../storage/list-billing-account-page.ts'
import type { ListedBillingSummary } from '../../storage/list-billing-summary-page.ts'
import { moneyNumber, moneyOrNull } from './decimals.ts'
import type { Note } from './notes.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'

type Context = { zone: string; publicUrl: string }

/** BillingAccount, utilityapi.md 6.8. */
export function renderBillingAccount(row: ListedBillingAccount, { zone, publicUrl }: Context): Record<string, unknown> {
  const local = localTimes(zone)
  const dates = row.summaries.flatMap(({ statementDate }) => (statementDate === null ? [] : [local(statementDate)]))
  const isStrange = row.summaries.some((facts) => !addsUp(facts))
  const note: Note = {
    type: 'billing_summaries_strange',
    msg: 'The charges of a billing summary do not add up. See the notes on the summary.',
    ts: platformTime(row.updated),
  }
  return {
    uid: row.billingAccountUid,
    authorization_uid: row.authorizationUid,
    meter_uids: row.meterUids,
    notes: isStrange ? [note] : [],
    statement_dates: dates,
    blocks: ['base', 'sources'],
    base: {
      billing_contact: row.facts.billingContact,
      billing_address: row.facts.billingAddress,
      billing_account: row.facts.accountNumber,
    },
    sources: renderSources(publicUrl, row.authorizationUid, row.source === null ? [] : [row.source]),
  }
}

/**
 * BillingSummary, utilityapi.md 6.8. Green Button tells the charges of a period, but neither balances nor payments:
 * those are null. A charge without an amount only informs and is left out.
 */
export function renderBillingSummary(row: ListedBillingSummary, { zone, publicUrl }: Context): Record<string, unknown> {
  const { facts } = row
  const meters = facts.newCharges.flatMap(({ meter_uid }) => meter_uid ?? [])
  const note: Note = {
    type: 'audit_failed_on_new_charges',
    msg: 'The charges do not add up to the amount of new charges.',
    ts: platformTime(row.updated),
  }
  return {
    uid: row.billingSummaryUid,
    billing_account_uid: row.billingAccountUid,
    authorization_uid: row.authorizationUid,
    meter_uids: [...new Set(meters)],
    notes: addsUp(facts) ? [] : [note],
    blocks: ['base', 'new_charges', 'sources'],
    base: {
      amount_due: null,
      amount_due_date: null,
      new_balance_amount: null,
      new_charges_amount: moneyOrNull(facts.newChargesAmountE5),
      previous_balance_amount: null,
      previous_balance_unpaid: null,
      previous_payment_amount: null,
      statement_date: facts.statementDate === null ? null : localTimes(zone)(facts.statementDate),
    },
    new_charges: facts.newCharges.flatMap(({ name, cost_e5 }) =>
      cost_e5 === null ? [] : [{ name, cost: moneyNumber(cost_e5) }],
    ),
    sources: renderSources(publicUrl, row.authorizationUid, row.sources),
  }
}

function addsUp({ newCharges, newChargesAmountE5 }: BillingSummary['facts']): boolean {
  const costs = newCharges.flatMap(({ cost_e5 }) => cost_e5 ?? [])
  return newChargesAmountE5 === null || costs.length === 0 || sum(costs) === newChargesAmountE5
}

function sum(costs: readonly number[]): number {
  return costs.reduce((total, cost) => total + cost, 0)
}
