import type { Summary, UsagePointTree } from '../espi/resolve-links.ts'
import type { Wire } from '../espi/resources.ts'
import type { Bill } from '../model/bill.ts'
import type { CurrencyE5 } from '../units/currency-e5.ts'
import { currencyE5 } from '../units/currency-e5.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import { billPeriod } from './bill-period.ts'
import { commodityOf, currencyCode, qualityRank, serviceCommodity, UNITS } from './codes.ts'
import { groupLines } from './line-groups.ts'
import { sumOfLines, toLineItems } from './line-items.ts'
import { parseMoney } from './money.ts'
import type { NormalizeOptions } from './options.ts'
import { toQuantity } from './quantity.ts'
import { warn, type WarningCounts } from './warnings.ts'

type Facts = Wire<'UsageSummary'>
type Period = { start: EpochSeconds; end: EpochSeconds }

/**
 * The bills of one usage point, by start. Summaries of one period are one bill: what a better or later one says replaces what
 * an earlier one said, and what only one of them says stays (SCE sends totals and lines apart). A summary that tells neither
 * money nor usage of a past period makes no bill.
 *
 * Money is in hundred-thousandths as sent. total: billLastPeriod, else the sum of the lines that are money.
 * Source: espi.xsd 4.0, type UsageSummary.
 */
export function normalizeBills(tree: UsagePointTree, options: NormalizeOptions, counts: WarningCounts): Bill[] {
  const groups = new Map<string, { period: Period; summaries: Summary[] }>()
  for (const summary of tree.summaries) {
    if (!tellsBill(summary.value)) continue
    const period = billPeriod(summary.value.billingPeriod, options)
    if (period === null) {
      warn(counts, 'summary_without_period')
      continue
    }
    const key = `${period.start}-${period.end}`
    const group = groups.get(key) ?? { period, summaries: [] }
    group.summaries.push(summary)
    groups.set(key, group)
  }
  const bills = [...groups.values()].map(({ period, summaries }) => toBill(tree, period, summaries, options, counts))
  bills.sort((a, b) => a.start - b.start)
  warn(counts, 'bills_overlap', bills.filter((bill, index) => bill.start < (bills[index - 1]?.end ?? 0)).length)
  return bills
}

function tellsBill(facts: Facts): boolean {
  return (
    facts.billLastPeriod !== null ||
    facts.overallConsumptionLastPeriod?.value != null ||
    facts.costAdditionalDetailLastPeriod.length > 0
  )
}

/** One set of facts out of several summaries, the most trusted last. */
function joinFacts(summaries: readonly Summary[]): Facts | null {
  const ordered = summaries
    .map((summary, index) => ({ ...summary, index, rank: qualityRank(summary.value.qualityOfReading) }))
    .sort((a, b) => a.rank - b.rank || (a.entry.updated ?? 0) - (b.entry.updated ?? 0) || a.index - b.index)
  let joined: Facts | null = null
  for (const { value } of ordered) joined = joined === null ? value : overlay(joined, value)
  return joined
}

/** Everything the second tells, over what the first told. */
function overlay(first: Facts, second: Facts): Facts {
  const told = Object.entries(second).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== null))
  return { ...first, ...Object.fromEntries(told) }
}

function toBill(
  tree: UsagePointTree,
  period: Period,
  summaries: Summary[],
  options: NormalizeOptions,
  counts: WarningCounts,
): Bill {
  const facts = joinFacts(summaries)
  if (facts === null) throw new RangeError('a bill needs a summary')
  const statement = money(facts.billLastPeriod, counts)
  const lines = toLineItems(facts.costAdditionalDetailLastPeriod, statement, counts)
  const charged = lines.some(({ amount }) => amount !== null)
  const sum = sumOfLines(lines)
  const total = statement ?? (charged && Number.isSafeInteger(sum) ? currencyE5(sum) : null)
  const point = tree.entry?.content.value
  const warnings: string[] = []
  if (statement !== null && charged && sum !== statement) {
    warnings.push('lines_do_not_add_up')
    warn(counts, 'lines_do_not_add_up')
  }
  const groups = groupLines(lines)
  return {
    usagePoint: tree.key,
    commodity: commodityOfBill(facts, point),
    ...period,
    statementDate: statementDate(facts),
    total,
    totalFrom: total === null ? null : statement === null ? 'lines' : 'statement',
    currency: total === null && !charged ? null : (currencyCode(facts.currency) ?? options.currency),
    volume: toQuantity(facts.overallConsumptionLastPeriod),
    tariff: facts.tariffProfile ?? null,
    readCycle: facts.readCycle ?? point?.readCycle ?? null,
    lines,
    ...groups,
    demand: [...peaks(facts), ...groups.demand],
    suppliers: facts.billingChargeSource?.agencyName ? [{ name: facts.billingChargeSource.agencyName }] : [],
    quality: facts.qualityOfReading,
    warnings,
  }
}

function commodityOfBill(facts: Facts, point: Wire<'UsagePoint'> | undefined): Bill['commodity'] {
  const service = serviceCommodity(point?.ServiceCategory?.kind)
  const uom = facts.overallConsumptionLastPeriod?.uom ?? null
  const commodity = commodityOf(facts.commodity, service, uom === null ? null : (UNITS[uom] ?? null))
  return commodity === 'other' && facts.commodity === null && service === null ? null : commodity
}

/** NISC writes the day of the bill into the period; nobody else tells it. */
function statementDate(facts: Facts): EpochSeconds | null {
  const date = facts.billingPeriod?.billingDate ?? null
  return date === null || date <= 0 ? null : epochSeconds(date)
}

function peaks(facts: Facts): Bill['demand'] {
  const named = [
    { name: 'Peak demand', quantity: toQuantity(facts.peakDemand) },
    { name: 'Ratchet demand', quantity: toQuantity(facts.ratchetDemand) },
  ]
  return named.flatMap(({ name, quantity }) =>
    quantity === null || quantity.value === 0 ? [] : [{ name, cost: null, quantity }],
  )
}

function money(text: string | null, counts: WarningCounts): CurrencyE5 | null {
  const amount = parseMoney(text)
  if (amount !== 'unreadable') return amount
  warn(counts, 'amount_unreadable')
  return null
}
