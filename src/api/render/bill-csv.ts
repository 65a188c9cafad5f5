import { addExact, type Exact, parseExact } from '../../units/exact.ts'
import type { Quantity } from '../../units/quantity.ts'
import type { ReadBill } from '../read-all-bills.ts'
import { billDays } from './bulk-bills.ts'
import { csvText } from './csv-cell.ts'
import { csvLine } from './csv-table.ts'
import { moneyNumber, moneyOrNull, toNumber } from './decimals.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'
import { apiQuantity, apiUnit, quotientText } from './units.ts'

const COLUMNS =
  'meter_uid,utility,utility_service_id,utility_billing_account,utility_service_address,utility_meter_number,' +
  'utility_tariff_name,bill_start_date,bill_end_date,bill_days,bill_statement_date,bill_total_kWh,bill_total,source,updated,' +
  'bill_volume,bill_total_unit'

const LINE_COLUMNS =
  'meter_uid,utility,utility_service_id,utility_billing_account,utility_service_address,utility_meter_number,' +
  'utility_tariff_name,bill_start_date,bill_end_date,bill_statement_date,line_item_name,line_item_kind,line_item_start_date,' +
  'line_item_end_date,line_item_cost,line_item_volume,line_item_unit,line_item_rate,source,updated'

/** More columns of times of use and demands than this are left out: what a file is about has few. */
const EXTRA_LIMIT = 256

/** Adds the names of the columns that a bill has beside the fixed ones, in the order in which they turn up. */
export function addExtraColumns(names: Set<string>, { row }: ReadBill): void {
  for (const name of extrasOf(row.facts).keys()) if (names.size < EXTRA_LIMIT) names.add(name)
}

/** The first line: utilityapi.md section 11, meters_bills_csv, in its order, then the columns that only some bills have. */
export function billCsvHead(extras: ReadonlySet<string>): string {
  return `${[COLUMNS, ...extras].join(',')}\r\n`
}

/** One bill as a line. Times are local midnights with their offset, as in the JSON; money and volumes are exact. */
export function renderBillCsv(bill: ReadBill, extras: ReadonlySet<string>, publicUrl: string): string {
  const { facts } = bill.row
  const { volume, unit } = facts.volume === null ? { volume: null, unit: null } : apiQuantity(facts.volume)
  const local = localTimes(bill.meter.zone)
  const own = extrasOf(facts)
  return csvLine([
    ...whose(bill),
    local(facts.start),
    local(facts.end),
    String(billDays(facts)),
    facts.statementDate === null ? '' : local(facts.statementDate),
    unit === 'kwh' ? number(volume) : '',
    number(moneyOrNull(facts.total)),
    ...whence(bill, publicUrl),
    number(volume),
    csvText(unit),
    ...[...extras].map((name) => number(own.has(name) ? toNumber(own.get(name) ?? NOTHING) : null)),
  ])
}

/** The first line of line items; the incumbent's columns are not known, these are its bills' and our names. */
export function lineCsvHead(): string {
  return `${LINE_COLUMNS}\r\n`
}

/** The lines of a bill that are money, a line each. */
export function renderLineCsv(bill: ReadBill, publicUrl: string): string {
  const { facts } = bill.row
  const local = localTimes(bill.meter.zone)
  const before = [...whose(bill), local(facts.start), local(facts.end)]
  const statement = facts.statementDate === null ? '' : local(facts.statementDate)
  const behind = whence(bill, publicUrl)
  return facts.lines
    .flatMap(({ name, kind, start, end, amount, quantity, unitCost }) => {
      if (amount === null) return []
      const { volume, unit } = quantity === null ? { volume: null, unit: null } : apiQuantity(quantity)
      const period = [local(start ?? facts.start), local(end ?? facts.end)]
      const numbers = [number(moneyNumber(amount)), number(volume), csvText(unit), number(moneyOrNull(unitCost))]
      return [csvLine([...before, statement, csvText(name), kind, ...period, ...numbers, ...behind])]
    })
    .join('')
}

function whose({ row, meter: { facts, utility } }: ReadBill): string[] {
  return [
    row.meterUid,
    csvText(utility),
    csvText(facts.serviceIdentifier),
    csvText(facts.billingAccount),
    csvText(facts.serviceAddress),
    csvText(facts.meterNumbers.join(' ')),
    csvText(row.facts.tariff ?? facts.serviceTariff),
  ]
}

function whence({ row }: ReadBill, publicUrl: string): string[] {
  const [source] = renderSources(publicUrl, row.authorizationUid, [row.source])
  return [csvText(source?.raw_url ?? ''), platformTime(row.updated)]
}

const number = (value: number | null): string => (value === null ? '' : String(value))

const NOTHING: Exact = { digits: 0n, exponent: 0 }

type Add = (name: string, value: Exact) => void

/** `<name>_cost` and `<name>_<unit>` of times of use and demands; what stands in a bill twice is added. */
function extrasOf({ tou, demand }: ReadBill['row']['facts']): Map<string, Exact> {
  const extras = new Map<string, Exact>()
  const add: Add = (name, value) => void extras.set(name, addExact(extras.get(name) ?? NOTHING, value))
  for (const { name, cost, quantity } of [...tou, ...demand]) {
    const column = columnName(name)
    if (cost !== null) add(`${column}_cost`, { digits: BigInt(cost), exponent: -5 })
    if (quantity !== null) addQuantity(column, quantity, add)
  }
  return extras
}

function addQuantity(column: string, { value, exponent, unit }: Quantity, add: Add): void {
  const { name, shift, divisor } = apiUnit(unit)
  const exact: Exact | null =
    divisor === undefined
      ? { digits: BigInt(value), exponent: exponent + shift }
      : parseExact(quotientText(value, exponent, divisor))
  if (exact) add(`${column}_${name ?? 'volume'}`, exact)
}

/** A utility's name for something, as the name of a column: letters, digits and single underscores. */
function columnName(name: string): string {
  const plain = name
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60)
  return plain === '' ? 'Other' : plain
}
