import type { Bill } from '../model/bill.ts'

/**
 * A bill that is told in parts (SCE: the total in one summary and file, the lines in another; utilities.md B5): what the later
 * part does not tell is kept from the earlier one. Only when both can be parts of one bill: the same period, and totals
 * that agree where both state one. Else the later one stands as it is.
 */
export function mergeBill(known: Bill, told: Bill): Bill {
  const isSamePeriod = known.start === told.start && known.end === told.end
  const agree = known.total === null || told.total === null || known.total === told.total
  if (!isSamePeriod || !agree) return told
  const lines = told.lines.length > 0 ? told : known
  const total = told.totalFrom === 'statement' || known.total === null ? told : known
  return {
    ...told,
    statementDate: told.statementDate ?? known.statementDate,
    total: total.total,
    totalFrom: total.totalFrom,
    currency: told.currency ?? known.currency,
    volume: told.volume ?? known.volume,
    tariff: told.tariff ?? known.tariff,
    readCycle: told.readCycle ?? known.readCycle,
    quality: told.quality ?? known.quality,
    suppliers: told.suppliers.length > 0 ? told.suppliers : known.suppliers,
    lines: lines.lines,
    demand: lines.demand,
    tou: lines.tou,
    tiers: lines.tiers,
    warnings: lines.warnings,
  }
}
