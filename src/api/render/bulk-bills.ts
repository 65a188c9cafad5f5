import type { ListedBill } from '../../storage/list-bill-page.ts'
import { moneyNumber, moneyOrNull } from './decimals.ts'
import type { Whose } from './bulk-intervals.ts'
import { type Batch, column, type ColumnSpec } from './table.ts'
import { apiQuantity } from './units.ts'

/** A row of a table: a value for each column. */
type Row = (string | number | null)[]
type Billed = { row: ListedBill; whose: Whose & { serviceIdentifier: string | null; serviceTariff: string | null } }

const HEAD = [
  column('bill_uid', 'text'),
  column('meter_uid', 'text'),
  column('authorization_uid', 'text'),
  column('utility', 'text'),
  column('timezone', 'text'),
  column('bill_start', 'moment'),
  column('bill_end', 'moment'),
]

/** One row for each bill: docs/exports.md. */
export const BILL_COLUMNS: readonly ColumnSpec[] = [
  ...HEAD,
  column('days', 'int32'),
  column('statement_date', 'moment?'),
  column('service_id', 'text?'),
  column('tariff', 'text?'),
  column('total', 'double?'),
  column('currency', 'text?'),
  column('volume', 'double?'),
  column('unit', 'text?'),
  column('line_items', 'int32'),
  column('updated', 'moment'),
]

/** One row for each line of a bill that is money. */
export const LINE_COLUMNS: readonly ColumnSpec[] = [
  ...HEAD,
  column('name', 'text'),
  column('kind', 'text'),
  column('start', 'moment'),
  column('end', 'moment'),
  column('cost', 'double'),
  column('currency', 'text?'),
  column('volume', 'double?'),
  column('unit', 'text?'),
  column('rate', 'double?'),
]

export function renderBillBatch(bills: readonly Billed[]): Batch {
  return toBatch(BILL_COLUMNS, bills.map(billRow))
}

export function renderLineBatch(bills: readonly Billed[]): Batch {
  return toBatch(LINE_COLUMNS, bills.flatMap(lineRows))
}

function headOf({ row, whose }: Billed): Row {
  const { meterUid, authorizationUid, utility, zone } = whose
  return [row.billUid, meterUid, authorizationUid, utility, zone, row.facts.start, row.facts.end]
}

function billRow(billed: Billed): Row {
  const { row, whose } = billed
  const { facts } = row
  return [
    ...headOf(billed),
    billDays(facts),
    facts.statementDate,
    whose.serviceIdentifier,
    facts.tariff ?? whose.serviceTariff,
    moneyOrNull(facts.total),
    facts.currency,
    ...measure(facts.volume),
    facts.lines.filter(({ amount }) => amount !== null).length,
    Math.floor(row.updated.getTime() / 1000),
  ]
}

function lineRows(billed: Billed): Row[] {
  const { facts } = billed.row
  return facts.lines.flatMap(({ name, kind, start, end, amount, quantity, unitCost }) => {
    if (amount === null) return []
    const period = [start ?? facts.start, end ?? facts.end]
    const cost = [moneyNumber(amount), facts.currency]
    return [[...headOf(billed), name, kind, ...period, ...cost, ...measure(quantity), moneyOrNull(unitCost)]]
  })
}

/** Days between the two local midnights, whatever hour the clocks lost or won between them. */
export function billDays({ start, end }: { start: number; end: number }): number {
  return Math.round((end - start) / 86_400)
}

function measure(quantity: Parameters<typeof apiQuantity>[0] | null): Row {
  if (quantity === null) return [null, null]
  const { volume, unit } = apiQuantity(quantity)
  return [volume, unit]
}

function toBatch(columns: readonly ColumnSpec[], rows: readonly Row[]): Batch {
  return { rows: rows.length, columns: columns.map((_, place) => rows.map((row) => row[place] ?? null)) }
}
