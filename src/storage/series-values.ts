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

/** Safe integers divided by the scale that makes them smallest. */
export function divideValues(value: Float64Array): Shares {
  const { scale, exceptions } = chooseScaling(value)
  const divided = exceptions > 0 ? (one: number) => Math.trunc(one / scale) : (one: number) => one / scale
  const share = scale === 1 ? value : value.map(divided)
  let wide = 0
  for (let at = 1; at < share.length; at++) {
    const step = (share[at] ?? 0) - (share[at - 1] ?? 0)
    if (step >= 64 || step < -64) wide++
  }
  return { scale, exceptions, value, share, isWide: wide * 2 > share.length }
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
  const broken = Array.from({ length: DIGITS }, () => 0)
  for (const value of column) {
    if (value === 0) continue
    let rest = Math.abs(value)
    let zeros = 0
    while (zeros < DIGITS && rest % 10 === 0) {
      rest /= 10
      zeros++
    }
    if (zeros < DIGITS) broken[zeros] = (broken[zeros] ?? 0) + 1
  }
  for (let at = 1; at < DIGITS; at++) broken[at] = (broken[at] ?? 0) + (broken[at - 1] ?? 0)
  return broken
}

function commonDivisor(column: Float64Array): number {
  let divisor = 0
  for (const value of column) {
    let rest = Math.abs(value)
    while (rest > 0) [divisor, rest] = [rest, divisor % rest]
    if (divisor === 1) break
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
  for (const [at, one] of value.entries()) {
    const rest = one % scale
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
