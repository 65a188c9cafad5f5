import { type Exact, formatExact } from '../../units/exact.ts'

/**
 * `value * 10 ** exponent` in digits, exact: 550000 at -6 is '0.55'. value is a safe integer. The text is a JSON
 * number, so that no float arithmetic comes between the meter's integer and what the client reads.
 */
export function decimalText(value: number, exponent: number): string {
  if (value === 0) return '0'
  if (exponent >= 0) return formatExact({ digits: BigInt(value), exponent })
  const digits = String(Math.abs(value)).padStart(1 - exponent, '0')
  let end = digits.length
  const point = end + exponent
  while (end > point && digits.charCodeAt(end - 1) === ZERO) end--
  const text = end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`
  return value < 0 ? `-${text}` : text
}

const ZERO = 48

/**
 * The difference of two numbers in digits, exact; the usual case (equal exponents, safe integers) without big integers.
 */
export function differenceText(a: number, aExponent: number, b: number, bExponent: number, shift: number): string {
  const difference = a - b
  if (aExponent === bExponent && Number.isSafeInteger(difference)) return decimalText(difference, aExponent + shift)
  const exponent = Math.min(aExponent, bExponent)
  const digits = BigInt(a) * 10n ** BigInt(aExponent - exponent) - BigInt(b) * 10n ** BigInt(bExponent - exponent)
  return formatExact({ digits, exponent: exponent + shift })
}

/** The nearest JSON number of an exact one; its shortest form is the exact digits up to 15 of them. */
export function toNumber(exact: Exact): number {
  return Number(formatExact(exact))
}

/**
 * Hundred-thousandths of a currency as a number of the currency: 19478000 is 194.78. Exact; nothing is rounded to
 * cents.
 */
export function moneyNumber(amount: number): number {
  return toNumber({ digits: BigInt(amount), exponent: -5 })
}

export function moneyOrNull(amount: number | null): number | null {
  return amount === null ? null : moneyNumber(amount)
}
