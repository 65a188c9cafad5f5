import type { WireLineItem } from '../espi/resources.ts'
import type { LineItem, LineItemKind } from '../model/bill.ts'
import type { CurrencyE5 } from '../units/currency-e5.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import { parseMoney } from './money.ts'
import { toQuantity } from './quantity.ts'
import { warn, type WarningCounts } from './warnings.ts'

/** ESPI ItemKind: 1 and 6 are generation, 2 and 7 delivery; the rest is neither. */
const KINDS: Readonly<Record<number, LineItemKind>> = { 1: 'supply', 6: 'supply', 2: 'delivery', 7: 'delivery' }
const INFORMATION = 10
/** The year 2100: later moments are faults. */
const LATEST = 4_102_444_800

/**
 * The lines of a bill in our words. Lines marked as information are no money, unless every line is marked so and together they
 * make the total (a custodian that marks everything as information); then they are charges, and that is counted.
 */
export function toLineItems(
  lines: readonly WireLineItem[],
  total: CurrencyE5 | null,
  counts: WarningCounts,
): LineItem[] {
  const items = lines.map((line) => toLineItem(line, counts))
  const all = sumOfLines(items)
  const marked = items.length > 0 && items.every(({ itemKind }) => itemKind === INFORMATION)
  if (marked && total !== null && all !== 0 && all === total) {
    warn(counts, 'information_lines_are_money')
    return items
  }
  return items.map((item) => (item.itemKind === INFORMATION ? { ...item, amount: null } : item))
}

/** The sum of the lines that are money. */
export function sumOfLines(items: readonly LineItem[]): number {
  return items.reduce((sum, { amount }) => sum + (amount ?? 0), 0)
}

function toLineItem(line: WireLineItem, counts: WarningCounts): LineItem {
  const quantity = toQuantity(line.measurement)
  const start = line.itemPeriod?.start ?? null
  const duration = line.itemPeriod?.duration ?? null
  return {
    name: line.note ?? '',
    kind: KINDS[line.itemKind ?? 0] ?? 'other',
    itemKind: line.itemKind,
    amount: money(line.amount, counts),
    // A measurement of zero is a placeholder (SCE, and PG&E's taxes).
    quantity: quantity === null || quantity.value === 0 ? null : quantity,
    unitCost: money(line.unitCost, counts),
    start: moment(start),
    end: start === null || duration === null ? null : moment(start + duration),
  }
}

function money(text: string | null, counts: WarningCounts): CurrencyE5 | null {
  const amount = parseMoney(text)
  if (amount !== 'unreadable') return amount
  warn(counts, 'amount_unreadable')
  return null
}

function moment(epoch: number | null): EpochSeconds | null {
  return epoch === null || epoch <= 0 || epoch > LATEST ? null : epochSeconds(epoch)
}
