/** An exact decimal number: `digits * 10 ** exponent`. 23.40 is { digits: 2340n, exponent: -2 }. */
export type Exact = { digits: bigint; exponent: number }

/** More digits than any quantity or amount has; a longer number is an attack on memory or a fault. */
const MAX_LENGTH = 64

/** Reads a decimal number (xs:decimal, blanks around it allowed); null when the text is none or is absurdly long. */
export function parseExact(text: string): Exact | null {
  const found = /^[ \t\r\n]*([+-]?)([0-9]*)(?:\.([0-9]*))?[ \t\r\n]*$/.exec(text)
  if (found === null) return null
  const whole = found[2] ?? ''
  const fraction = found[3] ?? ''
  if (whole === '' && fraction === '') return null
  if (whole.length + fraction.length > MAX_LENGTH) return null
  const digits = BigInt(whole + fraction)
  return { digits: found[1] === '-' ? -digits : digits, exponent: fraction === '' ? 0 : -fraction.length }
}

/** The sum, exact, with the smaller of the two exponents. */
export function addExact(a: Exact, b: Exact): Exact {
  const exponent = Math.min(a.exponent, b.exponent)
  return { digits: rescale(a, exponent) + rescale(b, exponent), exponent }
}

/** The digits of the same number at a smaller exponent. */
function rescale(number: Exact, exponent: number): bigint {
  return number.digits * 10n ** BigInt(number.exponent - exponent)
}

/** The number in digits, without trailing zeros after the point: '-23.4', '1200'. */
export function formatExact({ digits, exponent }: Exact): string {
  if (exponent >= 0) return String(digits * 10n ** BigInt(exponent))
  const sign = digits < 0n ? '-' : ''
  const text = String(digits < 0n ? -digits : digits).padStart(1 - exponent, '0')
  const fraction = text.slice(exponent).replace(/0+$/, '')
  return sign + text.slice(0, exponent) + (fraction === '' ? '' : `.${fraction}`)
}

/**
 * The number as a whole number of `10 ** exponent`, rounded half away from zero when it does not fit exactly; null when it
 * is no safe integer. exact tells whether rounding was needed.
 */
export function toUnits(number: Exact, exponent: number): { value: number; exact: boolean } | null {
  const shift = number.exponent - exponent
  if (shift > 30 || shift < -90) return number.digits === 0n ? { value: 0, exact: true } : null
  if (shift >= 0) return safe(number.digits * 10n ** BigInt(shift), true)
  const divisor = 10n ** BigInt(-shift)
  const quotient = number.digits / divisor
  const rest = number.digits % divisor
  if (rest === 0n) return safe(quotient, true)
  const up = (rest < 0n ? -rest : rest) * 2n >= divisor
  return safe(up ? quotient + (rest < 0n ? -1n : 1n) : quotient, false)
}

function safe(digits: bigint, exact: boolean): { value: number; exact: boolean } | null {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? { value, exact } : null
}
