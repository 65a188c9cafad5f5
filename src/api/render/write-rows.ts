import type { NetColumns } from './net-columns.ts'
import { localTimes } from './times.ts'
import { NUMBER_BYTES, placeDecimal } from './write-decimal.ts'
import { type LocalDay, localDayOf, TIME_BYTES, writeTimeOfDay } from './write-time.ts'

/** A row: before, start, between, end, behind[0], then the number and behind[1], the number and behind[2], … */
export type RowShape = { before: string; between: string; behind: readonly string[] }

/** Only readings that lie in this span, epoch seconds; null: open. */
type RowSpan = { from: number | null; until: number | null }

/** Of rows that are written before they are taken: few enough to stay in the processor's own memory. */
const ROOM_BYTES = 65_536
/** Memory for rows that nobody uses at the moment: as much as answers that were written at a time. */
const idle: Buffer[] = []

/** How many readings lie in the span and have a net, and how many have none. */
export function countRows({ start, duration, value }: NetColumns, { from, until }: RowSpan) {
  let [told, withheld] = [0, 0]
  for (let at = 0; at < start.length; at++) {
    const begins = start[at] ?? 0
    if ((from !== null && begins < from) || (until !== null && begins + (duration[at] ?? 0) > until)) continue
    if (Number.isNaN(value[at])) withheld++
    else told++
  }
  return { told, withheld }
}

/**
 * The readings of one line that have a net, newest first, from columns to bytes without a string or an object between, in pieces
 * as they are asked for, each good until the next is. A row is a copy of a template; times of day and digits are written into it.
 */
export function* writeRows(
  columns: NetColumns,
  shape: RowShape,
  { zone, ...span }: RowSpan & { zone: string },
): Generator<Uint8Array, void, undefined> {
  const row = openRow(shape, columns.exponent, zone)
  const room = idle.pop() ?? Buffer.allocUnsafeSlow(ROOM_BYTES)
  try {
    const bytes = row.most > ROOM_BYTES ? Buffer.allocUnsafe(row.most) : room
    for (let at = columns.start.length; at > 0;) {
      const filled = fillPiece(bytes, columns, { row, span, at })
      at = filled.at
      if (filled.length > 0) yield bytes.subarray(0, filled.length)
    }
  } finally {
    idle.push(room)
  }
}

/** Writes the readings below position `at` until the bytes are full. */
function fillPiece(
  bytes: Uint8Array,
  { start, duration, value }: NetColumns,
  { row, span: { from, until }, at: above }: { row: Row; span: RowSpan; at: number },
): { length: number; at: number } {
  const last = bytes.length - row.most
  let length = 0
  let at = above
  while (at > 0 && length <= last) {
    const begins = start[--at] ?? 0
    const ends = begins + (duration[at] ?? 0)
    const net = value[at] ?? Number.NaN
    if (net !== net || (from !== null && begins < from) || (until !== null && ends > until)) continue
    length = row.write(bytes, length, begins, ends, net)
  }
  return { length, at }
}

type Row = {
  /** Bytes that a row takes at most. */
  most: number
  /** Writes a row at a place and returns where the next one begins. */
  write(bytes: Uint8Array, at: number, begins: number, ends: number, net: number): number
}

/** A row of one width of its number, with the dates of the days that were written last. */
type Template = { bytes: Uint8Array; numbers: number[] }

const NEVER: LocalDay = {
  from: Infinity,
  until: -Infinity,
  midnight: 0,
  pattern: new Uint8Array(TIME_BYTES).fill(0x20),
}

function openRow({ before, between, behind }: RowShape, exponent: number, zone: string): Row {
  const text = localTimes(zone)
  const digits = new Uint8Array(NUMBER_BYTES)
  const templates: (Template | undefined)[] = []
  const startAt = Buffer.byteLength(before)
  const endAt = startAt + TIME_BYTES + Buffer.byteLength(between)
  let [startDay, endDay] = [NEVER, NEVER]

  function templateOf(width: number): Template {
    const blank = ' '.repeat(TIME_BYTES)
    const bytes = Buffer.from(`${before}${blank}${between}${blank}${behind.join('0'.repeat(width))}`)
    bytes.set(startDay.pattern, startAt)
    bytes.set(endDay.pattern, endAt)
    let at = endAt + TIME_BYTES
    const numbers = behind.slice(0, -1).map((part, place) => {
      at += Buffer.byteLength(part) + (place > 0 ? width : 0)
      return at
    })
    return (templates[width] = { bytes, numbers })
  }

  function dayOf(epoch: number, place: number): LocalDay {
    const day = localDayOf(epoch, zone, text)
    for (const template of templates) template?.bytes.set(day.pattern, place)
    return day
  }

  return {
    most: endAt + TIME_BYTES + Buffer.byteLength(behind.join('')) + (behind.length - 1) * NUMBER_BYTES,
    write(bytes, at, begins, ends, net) {
      if (begins < startDay.from || begins >= startDay.until) startDay = dayOf(begins, startAt)
      if (ends < endDay.from || ends >= endDay.until) endDay = dayOf(ends, endAt)
      const first = placeDecimal(digits, net, exponent)
      const template = templates[NUMBER_BYTES - first] ?? templateOf(NUMBER_BYTES - first)
      bytes.set(template.bytes, at)
      writeTimeOfDay(bytes, at + startAt, begins - startDay.midnight)
      writeTimeOfDay(bytes, at + endAt, ends - endDay.midnight)
      for (let number = 0; number < template.numbers.length; number++) {
        const place = at + (template.numbers[number] ?? 0) - first
        for (let digit = first; digit < NUMBER_BYTES; digit++) bytes[place + digit] = digits[digit] ?? 0
      }
      return at + template.bytes.length
    },
  }
}
