import type { ByteReader, ByteWriter } from './bytes.ts'

type Scaling = { scale: number; exceptions: number }

/**
 * A column of values as it is written: `value = share * scale`, but for the exceptions, which have a rest besides.
 * isWide: most differences between shares take more than one byte.
 */
export type Shares = Scaling & { value: Float64Array; share: Float64Array; isWide: boolean }

/** What a version of a block has: a list of exceptions; differences as byte planes and not as varints (bytes.ts). */
export type ValueLayout = { hasExceptions: boolean; inPlanes: boolean }

/** A position and a rest take about this many bytes. */
const EXCEPTION_BYTES = 4
const DIGITS = 7

/** The shares of the column that is being written. */
let shares = new Float64Array(4096)

function sharesFor(length: number): Float64Array {
  if (shares.length < length) shares = new Float64Array(length)
  return shares.subarray(0, length)
}

/** Safe integers divided by the scale that makes them smallest; good until the next column is divided. */
export function divideValues(value: Float64Array): Shares {
  const { scale, exceptions } = chooseScaling(value)
  const share = scale === 1 ? value : sharesFor(value.length)
  let wide = 0
  let last = NaN
  for (let at = 0; at < share.length; at++) {
    const one = scale === 1 ? (value[at] ?? 0) : divide(value[at] ?? 0, scale, exceptions > 0)
    share[at] = one
    const step = one - last
    if (step >= 64 || step < -64) wide++
    last = one
  }
  return { scale, exceptions, value, share, isWide: wide * 2 > share.length }
}

function divide(value: number, scale: number, leavesRest: boolean): number {
  return leavesRest ? Math.trunc(value / scale) : value / scale
}

/**
 * The scale that makes a column of safe integers smallest: the greatest common divisor, or a greater power of ten where few
 * values break it. A meter that counts in 0.1 Wh sends mWh in hundreds, but for readings that the utility edited or summed;
 * six of them among 457 of PG&E's made a block a third larger.
 */
function chooseScaling(column: Float64Array): Scaling {
  const divisor = commonDivisor(column)
  if (divisor >= 10 ** DIGITS) return { scale: divisor, exceptions: 0 }
  const broken = countBroken(column)
  let best: Scaling = { scale: divisor, exceptions: 0 }
  let saved = 0
  for (const [at, exceptions] of broken.entries()) {
    const scale = 10 ** (at + 1)
    const saves = (column.length * Math.log2(scale / divisor)) / 8 - exceptions * EXCEPTION_BYTES
    if (exceptions > 0 && saves > saved) [best, saved] = [{ scale, exceptions }, saves]
  }
  return best
}

/** How many values are no multiple of 10, of 100, … */
function countBroken(column: Float64Array): number[] {
  const broken = new Uint32Array(DIGITS + 1)
  for (let at = 0; at < column.length; at++) {
    const value = Math.abs(column[at] ?? 0)
    const zeros = value <= SMALL ? zerosOfSmall(value | 0) : zerosOf(value)
    broken[zeros] = (broken[zeros] ?? 0) + 1
  }
  let sum = 0
  return Array.from({ length: DIGITS }, (_, zeros) => (sum += broken[zeros] ?? 0))
}

/** Most values are so small that a processor divides them as integers, which is measured to be five times as fast. */
const SMALL = 2 ** 31 - 1

/** How many zeros a number that is no bigger than SMALL ends with, up to DIGITS; 0 has as many as any. */
function zerosOfSmall(value: number): number {
  let rest = value | 0
  let zeros = 0
  while (zeros < DIGITS && ((rest % 10) | 0) === 0) {
    rest = (rest / 10) | 0
    zeros++
  }
  return zeros
}

function zerosOf(value: number): number {
  let rest = value
  let zeros = 0
  while (zeros < DIGITS && rest % 10 === 0) {
    rest /= 10
    zeros++
  }
  return zeros
}

function commonDivisor(column: Float64Array): number {
  let divisor = 0
  for (let at = 0; at < column.length && divisor !== 1; at++) {
    const value = Math.abs(column[at] ?? 0)
    if (value <= SMALL && divisor > 0 && divisor <= SMALL && (value | 0) % (divisor | 0) === 0) continue
    let rest = value
    while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  }
  return divisor === 0 ? 1 : divisor
}

/** The scale, the exceptions where the layout has them (how many, then gaps between positions and rests), the differences. */
export function writeShares(writer: ByteWriter, shares: Shares, layout: ValueLayout): void {
  writer.varint(shares.scale)
  if (layout.hasExceptions) writeExceptions(writer, shares)
  if (layout.inPlanes) writer.planes(shares.share)
  else writer.differences(shares.share)
}

function writeExceptions(writer: ByteWriter, { value, scale, exceptions }: Shares): void {
  writer.varint(exceptions)
  if (exceptions === 0) return
  let last = 0
  for (let at = 0; at < value.length; at++) {
    const rest = (value[at] ?? 0) % scale
    if (rest === 0) continue
    writer.varint(at - last)
    writer.zigzag(rest)
    last = at
  }
}

export function readShares(reader: ByteReader, readings: number, layout: ValueLayout): Float64Array {
  const scale = reader.varint()
  const rests = layout.hasExceptions ? readExceptions(reader, readings) : []
  const column = new Float64Array(readings)
  if (layout.inPlanes) reader.planes(column)
  else reader.differences(column)
  if (scale !== 1) for (let at = 0; at < readings; at++) column[at] = (column[at] ?? 0) * scale
  for (const [at, rest] of rests) column[at] = (column[at] ?? 0) + rest
  return column
}

function readExceptions(reader: ByteReader, readings: number): [at: number, rest: number][] {
  const count = reader.varint()
  if (count > readings) throw new RangeError('more exceptions than readings')
  let at = 0
  return Array.from({ length: count }, () => {
    at += reader.varint()
    if (at >= readings) throw new RangeError('an exception lies behind the last reading')
    return [at, reader.zigzag()]
  })
}
