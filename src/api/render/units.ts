import { formatExact, toUnits } from '../../units/exact.ts'
import type { Quantity, Unit } from '../../units/quantity.ts'

/**
 * Our units as the API names them, and the power of ten between the two: 1000 Wh are 1 kwh. `divisor` where they differ
 * by something else. What has no counterpart keeps its own name in lower case; clients are told to accept unknown
 * units.
 */
const UNITS: Record<Unit, { name: string | null; shift: number; divisor?: bigint }> = {
  Wh: { name: 'kwh', shift: -3 },
  VAh: { name: 'kvah', shift: -3 },
  VArh: { name: 'kvarh', shift: -3 },
  W: { name: 'kw', shift: -3 },
  VA: { name: 'kva', shift: -3 },
  VAr: { name: 'kvar', shift: -3 },
  therm: { name: 'therms', shift: 0 },
  BTU: { name: 'therms', shift: -5 },
  J: { name: 'kwh', shift: 0, divisor: 3_600_000n },
  m3: { name: 'm3', shift: 0 },
  ft3: { name: 'ccf', shift: -2 },
  gal: { name: 'gallons', shift: 0 },
  imperial_gal: { name: 'imperial_gallons', shift: 0 },
  L: { name: 'm3', shift: -3 },
  K: { name: 'k', shift: 0 },
  degC: { name: 'degc', shift: 0 },
  V: { name: 'v', shift: 0 },
  A: { name: 'a', shift: 0 },
  Ah: { name: 'ah', shift: 0 },
  Hz: { name: 'hz', shift: 0 },
  power_factor: { name: 'percent', shift: 2 },
  s: { name: 'days', shift: 0, divisor: 86_400n },
  count: { name: 'count', shift: 0 },
  none: { name: null, shift: 0 },
}

/** The name and the power of ten of a unit, for columns of readings; divisor where a power of ten is not enough. */
export function apiUnit(unit: Unit): { name: string | null; shift: number; divisor?: bigint } {
  return UNITS[unit]
}

/** Places kept where a division cannot be exact. */
const DIVISION_PLACES = 6

/** A quantity in the API's unit. Exact, but for joules and seconds, which are rounded once to six places. */
export function apiQuantity({ value, exponent, unit }: Quantity): { volume: number; unit: string | null } {
  const { name, shift, divisor } = UNITS[unit]
  const exact = { digits: BigInt(value), exponent: exponent + shift }
  if (divisor === undefined) return { volume: Number(formatExact(exact)), unit: name }
  return { volume: Number(quotientText(value, exponent, divisor)), unit: name }
}

/** `value * 10 ** exponent / divisor` in digits, rounded half away from zero at six places. */
export function quotientText(value: number, exponent: number, divisor: bigint): string {
  // Nine spare digits below the place that is kept: what the first division drops cannot turn the rounding.
  const spare = 15
  const scaled = exponent >= 0 ? BigInt(value) * 10n ** BigInt(exponent) : BigInt(value)
  const quotient = { digits: (scaled * 10n ** BigInt(spare)) / divisor, exponent: Math.min(exponent, 0) - spare }
  const rounded = toUnits(quotient, -DIVISION_PLACES)
  return formatExact(rounded === null ? quotient : { digits: BigInt(rounded.value), exponent: -DIVISION_PLACES })
}
