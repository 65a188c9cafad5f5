import { decimalText } from './decimals.ts'

/** A number has at most 16 digits, a sign, a point and a zero before it. */
export const NUMBER_BYTES = 20

const LARGEST = 0x7fff_ffff
const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30]

/**
 * The form of decimalText (decimals.ts) in bytes: `value * 10 ** exponent`, exponent from -15 to 0. Writes it at the end of
 * NUMBER_BYTES bytes and returns where it begins.
 */
export function placeDecimal(into: Uint8Array, value: number, exponent: number): number {
  if (value > LARGEST || value < -LARGEST) return placeText(into, decimalText(value, exponent))
  let rest = (value < 0 ? -value : value) | 0
  let places = rest === 0 ? 0 : -exponent
  while (places > 0) {
    const next = (rest / 10) | 0
    if (rest !== next * 10) break
    rest = next
    places--
  }
  let at = NUMBER_BYTES
  for (let place = places; rest > 0 || place >= 0; place--) {
    const next = (rest / 10) | 0
    into[--at] = ZERO + rest - next * 10
    if (place === 1) into[--at] = POINT
    rest = next
  }
  if (value < 0) into[--at] = MINUS
  return at
}

function placeText(into: Uint8Array, text: string): number {
  const at = NUMBER_BYTES - text.length
  for (let place = 0; place < text.length; place++) into[at + place] = text.charCodeAt(place)
  return at
}
