import type { NetColumns } from './net-columns.ts'
import { type Decimal, measureDecimal, writeDecimal } from './write-decimal.ts'
import { TIME_BYTES, type TimeWriter } from './write-time.ts'

/** unit: its JSON text. part: the JSON text of the physical meter's number, where several share an agreement. */
export type RowOptions = {
  from: number | null
  until: number | null
  unit: string
  isEnergy: boolean
  part: string | null
  time: TimeWriter
}

/** Rows as JSON text with commas between; withheld counts those whose net is not known. */
export type WrittenRows = { bytes: Uint8Array; withheld: number }

/** A number has at most 16 digits, a sign, a point and a zero before it. */
const NUMBER_BYTES = 20

/**
 * The readings of one line, newest first, from columns to bytes without a string or an object between. Rows are mostly like
 * the one before: it is copied, and only times and digits are written anew.
 */
export function writeReadings({ exponent, start, duration, value }: NetColumns, options: RowOptions): WrittenRows {
  const { from, until, time } = options
  const row = openRow(options)
  const bytes = Buffer.allocUnsafe(start.length * row.most)
  const number: Decimal = { digits: 0, places: 0, width: 0 }
  let [length, withheld] = [0, 0]
  for (let at = start.length - 1; at >= 0; at--) {
    const begins = start[at] ?? 0
    const ends = begins + (duration[at] ?? 0)
    if ((from !== null && begins < from) || (until !== null && ends > until)) continue
    const net = value[at] ?? Number.NaN
    if (net !== net) {
      withheld++
      continue
    }
    measureDecimal(number, net, exponent)
    row.place(bytes, length, number.width)
    row.days.start = time.write(bytes, length + row.start, begins, row.days.start)
    row.days.end = time.write(bytes, length + row.end, ends, row.days.end)
    for (const place of row.numbers()) writeDecimal(bytes, length + place, number)
    length += row.length()
  }
  return { bytes: bytes.subarray(0, Math.max(0, length - 1)), withheld } // the last comma is not wanted
}

type Row = {
  /** Bytes that a row takes at most. */
  most: number
  start: number
  end: number
  /** The days that stand in the row that was written last. */
  days: { start: number; end: number }
  /** Puts the markup of a row with a number of so many bytes. */
  place(bytes: Uint8Array, at: number, width: number): void
  numbers(): readonly number[]
  length(): number
}

/** The markup of a row, for one width of its number at a time. */
function openRow({ unit, isEnergy, part }: RowOptions): Row {
  const blank = ' '.repeat(TIME_BYTES)
  const head = `{"start":"${blank}","end":"${blank}","kwh":`
  const middle = `${isEnergy ? '' : 'null'},"datapoints":[{"type":"net","unit":${unit},"value":`
  const tail = `${part === null ? '' : `,"meter_number":${part}`}}]},`
  const markup = Buffer.byteLength(head + middle + tail)
  const start = '{"start":"'.length
  const days = { start: Number.NaN, end: Number.NaN }
  let [last, width] = [-1, -1]
  let numbers: number[] = []
  let length = 0

  function begin(bytes: Uint8Array, at: number, digits: string): void {
    length = Buffer.from(`${head}${isEnergy ? digits : ''}${middle}${digits}${tail}`).copy(bytes, at)
    const first = Buffer.byteLength(head)
    const second = first + Buffer.byteLength(middle) + (isEnergy ? width : 0)
    numbers = isEnergy ? [first, second] : [second]
    days.start = days.end = Number.NaN
  }

  return {
    most: markup + 2 * NUMBER_BYTES,
    start,
    end: start + TIME_BYTES + '","end":"'.length,
    days,
    place(bytes, at, wanted) {
      if (wanted === width) bytes.copyWithin(at, last, last + length)
      else {
        width = wanted
        begin(bytes, at, '0'.repeat(width))
      }
      last = at
    },
    numbers: () => numbers,
    length: () => length,
  }
}
