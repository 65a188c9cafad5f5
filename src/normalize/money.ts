import { type CurrencyE5, currencyE5 } from '../units/currency-e5.ts'
import { type Exact, parseExact, toUnits } from '../units/exact.ts'

/**
 * An ESPI amount as money. Amounts are whole numbers of hundred-thousandths; one with a decimal point is in currency units
 * (NISC writes 39.00). null when absent; 'unreadable' when it does not fit.
 */
export function parseMoney(text: string | null): CurrencyE5 | null | 'unreadable' {
  const number = text === null ? null : parseExact(text)
  if (number === null) return text === null ? null : 'unreadable'
  return toMoney(number, (text ?? '').includes('.'))
}

/** The same for a number that was parsed already; decimal: it had a point. */
export function toMoney(number: Exact, decimal: boolean): CurrencyE5 | 'unreadable' {
  const units = toUnits(number, decimal ? -5 : 0)
  return units === null || !units.exact ? 'unreadable' : currencyE5(units.value)
}
