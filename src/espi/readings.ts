import { addExact, type Exact, parseExact } from '../units/exact.ts'
import { arrayIn, createRoom, type FoldedColumn, type Room } from '../units/folded-column.ts'

/** Columns of an IntervalReading, in the order of their numbers. multiplier: NISC writes it on every reading. */
export const COLUMNS = ['start', 'duration', 'value', 'cost', 'quality', 'tou', 'tier', 'cpp', 'multiplier'] as const
export type ColumnName = (typeof COLUMNS)[number]

/**
 * One IntervalBlock of an entry: its own period, and its readings as rows `from` (inclusive) to `to` of the columns.
 * uom, currency: NISC writes them inside the interval; null elsewhere.
 */
export type Block = {
  start: number | null
  duration: number | null
  uom: number | null
  currency: number | null
  from: number
  to: number
}

/**
 * All readings of one entry, in columns of one length, in document order, unscaled, as sent; NaN where not given.
 * A column in which nothing was given is null. start: epoch seconds; duration: seconds.
 * odd: numbers of `value` and `cost` that no float holds exactly (decimals, beyond 2 ** 53), by row; in the column stands the
 * nearest float. folded: where it is there, the readings are put aside and all else is empty (fold-readings.ts).
 */
export type Readings = {
  count: number
  blocks: Block[]
  start: Float64Array
  duration: Float64Array
  value: Float64Array
  cost: Float64Array | null
  quality: Float64Array | null
  tou: Float64Array | null
  tier: Float64Array | null
  cpp: Float64Array | null
  multiplier: Float64Array | null
  odd: { value: ReadonlyMap<number, Exact>; cost: ReadonlyMap<number, Exact> }
  folded?: FoldedReadings
}

/** Readings in a tenth of the memory; columns in the order of COLUMNS, null where nothing was given. */
export type FoldedReadings = Pick<Readings, 'count' | 'blocks' | 'odd'> & { columns: (FoldedColumn | null)[] }

/** Grows rows and columns for one entry after another; the room is used again. */
export type ReadingsBuilder = {
  columns: Float64Array[]
  row: number
  used: number
  blocks: Block[]
  odd: Record<'value' | 'cost', Map<number, Exact> | null>
  /** What the columns of many entries are taken from. */
  room: Room
}

export function createReadingsBuilder(): ReadingsBuilder {
  const columns = COLUMNS.map(() => new Float64Array(128).fill(NaN))
  return { columns, row: -1, used: 0, blocks: [], odd: noOdd(), room: createRoom() }
}

const noOdd = (): ReadingsBuilder['odd'] => ({ value: null, cost: null })

export function addRow(builder: ReadingsBuilder): void {
  builder.row++
  if (builder.row < (builder.columns[0]?.length ?? 0)) return
  builder.columns = builder.columns.map((column) => {
    const grown = new Float64Array(column.length * 2).fill(NaN, column.length)
    grown.set(column)
    return grown
  })
}

/** Sets one number of the present row. */
export function setNumber(builder: ReadingsBuilder, column: number, value: number): void {
  const target = builder.columns[column]
  if (target !== undefined) target[builder.row] = value
  builder.used |= 1 << column
}

/**
 * Sets a number that is no plain safe integer. False when the text is no number, or is a decimal where ESPI wants a whole one
 * (only `value` and `cost` may have a fraction).
 */
export function setOdd(builder: ReadingsBuilder, column: number, text: string): boolean {
  const number = parseExact(text)
  if (number === null) return false
  const name = COLUMNS[column]
  const value = Number(text) + 0 // no minus before zero
  const whole = Number.isSafeInteger(value) && number.digits % 10n ** BigInt(-number.exponent) === 0n
  if (whole) setNumber(builder, column, value)
  else if (name === 'value' || name === 'cost') {
    setNumber(builder, column, value)
    const odd = (builder.odd[name] ??= new Map())
    odd.set(builder.row, number)
  } else return false
  return true
}

/**
 * Cuts the columns off for one entry and leaves the builder empty. Columns of many entries share one piece of memory: an entry
 * is often one day, and a buffer for each column is measured to cost 5% of all parsing, one for each entry another tenth.
 */
export function takeReadings(builder: ReadingsBuilder): Readings {
  const count = builder.row + 1
  const taken = toReadings({ count, blocks: builder.blocks, odd: oddOf(builder) }, (index) => {
    if (!isGiven(builder, index)) return null
    const column = new Float64Array(...arrayIn(builder.room, count, Float64Array.BYTES_PER_ELEMENT))
    column.set(builder.columns[index]?.subarray(0, count) ?? [])
    return column
  })
  resetReadings(builder)
  return taken
}

/** Readings with the columns that `take` gives by their place in COLUMNS. */
export function toReadings(
  { count, blocks, odd }: Pick<Readings, 'count' | 'blocks' | 'odd'>,
  take: (index: number) => Float64Array | null,
): Readings {
  return {
    count,
    blocks,
    start: take(0) ?? new Float64Array(count),
    duration: take(1) ?? new Float64Array(count),
    value: take(2) ?? new Float64Array(count),
    cost: take(3),
    quality: take(4),
    tou: take(5),
    tier: take(6),
    cpp: take(7),
    multiplier: take(8),
    odd,
  }
}

/** True for a column in which something was given; start, duration and value are there in any case. */
export function isGiven(builder: ReadingsBuilder, index: number): boolean {
  return index < 3 || ((builder.used >> index) & 1) === 1
}

export function oddOf({ odd }: ReadingsBuilder): Readings['odd'] {
  return odd.value === null && odd.cost === null ? NO_ODD : { value: odd.value ?? NONE, cost: odd.cost ?? NONE }
}

/** Shared by nearly all: maps for each entry are measured to be a fifth of what a large feed takes. */
const NONE: ReadonlyMap<number, Exact> = new Map()
const NO_ODD: Readings['odd'] = { value: NONE, cost: NONE }

export function resetReadings(builder: ReadingsBuilder): void {
  for (const [index, column] of builder.columns.entries())
    if ((builder.used >> index) & 1) column.fill(NaN, 0, builder.row + 1)
  builder.row = -1
  builder.used = 0
  builder.blocks = []
  builder.odd = noOdd()
}

/** The number in a row of `value` or `cost`, exact; null where not given. */
export function exactAt(readings: Readings, name: 'value' | 'cost', row: number): Exact | null {
  const odd = readings.odd[name].get(row)
  if (odd !== undefined) return odd
  const value = readings[name]?.[row]
  return value === undefined || Number.isNaN(value) ? null : { digits: BigInt(value), exponent: 0 }
}

/** The exact sum of a column as sent; null when no row has a number. */
export function sumColumn(readings: Readings, name: 'value' | 'cost'): Exact | null {
  const column = readings[name]
  if (column === null) return null
  const odd = readings.odd[name]
  let sum: Exact = { digits: 0n, exponent: 0 }
  let small = 0
  let given = false
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? NaN
    if (Number.isNaN(value)) continue
    given = true
    const exact = odd.get(row)
    if (exact !== undefined) sum = addExact(sum, exact)
    else if (Number.isSafeInteger(small + value)) small += value
    else {
      sum = addExact(sum, { digits: BigInt(small), exponent: 0 })
      small = value
    }
  }
  return given ? addExact(sum, { digits: BigInt(small), exponent: 0 }) : null
}
