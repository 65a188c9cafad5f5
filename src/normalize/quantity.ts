import type { Measurement } from '../espi/resources.ts'
import { parseExact, toUnits } from '../units/exact.ts'
import type { Quantity } from '../units/quantity.ts'
import { UNITS } from './codes.ts'

/** Beyond any multiplier of ESPI (4096 has been seen) a scale is a fault, and writing the number out would fill the memory. */
const LARGEST_SCALE = 30

export function isScale(multiplier: number | null): boolean {
  return multiplier === null || Math.abs(multiplier) <= LARGEST_SCALE
}

/** A SummaryMeasurement as an exact quantity; null when it has no value, a unit we cannot carry, or too many digits. */
export function toQuantity(measurement: Measurement | null): Quantity | null {
  if (measurement === null || measurement.value === null || !isScale(measurement.powerOfTenMultiplier)) return null
  const number = parseExact(measurement.value)
  const unit = measurement.uom === null ? undefined : UNITS[measurement.uom]
  if (number === null || unit === undefined) return null
  const digits = toUnits(number, number.exponent)
  return digits === null
    ? null
    : { value: digits.value, exponent: number.exponent + (measurement.powerOfTenMultiplier ?? 0), unit }
}
