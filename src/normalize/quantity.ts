import type { Measurement } from '../espi/resources.ts'
import { parseExact, toUnits } from '../units/exact.ts'
import type { Quantity } from '../units/quantity.ts'
import { UNITS } from './codes.ts'

/** A SummaryMeasurement as an exact quantity; null when it has no value, a unit we cannot carry, or too many digits. */
export function toQuantity(measurement: Measurement | null): Quantity | null {
  if (measurement === null || measurement.value === null) return null
  const number = parseExact(measurement.value)
  const unit = measurement.uom === null ? undefined : UNITS[measurement.uom]
  if (number === null || unit === undefined) return null
  const digits = toUnits(number, number.exponent)
  return digits === null
    ? null
    : { value: digits.value, exponent: number.exponent + (measurement.powerOfTenMultiplier ?? 0), unit }
}
