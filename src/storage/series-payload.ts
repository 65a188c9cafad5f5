import type { Series } from '../model/series.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { divideValues, readShares, type Shares, type ValueLayout, writeShares } from './series-values.ts'

/** The columns of one block: a series without its place (meter, channel), which the row around the block names. */
export type Columns = Omit<Series, 'usagePoint' | 'channel'>

/** What each version that was ever written has among its values. */
const LAYOUTS: Record<number, ValueLayout> = {
  1: { hasExceptions: false, inPlanes: false },
  2: { hasExceptions: true, inPlanes: false },
  3: { hasExceptions: true, inPlanes: true },
}
const HAS_COST = 1
const HAS_TOU = 2
const HAS_CURRENCY = 4
const PLAIN_VALUES = 8
const PLAIN_COSTS = 16
/** Says inside of the checksum what the version says outside. */
const IN_PLANES = 32

// A year of one-second readings, a hundred times what a month of a meter has; more is no block of ours.
const READINGS_LIMIT = 32_000_000

/**
 * The bytes of some readings as they are before zstd, and the version that tells how they lie. In: see encodeBlock.
 * Throws RangeError on anything else.
 */
export function writePayload(columns: Columns): { version: number; bytes: Uint8Array } {
  const { exponent, start, duration, value, quality, cost, tou, currency } = columns
  const readings = start.length
  for (const column of [duration, value, quality, cost, tou]) {
    if (column && column.length !== readings) throw new RangeError('the columns of a series differ in length')
  }
  if (readings > READINGS_LIMIT) throw new RangeError('too many readings for one block')
  const plainValues = !areDeltasSafe(value)
  const plainCosts = cost !== null && !areDeltasSafe(cost)
  const shares = plainValues ? null : divideValues(value)
  const version = versionFor(shares)
  const layout = layoutOf(version)
  const writer = new ByteWriter()
  writer.varint(readings)
  writer.zigzag(exponent)
  writer.varint(
    (cost ? HAS_COST : 0) |
      (tou ? HAS_TOU : 0) |
      (currency === null ? 0 : HAS_CURRENCY) |
      (plainValues ? PLAIN_VALUES : 0) |
      (plainCosts ? PLAIN_COSTS : 0) |
      (layout.inPlanes ? IN_PLANES : 0),
  )
  if (currency !== null) writer.text(currency)
  writeStarts(writer, start)
  writer.runs(duration)
  writer.runs(quality)
  if (shares === null) writePlain(writer, value)
  else writeShares(writer, shares, layout)
  if (cost && plainCosts) writePlain(writer, cost)
  else if (cost) writeCosts(writer, cost)
  if (tou) writer.runs(tou)
  return { version, bytes: writer.finish() }
}

/** The inverse of writePayload. Throws RangeError on a version or bytes that are not ours. */
export function readPayload(version: number | undefined, bytes: Uint8Array): Columns {
  const layout = layoutOf(version)
  const reader = new ByteReader(bytes)
  const readings = reader.varint()
  if (readings > READINGS_LIMIT) throw new RangeError('too many readings for one block')
  const exponent = reader.zigzag()
  const flags = reader.varint()
  if (layout.inPlanes !== ((flags & IN_PLANES) !== 0)) throw new RangeError('a series block is of another version')
  const currency = flags & HAS_CURRENCY ? reader.text() : null
  const start = readStarts(reader, readings)
  const duration = new Uint32Array(readings)
  reader.runs(duration)
  const quality = new Uint8Array(readings)
  reader.runs(quality)
  const value = flags & PLAIN_VALUES ? readPlain(reader, readings) : readShares(reader, readings, layout)
  let cost: Float64Array | null = null
  if (flags & HAS_COST) cost = flags & PLAIN_COSTS ? readPlain(reader, readings) : readCosts(reader, readings)
  const tou = flags & HAS_TOU ? new Uint8Array(readings) : null
  if (tou) reader.runs(tou)
  if (!reader.isAtEnd) throw new RangeError('bytes are left over behind a series block')
  return { exponent, start, duration, value, quality, cost, tou, currency }
}

function versionFor(shares: Shares | null): number {
  if (shares?.isWide) return 3
  return shares !== null && shares.exceptions > 0 ? 2 : 1
}

function layoutOf(version: number | undefined): ValueLayout {
  const layout = LAYOUTS[version ?? 0]
  if (!layout) throw new RangeError(`unknown version of a series block: ${version}`)
  return layout
}

/** Whether all numbers are safe integers (or NaN) so close to 0 and to each other that differences stay exact. */
function areDeltasSafe(column: Float64Array): boolean {
  let low = 0
  let high = 0
  for (let at = 0; at < column.length; at++) {
    const value = column[at] ?? 0
    if (Number.isNaN(value)) continue
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`)
    if (value < low) low = value
    if (value > high) high = value
  }
  return high - low <= 2 ** 51
}

/** The first start, then the steps between starts in runs: a month without gaps is one run. */
function writeStarts(writer: ByteWriter, start: Float64Array): void {
  if (start.length === 0) return
  writer.zigzag(start[0] ?? 0)
  for (let at = 1; at < start.length;) {
    const step = (start[at] ?? 0) - (start[at - 1] ?? 0)
    if (!(step > 0)) throw new RangeError('the starts of a series ascend')
    let next = at + 1
    while (next < start.length && (start[next] ?? 0) - (start[next - 1] ?? 0) === step) next++
    writer.varint(step)
    writer.varint(next - at)
    at = next
  }
}

function readStarts(reader: ByteReader, readings: number): Float64Array {
  const start = new Float64Array(readings)
  if (readings === 0) return start
  let moment = reader.zigzag()
  start[0] = moment
  reader.runs(start.subarray(1))
  for (let at = 1; at < readings; at++) {
    moment += start[at] ?? 0
    start[at] = moment
  }
  return start
}

/** 0 where no cost was given; else one more than the zigzag difference to the last cost that was. */
function writeCosts(writer: ByteWriter, column: Float64Array): void {
  let last = 0
  for (const value of column) {
    if (Number.isNaN(value)) {
      writer.varint(0)
      continue
    }
    const step = value - last
    writer.varint(1 + (step >= 0 ? step * 2 : -step * 2 - 1))
    last = value
  }
}

function readCosts(reader: ByteReader, readings: number): Float64Array {
  const column = new Float64Array(readings)
  let last = 0
  for (let at = 0; at < readings; at++) {
    const code = reader.varint()
    if (code > 0) last += code % 2 === 1 ? (code - 1) / 2 : -code / 2
    column[at] = code === 0 ? Number.NaN : last
  }
  return column
}

function writePlain(writer: ByteWriter, column: Float64Array): void {
  for (const value of column) writer.float64(value)
}

function readPlain(reader: ByteReader, readings: number): Float64Array {
  return Float64Array.from({ length: readings }, () => reader.float64())
}
