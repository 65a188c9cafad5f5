/** Differences of a block, and of each of its parts, which have one width of bits each. */
const [BLOCK, PART] = [128, 32]
/** A varint of a safe integer. */
const MOST_VARINT = 8
/** Differences of safe integers below 2 ** 45, so that with up to 7 bits left of the one before they stay exact. */
const LIMIT = 2 ** 45

/**
 * Safe integers as Parquet's DELTA_BINARY_PACKED, without a BigInt on the way. Moments of a meter differ by the same step, so that most
 * blocks are a few bytes, written after one look at each value. Throws RangeError on steps that no moments have.
 * Source: parquet-format Encodings.md, "Delta Encoding".
 */
export function deltaPack(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(3 * MOST_VARINT + MOST_VARINT + values.length * 8 + BLOCK * 8)
  let at = 0
  for (const head of [BLOCK, BLOCK / PART, values.length]) at = varint(bytes, at, head)
  at = zigzag(bytes, at, values[0] ?? 0)
  const steps = new Float64Array(BLOCK)
  for (let from = 1; from < values.length; from += BLOCK) {
    const count = Math.min(BLOCK, values.length - from)
    let [least, most] = [Infinity, -Infinity]
    for (let step = 0; step < count; step++) {
      const value = (values[from + step] ?? 0) - (values[from + step - 1] ?? 0)
      steps[step] = value
      if (value < least) least = value
      if (value > most) most = value
    }
    if (!(most - least < LIMIT)) throw new RangeError('steps between moments are too far apart')
    at = zigzag(bytes, at, least)
    for (let step = 0; step < BLOCK; step++) steps[step] = step < count ? (steps[step] ?? 0) - least : 0
    at = packBlock(bytes, at, steps)
  }
  return bytes.subarray(0, at)
}

/** The width of each part, then its differences from the least, lowest bit first. */
function packBlock(bytes: Uint8Array, place: number, steps: Float64Array): number {
  let at = place + BLOCK / PART
  for (let part = 0; part < BLOCK / PART; part++) {
    let most = 0
    for (let step = part * PART; step < (part + 1) * PART; step++) most = Math.max(most, steps[step] ?? 0)
    const width = most === 0 ? 0 : Math.floor(Math.log2(most)) + 1
    bytes[place + part] = width
    if (width > 0) at = packPart(bytes, at, steps.subarray(part * PART, (part + 1) * PART), width)
  }
  return at
}

function packPart(bytes: Uint8Array, place: number, steps: Float64Array, width: number): number {
  let [at, held, bits] = [place, 0, 0]
  for (const step of steps) {
    held += step * 2 ** bits
    for (bits += width; bits >= 8; bits -= 8) {
      bytes[at++] = held % 256
      held = Math.floor(held / 256)
    }
  }
  return at
}

function zigzag(bytes: Uint8Array, at: number, value: number): number {
  return varint(bytes, at, value < 0 ? -value * 2 - 1 : value * 2)
}

function varint(bytes: Uint8Array, place: number, value: number): number {
  let [at, rest] = [place, value]
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128
  bytes[at++] = rest
  return at
}
