import type { Readings } from '../readings.ts'
import { type ByteWriter, CHUNK, reserve, takeBytes, writeMarkup } from './byte-writer.ts'
import { checkReadings } from './check-readings.ts'

/**
 * Writes the IntervalBlocks of one entry from columns, each with its period and its readings; from column to bytes without a
 * string. Hands bytes over whenever a chunk is full, so that a block of any length needs no more memory.
 * Throws RangeError for what the schemas cannot hold (check-readings.ts). Source: espi.xsd 4.0, types IntervalBlock and
 * IntervalReading.
 */
export function* writeReadings(writer: ByteWriter, readings: Readings): Generator<Uint8Array, void, undefined> {
  checkReadings(readings)
  for (const { start, duration, from, to } of readings.blocks) {
    writeMarkup(writer, '<IntervalBlock xmlns="http://naesb.org/espi">')
    if (start !== null && duration !== null)
      writeMarkup(writer, `<interval><duration>${duration}</duration><start>${start}</start></interval>`)
    for (let row = from; row < to;) {
      row = writeRows(writer, readings, row, to)
      if (writer.length >= CHUNK) yield takeBytes(writer)
    }
    writeMarkup(writer, '</IntervalBlock>')
  }
}

const piece = (markup: string): Uint8Array => new TextEncoder().encode(markup)

/** The numbers of a reading in the order of the schemas, with the markup around each. */
const NUMBERS = [
  { column: 'cost', open: piece('<cost>'), close: piece('</cost>') },
  { column: 'quality', open: piece('<ReadingQuality><quality>'), close: piece('</quality></ReadingQuality>') },
  { column: 'duration', open: piece('<timePeriod><duration>'), close: piece('</duration>') },
  { column: 'start', open: piece('<start>'), close: piece('</start></timePeriod>') },
  { column: 'value', open: piece('<value>'), close: piece('</value>') },
  { column: 'tier', open: piece('<consumptionTier>'), close: piece('</consumptionTier>') },
  { column: 'tou', open: piece('<tou>'), close: piece('</tou>') },
  { column: 'cpp', open: piece('<cpp>'), close: piece('</cpp>') },
] as const
const READING = piece('<IntervalReading>')
const READING_END = piece('</IntervalReading>')

/** More than the longest reading: its markup and eight numbers. */
const MAX_ROW = 512

/**
 * The reading written last: where it stands, and of each number its value (NaN: not given), its place from there and its width.
 * Readings are mostly like the one before, so that copying it and writing anew what differs is measured to be faster.
 */
type Last = { at: number; length: number; values: Float64Array; places: Int32Array; widths: Int32Array }

/** Writes rows until the chunk is full; the row that comes next. */
function writeRows(writer: ByteWriter, readings: Readings, from: number, to: number): number {
  const columns = NUMBERS.map(({ column }) => readings[column])
  const count = NUMBERS.length
  const last: Last = {
    at: -1,
    length: 0,
    values: new Float64Array(count),
    places: new Int32Array(count),
    widths: new Int32Array(count),
  }
  let row = from
  while (row < to && writer.length < CHUNK) {
    reserve(writer, MAX_ROW)
    if (last.at < 0 || !copyLast(writer, last, columns, row)) writeRow(writer, last, columns, row)
    writer.length += last.length
    row++
  }
  return row
}

type Columns = readonly (Float64Array | null)[]

/** False when the row has other numbers than the last one, or one of another width. */
function copyLast({ bytes, length: at }: ByteWriter, last: Last, columns: Columns, row: number): boolean {
  const { values, widths, places } = last
  for (let i = 0; i < columns.length; i++) {
    const value = columns[i]?.[row] ?? NaN
    const before = values[i] ?? NaN
    if (value !== before && (value === value || before === before) && width(value) !== widths[i]) return false
  }
  bytes.copyWithin(at, last.at, last.at + last.length)
  for (let i = 0; i < columns.length; i++) {
    const value = columns[i]?.[row] ?? NaN
    if (value === values[i] || value !== value) continue
    digits(bytes, at + (places[i] ?? 0), value, widths[i] ?? 0)
    values[i] = value
  }
  last.at = at
  return true
}

function writeRow({ bytes, length: from }: ByteWriter, last: Last, columns: Columns, row: number): void {
  let at = put(bytes, from, READING)
  for (let i = 0; i < columns.length; i++) {
    const value = columns[i]?.[row] ?? NaN
    const markup = NUMBERS[i]
    last.values[i] = value
    last.widths[i] = width(value)
    if (markup === undefined || value !== value) continue
    at = put(bytes, at, markup.open)
    last.places[i] = at - from
    digits(bytes, at, value, last.widths[i] ?? 0)
    at = put(bytes, at + (last.widths[i] ?? 0), markup.close)
  }
  last.at = from
  last.length = put(bytes, at, READING_END) - from
}

function put(bytes: Uint8Array, at: number, markup: Uint8Array): number {
  bytes.set(markup, at)
  return at + markup.length
}

/** How many bytes a whole number takes; 0 for NaN. */
function width(value: number): number {
  if (value !== value) return 0
  const rest = value < 0 ? -value : value
  let places = value < 0 ? 2 : 1
  for (let power = 10; power <= rest; power *= 10) places++
  return places
}

/** A whole number in digits, filling so many bytes. */
function digits(bytes: Uint8Array, at: number, value: number, places: number): void {
  let rest = value < 0 ? -value : value
  let place = at + places - 1
  for (; rest > 0x7fff_ffff; place--) {
    const next = Math.floor(rest / 10)
    bytes[place] = 0x30 + (rest - next * 10)
    rest = next
  }
  for (; place >= at; place--) {
    const next = (rest / 10) | 0
    bytes[place] = 0x30 + (rest - next * 10)
    rest = next
  }
  if (value < 0) bytes[at] = 0x2d
}
