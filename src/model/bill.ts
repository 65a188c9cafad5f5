import type { CurrencyE5 } from '../units/currency-e5.ts'
import type { EpochSeconds } from '../units/epoch-seconds.ts'
import type { Quantity } from '../units/quantity.ts'
import type { Commodity } from './series.ts'

export type LineItemKind = 'delivery' | 'supply' | 'other'

/** One line of a bill. amount null: the line only informs (usage without money); it is no part of the total. */
export type LineItem = {
  name: string
  kind: LineItemKind
  /** espi ItemKind as sent, null when absent. */
  itemKind: number | null
  amount: CurrencyE5 | null
  quantity: Quantity | null
  unitCost: CurrencyE5 | null
  start: EpochSeconds | null
  end: EpochSeconds | null
}

/**
 * One bill of one meter. start and end are local midnights of the utility's zone (end exclusive).
 * total null: the utility gave none and no lines to add up. totalFrom says where it came from.
 */
export type Bill = {
  usagePoint: string
  commodity: Commodity | null
  start: EpochSeconds
  end: EpochSeconds
  statementDate: EpochSeconds | null
  total: CurrencyE5 | null
  totalFrom: 'statement' | 'lines' | null
  currency: string | null
  volume: Quantity | null
  tariff: string | null
  readCycle: string | null
  lines: LineItem[]
  demand: { name: string; cost: CurrencyE5 | null; quantity: Quantity }[]
  tou: { name: string; bucket: string; cost: CurrencyE5 | null; quantity: Quantity | null }[]
  tiers: { name: string; level: number; cost: CurrencyE5 | null; quantity: Quantity | null }[]
  suppliers: { name: string }[]
  /** ESPI QualityOfReading of the summary as sent, null when absent; later and better replaces. */
  quality: number | null
  warnings: string[]
}
