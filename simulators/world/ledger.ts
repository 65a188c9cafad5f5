import { billsOf } from './bills.ts'
import { decimal } from './decimal.ts'
import { type Agreement, flowsOf } from './household.ts'
import { dayOf } from './local-days.ts'
import { billedPeriods } from './periods.ts'
import { dayReadings } from './readings.ts'
import type { World } from './world.ts'

export type Ledger = {
  meters: number
  readings: number
  kwh_delivered: string
  kwh_received: string
  therms: string
  bills: number
  bill_total: string
  line_items: number
  billing_summaries: number
  gaps: number
}

/** The part of an agreement's world that one authorization sees. */
export type Shared = {
  agreements: readonly Agreement[]
  usage: boolean
  bills: boolean
  costs: boolean
  asOf: number
  /** Nothing before this local day; absent: all there is. */
  firstDay?: number
}

/** First local day that is not published at `asOf`. */
export const publishedUntil = (world: World, asOf: number): number => dayOf(asOf) - world.lagDays + 1

/** Days of the agreement that are published at `asOf`: from the first (of those that are shared) to before `until`. */
export const publishedDays = (
  world: World,
  agreement: Agreement,
  asOf: number,
  firstDay = 0,
): { from: number; until: number } => ({
  from: Math.max(agreement.firstDay, firstDay),
  until: Math.min(publishedUntil(world, asOf), agreement.endDay ?? Number.MAX_SAFE_INTEGER),
})

/** First day that no issued bill covers: readings before it are of revenue quality. */
export const billedUntil = (agreement: Agreement, asOf: number): number =>
  billedPeriods(agreement, asOf).at(-1)?.end ?? agreement.firstDay

/** ESPI ItemKind of a line that informs and charges nothing. */
const INFORMATION = 10

/** Totals from the generator's own numbers, without a look at any XML. */
export const ledgerOf = (world: World, shared: Shared): Ledger => {
  const sums = { readings: 0, delivered: 0n, received: 0n, therms: 0n, gaps: 0 }
  let bills = 0
  let totalE5 = 0n
  let lineItems = 0
  const summaries = new Set<string>()
  for (const agreement of shared.agreements) {
    if (shared.usage) addReadings(world, agreement, { shared, sums })
    if (!shared.bills) continue
    for (const bill of billsOf(world, agreement, shared.asOf)) {
      if (bill.period.start < (shared.firstDay ?? 0)) continue
      bills++
      summaries.add(`${agreement.account}|${bill.period.start}|${bill.period.end}`)
      if (!shared.costs) continue
      totalE5 += BigInt(bill.totalE5)
      lineItems += bill.lines.filter((line) => line.amountE5 !== null && line.kind !== INFORMATION).length
    }
  }
  return {
    meters: shared.agreements.length,
    readings: sums.readings,
    kwh_delivered: decimal(sums.delivered, 6),
    kwh_received: decimal(sums.received, 6),
    therms: decimal(sums.therms, 8),
    bills,
    bill_total: decimal(totalE5, 5),
    line_items: lineItems,
    billing_summaries: summaries.size,
    gaps: sums.gaps,
  }
}

type Sums = { readings: number; delivered: bigint; received: bigint; therms: bigint; gaps: number }

function addReadings(world: World, agreement: Agreement, { shared, sums }: { shared: Shared; sums: Sums }): void {
  const { asOf } = shared
  const { from, until } = publishedDays(world, agreement, asOf, shared.firstDay)
  for (const flow of flowsOf(agreement)) {
    let expected: number | null = null
    for (let day = from; day < until; day++) {
      const readings = dayReadings(world, agreement, { day, flow, asOf, billed: true })
      let total = 0
      readings.starts.forEach((start, i) => {
        if (expected !== null && start !== expected) sums.gaps++
        expected = start + (readings.durations[i] ?? 0)
        total += readings.values[i] ?? 0
      })
      sums.readings += readings.starts.length
      if (agreement.commodity === 'gas') sums.therms += BigInt(total)
      else if (flow === 1) sums.delivered += BigInt(total)
      else sums.received += BigInt(total)
    }
  }
}
