import { blank } from '../../espi/blank.ts'
import type { Measurement, Wire, WireLineItem } from '../../espi/resources.ts'
import type { Bill, LineItem } from '../../model/bill.ts'
import type { Quantity } from '../../units/quantity.ts'
import { COMMODITY, currencyNumber, itemKind, unitCode } from './espi-codes.ts'

/** The longest text of an element; what is longer is cut. */
const TEXT_LIMIT = 256

/**
 * A bill as a UsageSummary. What normalize reads out of line items (times of use, tiers, demands) stands in them alone; the day of the
 * statement has no element of its own and is the time of the status.
 * Source: espi.xsd 4.0, type UsageSummary; money in hundred-thousandths, never scaled.
 */
export function renderSummary(bill: Bill): Wire<'UsageSummary'> {
  const demand = (name: string): Measurement | null =>
    measurementOf(bill.demand.find((each) => each.name === name && each.cost === null)?.quantity ?? null)
  return {
    ...blank('UsageSummary'),
    billingPeriod: { start: bill.start, duration: bill.end - bill.start, billingDate: null },
    billLastPeriod: bill.totalFrom === 'statement' ? money(bill.total) : null,
    costAdditionalDetailLastPeriod: bill.lines.map(lineOf),
    currency: currencyNumber(bill.currency),
    overallConsumptionLastPeriod: measurementOf(bill.volume),
    peakDemand: demand('Peak demand'),
    ratchetDemand: demand('Ratchet demand'),
    qualityOfReading: bill.quality,
    statusTimeStamp: bill.statementDate ?? bill.end,
    commodity: bill.commodity === null ? null : COMMODITY[bill.commodity],
    tariffProfile: cut(bill.tariff),
    readCycle: cut(bill.readCycle),
    billingChargeSource: bill.suppliers[0] ? { agencyName: cut(bill.suppliers[0].name) } : null,
  }
}

function lineOf(line: LineItem): WireLineItem {
  const { name, amount, quantity, unitCost, start, end } = line
  return {
    amount: money(amount),
    rounding: null,
    dateTime: null,
    note: cut(name),
    measurement: measurementOf(quantity),
    itemKind: itemKind(line),
    unitCost: money(unitCost),
    itemPeriod: start === null || end === null ? null : { start, duration: end - start },
  }
}

function measurementOf(quantity: Quantity | null): Measurement | null {
  if (quantity === null) return null
  const { value, exponent, unit } = quantity
  const measured = { powerOfTenMultiplier: exponent, uom: unitCode(unit), value: String(value) }
  return { ...measured, timeStamp: null, readingTypeRef: null }
}

const money = (amount: number | null): string | null => (amount === null ? null : String(amount))

/** The text as far as the schemas have room for it. */
export function cut(text: string | null): string | null {
  return text === null || text.length <= TEXT_LIMIT ? text : Array.from(text).slice(0, TEXT_LIMIT).join('')
}
