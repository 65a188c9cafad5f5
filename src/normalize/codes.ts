import { type Commodity, type Direction, QUALITY, type Quantified } from '../model/series.ts'
import type { Unit } from '../units/quantity.ts'

/** ESPI UnitSymbolKind to our units; a code that is not here is no unit we can carry. Source: espi.xsd, UnitSymbolKind. */
export const UNITS: Readonly<Record<number, Unit>> = {
  0: 'none',
  5: 'A',
  6: 'K',
  23: 'degC',
  27: 's',
  29: 'V',
  31: 'J',
  33: 'Hz',
  38: 'W',
  42: 'm3',
  61: 'VA',
  63: 'VAr',
  65: 'power_factor',
  71: 'VAh',
  72: 'Wh',
  73: 'VArh',
  106: 'Ah',
  111: 'count',
  119: 'ft3',
  120: 'ft3',
  128: 'gal',
  130: 'imperial_gal',
  132: 'BTU',
  134: 'L',
  156: 'L',
  157: 'L',
  166: 'm3',
  167: 'm3',
  169: 'therm',
}

const ENERGY = new Set<Unit>(['Wh', 'VAh', 'VArh', 'therm', 'BTU', 'J'])
const VOLUME = new Set<Unit>(['m3', 'ft3', 'gal', 'imperial_gal', 'L'])
const POWER = new Set<Unit>(['W', 'VA', 'VAr'])
const TEMPERATURE = new Set<Unit>(['K', 'degC'])
export const isEnergy = (unit: Unit): boolean => ENERGY.has(unit)
export const isPower = (unit: Unit): boolean => POWER.has(unit)

/** ESPI CommodityKind (ReadingType) and ServiceKind (UsagePoint) to our commodities. */
const COMMODITIES: Readonly<Record<number, Commodity>> = {
  1: 'electricity',
  2: 'electricity',
  7: 'gas',
  8: 'gas',
  9: 'water',
  10: 'steam',
  11: 'water',
  12: 'heat',
  13: 'heat',
  14: 'water',
  26: 'electricity',
}
const SERVICES: Readonly<Record<number, Commodity>> = { 0: 'electricity', 1: 'gas', 2: 'water', 4: 'heat', 6: 'water' }

export function serviceCommodity(kind: number | null | undefined): Commodity | null {
  return kind === null || kind === undefined ? null : (SERVICES[kind] ?? 'other')
}

/** The ReadingType tells; else the usage point; else a unit that only one commodity is sold in. */
export function commodityOf(code: number | null, service: Commodity | null, unit: Unit | null): Commodity {
  const named = code === null ? undefined : COMMODITIES[code]
  if (named !== undefined) return named
  if (service !== null) return service
  if (unit === 'Wh' || unit === 'W' || unit === 'VAh' || unit === 'VArh') return 'electricity'
  return unit === 'therm' ? 'gas' : 'other'
}

/** Quadrants and phases are null: they cannot be told apart in a channel, so such a series is left out. */
export function directionOf(code: number | null): Direction | null {
  if (code === null || code === 0 || code === 20 || code === 21) return 'none'
  return code === 1 ? 'delivered' : code === 19 ? 'received' : code === 4 ? 'net' : null
}

/** AccumulationKind 1, 2, 3 and 9 are indexes that only grow; differences of them are usage. */
const REGISTERS = new Set([1, 2, 3, 9])
/** MeasurementKind demand; DataQualifierKind maximum. */
const DEMAND_KIND = 8
const MAXIMUM = 8

export function quantifiedOf(
  type: { accumulationBehaviour: number | null; kind: number | null; dataQualifier: number | null },
  unit: Unit,
): Quantified {
  if (TEMPERATURE.has(unit)) return 'temperature'
  const energy = ENERGY.has(unit)
  if ((energy || VOLUME.has(unit)) && REGISTERS.has(type.accumulationBehaviour ?? 0)) return 'register'
  if (energy) return 'energy'
  if (VOLUME.has(unit)) return 'volume'
  if (!POWER.has(unit)) return 'other'
  return type.kind === DEMAND_KIND || type.dataQualifier === MAXIMUM ? 'demand' : 'power'
}

/** ESPI QualityOfReading to our ranks; what is not listed is unknown. */
const QUALITIES: Readonly<Record<number, number>> = {
  0: QUALITY.validated,
  7: QUALITY.edited,
  8: QUALITY.estimated,
  9: QUALITY.estimated,
  10: QUALITY.raw,
  11: QUALITY.estimated,
  12: QUALITY.estimated,
  13: QUALITY.raw,
  14: QUALITY.raw,
  15: QUALITY.estimated,
  17: QUALITY.validated,
  18: QUALITY.validated,
  19: QUALITY.revenue,
}

export function qualityRank(code: number | null): number {
  return code === null ? QUALITY.unknown : (QUALITIES[code] ?? QUALITY.unknown)
}

/** ISO 4217 numbers to codes, as far as utilities bill in them. */
export const CURRENCIES: Readonly<Record<number, string>> = {
  36: 'AUD',
  124: 'CAD',
  156: 'CNY',
  208: 'DKK',
  356: 'INR',
  392: 'JPY',
  410: 'KRW',
  484: 'MXN',
  554: 'NZD',
  578: 'NOK',
  643: 'RUB',
  752: 'SEK',
  756: 'CHF',
  826: 'GBP',
  840: 'USD',
  978: 'EUR',
}

/** null for 0 (other) and for numbers that are not listed. */
export function currencyCode(number: number | null): string | null {
  return number === null ? null : (CURRENCIES[number] ?? null)
}
