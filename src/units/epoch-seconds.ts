/** A moment: whole seconds since 1970-01-01T00:00:00Z (ESPI TimeType). */
export type EpochSeconds = number & { readonly __unit: 'EpochSeconds' }

/** Brands a number as a moment. Throws RangeError unless it is a safe integer. */
export function epochSeconds(value: number): EpochSeconds {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of seconds: ${value}`)
  return value as EpochSeconds
}
