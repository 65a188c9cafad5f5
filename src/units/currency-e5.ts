/**
 * Money: an integer of hundred-thousandths of the currency (ESPI writes every amount so; espi.xsd, type LineItem).
 * 23364000 with currency 840 is 233.64 US dollars. Stands beside its ISO 4217 code, never in a float.
 */
export type CurrencyE5 = number & { readonly __unit: 'CurrencyE5' }

/** Brands a number as money. Throws RangeError unless it is a safe integer. */
export function currencyE5(value: number): CurrencyE5 {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of hundred-thousandths: ${value}`)
  return value as CurrencyE5
}
