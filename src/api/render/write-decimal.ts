/** A number whose digits are ready to be written: `digits / 10 ** places`, without zeros at the end, and its width. */
export type Decimal = { digits: number; places: number; width: number }

/** The form of decimalText (decimals.ts): `value * 10 ** exponent`, exponent from -15 to 0. Fills `into`. */
export function measureDecimal(into: Decimal, value: number, exponent: number): void {
  let digits = value < 0 ? -value : value
  let places = digits === 0 ? 0 : -exponent
  if (digits <= 0x7fff_ffff) {
    let whole = digits | 0
    while (places > 0 && whole % 10 === 0) {
      whole = (whole / 10) | 0
      places--
    }
    digits = whole
  } else
    while (places > 0 && digits % 10 === 0) {
      digits /= 10
      places--
    }
  let width = 1
  for (let power = 10; power <= digits; power *= 10) width++
  if (width <= places) width = places + 1
  into.digits = value < 0 ? -digits : digits
  into.places = places
  into.width = width + (places > 0 ? 1 : 0) + (value < 0 ? 1 : 0)
}

/** Writes a measured number at a place; it fills exactly its width. */
export function writeDecimal(bytes: Uint8Array, at: number, { digits, places, width }: Decimal): void {
  let rest = digits < 0 ? -digits : digits
  let left = places
  const first = digits < 0 ? at + 1 : at
  if (digits < 0) bytes[at] = 0x2d
  for (let place = at + width - 1; place >= first; place--) {
    if (places > 0 && left === 0) {
      bytes[place] = 0x2e
      left = -1
      continue
    }
    const next = rest <= 0x7fff_ffff ? (rest / 10) | 0 : Math.floor(rest / 10)
    bytes[place] = 0x30 + (rest - next * 10)
    rest = next
    left--
  }
}
