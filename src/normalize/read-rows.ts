import type { Reading } from '../espi/resolve-links.ts'
import { type Block, exactAt, type Readings } from '../espi/readings.ts'
import type { Wire } from '../espi/resources.ts'
import { toUnits } from '../units/exact.ts'
import { arrayIn, type Room } from '../units/folded-column.ts'
import { currencyCode, qualityRank } from './codes.ts'
import { toMoney } from './money.ts'
import type { NormalizeOptions } from './options.ts'
import { isScale } from './quantity.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * Readings of one MeterReading as rows in feed order, scaled to one exponent; NaN where not given. updated orders two
 * deliveries of one start when their quality does not.
 */
export type Rows = {
  count: number
  exponent: number
  start: Float64Array
  duration: Float64Array
  value: Float64Array
  quality: Uint8Array
  /** null where no reading has one. */
  cost: Float64Array | null
  tou: Uint8Array
  updated: Float64Array
  currency: string | null
}

/** Moments before 1970 or after 2100 are faults: milliseconds, or a file that counts from somewhere else. */
const LATEST = 4_102_444_800

/** What a reading's row takes at most, with what lies between columns. */
export const ROW_BYTES = 48

/**
 * Reads all blocks of a MeterReading, into memory of `options.room`; rows without a time or value are counted and left out.
 */
export function readRows(
  reading: Reading,
  type: Wire<'ReadingType'>,
  options: NormalizeOptions & { room: Room },
  counts: WarningCounts,
): Rows {
  const total = reading.blocks.reduce((sum, { readings }) => sum + readings.count, 0)
  const isPriced = reading.blocks.some(({ readings }) => readings.cost !== null)
  const rows = emptyRows(total, { exponent: commonExponent(reading, type), isPriced, room: options.room })
  rows.currency = currencyCode(type.currency)
  const fallback = qualityRank(type.defaultQuality ?? options.defaultQuality ?? null)
  for (const { entry, readings } of reading.blocks) {
    for (const block of readings.blocks) {
      rows.currency ??= currencyCode(block.currency)
      readBlock(rows, { readings, block, type, fallback, updated: entry.updated ?? 0 }, counts)
    }
  }
  return rows
}

/** What the type says counts where the reading does not say it; fallback is its quality. */
type Source = { readings: Readings; block: Block; type: Wire<'ReadingType'>; fallback: number; updated: number }

/** The innermost loop of normalizing: no object, and no string, for a reading. */
function readBlock(rows: Rows, { readings, block, type, fallback, updated }: Source, counts: WarningCounts): void {
  const { quality } = readings
  const own = type.powerOfTenMultiplier ?? 0
  const isPlain = readings.multiplier === null && readings.odd.value.size === 0 && own === rows.exponent
  for (let row = block.from; row < block.to; row++) {
    const start = startOf(readings, row, block, type)
    if (!(start >= 0 && start <= LATEST)) {
      warn(counts, 'missing_time')
      continue
    }
    const value = isPlain ? (readings.value[row] ?? NaN) : valueOf(rows, readings, row, own)
    if (value === null || Number.isNaN(value)) {
      warn(counts, value === null ? 'value_out_of_range' : 'missing_value')
      continue
    }
    const at = rows.count++
    rows.start[at] = start
    rows.duration[at] = readings.duration[row] ?? NaN
    rows.value[at] = value
    const code = quality?.[row] ?? NaN
    rows.quality[at] = Number.isNaN(code) ? fallback : qualityRank(code)
    if (rows.cost !== null) rows.cost[at] = costOf(readings, row, counts)
    const tou = given(readings.tou?.[row]) ?? type.tou ?? 0
    rows.tou[at] = tou >= 0 && tou < 256 ? tou : 0
    rows.updated[at] = updated
  }
}

/** Columns to be filled; what is in the room's memory is in them until then. */
function emptyRows(
  length: number,
  { exponent, isPriced, room }: { exponent: number; isPriced: boolean; room: Room },
): Rows {
  const floats = (): Float64Array => new Float64Array(...arrayIn(room, length, 8))
  const bytes = (): Uint8Array => new Uint8Array(...arrayIn(room, length, 1))
  return {
    count: 0,
    exponent,
    start: floats(),
    duration: floats(),
    value: floats(),
    quality: bytes(),
    cost: isPriced ? floats() : null,
    tou: bytes(),
    updated: floats(),
    currency: null,
  }
}

/** The smallest exponent that any value needs: the type's, a reading's own (NISC), less the digits after a point. */
function commonExponent(reading: Reading, type: Wire<'ReadingType'>): number {
  const own = type.powerOfTenMultiplier ?? 0
  let smallest = Infinity
  for (const { readings } of reading.blocks) {
    const { multiplier, odd } = readings
    if (multiplier === null && odd.value.size === 0) {
      if (readings.count > 0) smallest = Math.min(smallest, own)
      continue
    }
    for (let row = 0; row < readings.count; row++) {
      const scale = given(multiplier?.[row]) ?? own
      if (isScale(scale)) smallest = Math.min(smallest, scale + (odd.value.get(row)?.exponent ?? 0))
    }
  }
  return Number.isFinite(smallest) ? smallest : own
}

const given = (value: number | undefined): number | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : value

/** A reading without a time stands at its place in the block, when the type says how long intervals are. */
function startOf(
  readings: Readings,
  row: number,
  block: { start: number | null; from: number },
  type: Wire<'ReadingType'>,
): number {
  const start = readings.start[row] ?? NaN
  if (!Number.isNaN(start) || block.start === null) return start
  return type.intervalLength !== null && type.intervalLength > 1
    ? block.start + (row - block.from) * type.intervalLength
    : NaN
}

/** In units of the common exponent; NaN when not given, null when it cannot be carried exactly. own: the multiplier of its type. */
function valueOf(rows: Rows, readings: Readings, row: number, own: number): number | null {
  const value = readings.value[row] ?? NaN
  if (Number.isNaN(value)) return NaN
  const scale = given(readings.multiplier?.[row]) ?? own
  if (!isScale(scale)) return null
  if (scale === rows.exponent && readings.odd.value.size === 0) return value
  const number = exactAt(readings, 'value', row)
  const units =
    number === null ? null : toUnits({ digits: number.digits, exponent: number.exponent + scale }, rows.exponent)
  return units === null || !units.exact ? null : units.value
}

function costOf(readings: Readings, row: number, counts: WarningCounts): number {
  const cost = readings.cost?.[row] ?? NaN
  const odd = readings.odd.cost.get(row)
  if (odd === undefined) return cost
  const money = toMoney(odd, odd.exponent < 0)
  if (money !== 'unreadable') return money
  warn(counts, 'amount_unreadable')
  return NaN
}

/** The same rows in units of a smaller exponent; what gets too large for an exact number is left out. */
export function rescaleRows(rows: Rows, exponent: number, counts: WarningCounts): Rows {
  const factor = 10 ** (rows.exponent - exponent)
  if (factor === 1) return rows
  const value = rows.value.map((one) => one * factor)
  const kept: number[] = []
  for (let row = 0; row < rows.count; row++) if (Number.isSafeInteger(value[row])) kept.push(row)
  warn(counts, 'value_out_of_range', rows.count - kept.length)
  const pick = (column: Float64Array): Float64Array => Float64Array.from(kept, (row) => column[row] ?? NaN)
  const pickByte = (column: Uint8Array): Uint8Array => Uint8Array.from(kept, (row) => column[row] ?? 0)
  return {
    ...rows,
    count: kept.length,
    exponent,
    start: pick(rows.start),
    duration: pick(rows.duration),
    value: pick(value),
    cost: rows.cost === null ? null : pick(rows.cost),
    updated: pick(rows.updated),
    quality: pickByte(rows.quality),
    tou: pickByte(rows.tou),
  }
}

/** Two sets of rows of one exponent, one after the other. */
export function appendRows(a: Rows, b: Rows): Rows {
  const float = (name: 'start' | 'duration' | 'value' | 'updated'): Float64Array =>
    Float64Array.from([...a[name].subarray(0, a.count), ...b[name].subarray(0, b.count)])
  const byte = (name: 'quality' | 'tou'): Uint8Array =>
    Uint8Array.from([...a[name].subarray(0, a.count), ...b[name].subarray(0, b.count)])
  return {
    count: a.count + b.count,
    exponent: a.exponent,
    start: float('start'),
    duration: float('duration'),
    value: float('value'),
    cost: a.cost === null && b.cost === null ? null : Float64Array.from([...costsOf(a), ...costsOf(b)]),
    updated: float('updated'),
    quality: byte('quality'),
    tou: byte('tou'),
    currency: a.currency ?? b.currency,
  }
}

const costsOf = ({ cost, count }: Rows): Float64Array => cost?.subarray(0, count) ?? new Float64Array(count).fill(NaN)
