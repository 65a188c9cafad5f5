import type { Bill, LineItem } from '../../model/bill.ts'
import type { MeterFacts } from '../../model/meter.ts'
import type { ListedBill } from '../../storage/list-bill-page.ts'
import type { Quantity } from '../../units/quantity.ts'
import { moneyNumber, moneyOrNull } from './decimals.ts'
import { renderBase } from './meter.ts'
import { type Note, renderNotes } from './notes.ts'
import { renderSources } from './sources.ts'
import { localTimes, platformTime } from './times.ts'
import { apiQuantity } from './units.ts'

export type BillContext = { meter: MeterFacts; utility: string; zone: string; publicUrl: string }

/** Bill, utilityapi.md 6.6. Every block is there, lists empty where the utility tells nothing. */
export function renderBill(row: ListedBill, { meter, utility, zone, publicUrl }: BillContext): Record<string, unknown> {
  const { facts } = row
  const local = localTimes(zone)
  const blocks = {
    base: { ...renderBase({ ...meter, serviceTariff: facts.tariff ?? meter.serviceTariff }), ...amounts(facts, local) },
    sources: renderSources(publicUrl, row.authorizationUid, [row.source]),
    line_items: facts.lines.flatMap((line) => renderLine(line, facts, local)),
    suppliers: facts.suppliers.map(({ name }) => renderSupplier(name, meter)),
    tiers: facts.tiers.map(({ name, level, cost, quantity }) => ({ name, level, ...measure(cost, quantity) })),
    tou: facts.tou.map(({ name, bucket, cost, quantity }) => ({ name, bucket, ...measure(cost, quantity) })),
    demand: facts.demand.map(({ name, cost, quantity }) => ({
      name,
      cost: moneyOrNull(cost),
      demand: apiQuantity(quantity).volume,
    })),
    power: [],
    programs: meter.programs.map(({ code, date_type, name }) => ({ code, date_type, name })),
  }
  return {
    uid: row.billUid,
    meter_uid: row.meterUid,
    authorization_uid: row.authorizationUid,
    created: platformTime(row.created),
    updated: platformTime(row.updated),
    utility,
    notes: billNotes(row),
    blocks: Object.keys(blocks),
    ...blocks,
  }
}

/** bill_total_kwh is deprecated but read; a bill of gas has none. */
function amounts(facts: Bill, local: (epoch: number) => string): Record<string, unknown> {
  const total = facts.volume === null ? { volume: null, unit: null } : apiQuantity(facts.volume)
  return {
    bill_start_date: local(facts.start),
    bill_end_date: local(facts.end),
    bill_statement_date: facts.statementDate === null ? null : local(facts.statementDate),
    bill_total_cost: moneyOrNull(facts.total),
    bill_total_volume: total.volume,
    bill_total_unit: total.unit,
    bill_total_kwh: total.unit === 'kwh' ? total.volume : null,
  }
}

/**
 * A cost is never null here, since clients add them up: a line that only informs is no line item; it stays in tiers,
 * tou and demand. A line without dates is about the bill's whole period. The rate is the utility's, or null: none is
 * computed.
 */
function renderLine(line: LineItem, bill: Bill, local: (epoch: number) => string): Record<string, unknown>[] {
  if (line.amount === null) return []
  const { volume, unit } = line.quantity === null ? { volume: null, unit: null } : apiQuantity(line.quantity)
  const rendered = {
    name: line.name,
    start: local(line.start ?? bill.start),
    end: local(line.end ?? bill.end),
    cost: moneyNumber(line.amount),
    volume,
    rate: moneyOrNull(line.unitCost),
    unit,
    kind: line.kind,
  }
  return [rendered]
}

function renderSupplier(name: string, meter: MeterFacts): Record<string, unknown> {
  const known = meter.suppliers.find(({ supplier_name }) => supplier_name === name)
  return {
    supplier_type: known?.supplier_type ?? 'third_party',
    supplier_name: name,
    supplier_service_id: known?.supplier_service_id ?? null,
    supplier_tariff: known?.supplier_tariff ?? null,
    supplier_total_cost: null,
    supplier_total_volume: null,
    supplier_total_unit: null,
    supplier_line_items: [],
  }
}

function measure(cost: number | null, quantity: Quantity | null): Record<string, unknown> {
  const { volume, unit } = quantity === null ? { volume: null, unit: null } : apiQuantity(quantity)
  return { cost: moneyOrNull(cost), volume, unit }
}

const WARNING_NOTES: Record<string, [type: string, msg: string]> = {
  lines_do_not_add_up: ['audit_failed_on_line_items', 'The line items do not add up to the total.'],
}

/** Notes as stored, and what decoding found. */
function billNotes({ facts, notes, updated }: ListedBill): Note[] {
  const stored = renderNotes(notes, updated)
  const found = facts.warnings.map((code): Note => {
    const [type, msg] = WARNING_NOTES[code] ?? ['strange', `Something is unusual about this bill: ${code}.`]
    return { type, msg, ts: platformTime(updated) }
  })
  return [...stored, ...found.filter(({ type, msg }) => !stored.some((note) => note.type === type && note.msg === msg))]
}
