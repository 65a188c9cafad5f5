import type { Uid } from '../model/uid.ts'
import {
  type BillingSummary,
  readBillingAccounts,
  saveBillingSummaries,
  type StoredAccount,
} from '../storage/billing.ts'
import { readBills, type StoredBill } from '../storage/bills.ts'
import type { Tx } from '../storage/db.ts'
import { listMeterFacts } from '../storage/meters.ts'
import { currencyE5 } from '../units/currency-e5.ts'

/**
 * Derives the accounting product from what is stored: all bills of one billing account that cover the same period are one
 * summary. Utilities send no statements over Green Button, so balances and payments stay unknown and are never guessed.
 * Repeating it changes nothing.
 */
export async function deriveBillingSummaries(tx: Tx, authorizationUid: Uid, now: Date): Promise<void> {
  const accounts = await readBillingAccounts(tx, authorizationUid)
  if (accounts.length === 0) return
  const meters = await listMeterFacts(tx, authorizationUid)
  const accountOf = new Map<Uid, StoredAccount>()
  for (const { meterUid, facts } of meters) {
    const account = accounts.find(
      (one) => one.facts.accountNumber === facts.billingAccount || one.facts.usagePoints.includes(facts.usagePoint),
    )
    if (account) accountOf.set(meterUid, account)
  }
  const bills = (await readBills(tx, authorizationUid)).filter(({ meterUid }) => accountOf.has(meterUid))
  const groups = Map.groupBy(bills, ({ meterUid, bill }) => {
    return `${accountOf.get(meterUid)?.billingAccountUid ?? ''} ${bill.start} ${bill.end}`
  })
  const summaries = [...groups.values()].flatMap((group) => {
    const account = accountOf.get(group[0]?.meterUid ?? '')
    return account ? [summaryOf(account.billingAccountUid, group)] : []
  })
  await saveBillingSummaries(tx, authorizationUid, summaries, now)
}

function summaryOf(billingAccountUid: Uid, bills: readonly StoredBill[]): BillingSummary {
  const [first] = bills
  if (!first) throw new RangeError('a summary of no bills')
  const totals = bills.map(({ bill }) => bill.total)
  const isWhole = totals.every((total) => total !== null)
  return {
    billingAccountUid,
    start: first.bill.start,
    end: first.bill.end,
    facts: {
      statementDate: first.bill.statementDate,
      currency: first.bill.currency,
      newCharges: bills.flatMap(({ meterUid, bill }) => chargesOf(meterUid, bill)),
      newChargesAmountE5: isWhole ? currencyE5(totals.reduce((sum: number, total) => sum + (total ?? 0), 0)) : null,
    },
    sources: [...new Set(bills.map(({ source }) => source))].toSorted(),
  }
}

function chargesOf(meterUid: Uid, { lines, total }: StoredBill['bill']): BillingSummary['facts']['newCharges'] {
  const charges = lines.filter(({ amount }) => amount !== null)
  if (charges.length > 0) return charges.map(({ name, amount }) => ({ name, cost_e5: amount, meter_uid: meterUid }))
  return total === null ? [] : [{ name: 'Total', cost_e5: total, meter_uid: meterUid }]
}
