import type { LineItem } from '../../model/bill.ts'
import { type Channel, type Commodity, type Direction, QUALITY, type Quantified } from '../../model/series.ts'
import { CURRENCIES, UNITS } from '../../normalize/codes.ts'
import type { Unit } from '../../units/quantity.ts'

/**
 * Our words as numbers of ESPI, such that normalize/codes.ts reads them back. Source: espi.xsd 4.0, CommodityKind, ServiceKind,
 * FlowDirectionKind, AccumulationKind, MeasurementKind, UnitSymbolKind, QualityOfReading, ItemKind.
 */
export const COMMODITY: Record<Commodity, number> = { electricity: 1, gas: 7, water: 9, steam: 10, heat: 12, other: 0 }

/** A usage point of a commodity that ESPI has no kind of service for has none. */
export const SERVICE: Partial<Record<Commodity, number>> = { electricity: 0, gas: 1, water: 2, heat: 4 }

export const FLOW: Record<Direction, number> = { none: 0, delivered: 1, net: 4, received: 19 }

/** AccumulationKind: what an interval counts, an index that grows, what a device shows. */
export const ACCUMULATION: Record<Quantified, number> = {
  energy: 4,
  volume: 4,
  register: 3,
  demand: 6,
  power: 6,
  temperature: 6,
  other: 6,
}

export function measurementKind({ quantified, unit }: Channel): number {
  if (quantified !== 'register') return KINDS[quantified]
  return unit === 'Wh' || unit === 'VAh' || unit === 'VArh' ? KINDS.energy : KINDS.volume
}

const KINDS = { energy: 12, volume: 58, demand: 8, power: 37, temperature: 46, other: 0 } as const

/** The lowest of the numbers that mean a unit: plain cubic meters, feet and liters. */
export function unitCode(unit: Unit): number {
  const code = Object.entries(UNITS).find(([, name]) => name === unit)?.[0]
  if (code === undefined) throw new RangeError(`ESPI has no unit ${unit}`)
  return Number(code)
}

/** null: none is named, or one that ESPI does not list. */
export function currencyNumber(code: string | null): number | null {
  const found = Object.entries(CURRENCIES).find(([, name]) => name === code)?.[0]
  return found === undefined ? null : Number(found)
}

/** By our rank; what was not qualified stays so. */
export const QUALITY_CODES: Readonly<Record<number, number>> = {
  [QUALITY.raw]: 14,
  [QUALITY.estimated]: 8,
  [QUALITY.edited]: 7,
  [QUALITY.validated]: 17,
  [QUALITY.revenue]: 19,
}

/** ItemKind is demanded: information where there is no money, a usage fee where nothing better is known. */
export function itemKind({ itemKind: sent, kind, amount }: LineItem): number {
  if (sent !== null) return sent
  if (amount === null) return 10
  return kind === 'supply' ? 1 : kind === 'delivery' ? 2 : 3
}
