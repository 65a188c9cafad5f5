/** Memory that columns share: a buffer for each is measured to cost more than what is in it. */
export type Room = { memory: ArrayBuffer; at: number }

/**
 * A column of numbers in little memory, exact: the first number and the step to each next one where all steps are equal (0
 * where all numbers are), else the narrowest array that holds every number. Only a zero has no sign.
 */
export type FoldedColumn = { first: number; step: number } | Uint8Array | Uint32Array | Int32Array | Float64Array

type Column = Float64Array | Uint32Array | Uint8Array

/** Bytes of one piece of memory: the columns of some twenty days. */
const ROOM = 65_536

export const createRoom = (): Room => ({ memory: new ArrayBuffer(0), at: 0 })

/** Makes a room empty, and so large that `bytes` fit in one piece: whoever took a place in it before must be done with it. */
export function emptyRoom(room: Room, bytes: number): void {
  if (room.memory.byteLength < bytes) room.memory = new ArrayBuffer(bytes)
  room.at = 0
}

/** A place of so many bytes in `room.memory`, which is new memory where the one in use is full. */
function takePlace(room: Room, bytes: number): number {
  const place = Math.ceil(room.at / 8) * 8
  if (place + bytes <= room.memory.byteLength) {
    room.at = place + bytes
    return place
  }
  room.memory = new ArrayBuffer(Math.max(bytes, ROOM))
  room.at = bytes
  return 0
}

/** What an array of `length` elements of `width` bytes in a room is made of. */
export function arrayIn(
  room: Room,
  length: number,
  width: number,
): [memory: ArrayBuffer, place: number, length: number] {
  const place = takePlace(room, length * width)
  return [room.memory, place, length]
}

/** The numbers of a column, put aside in memory of `room`; the column itself may be used again. */
export function foldColumn(column: Column, room: Room): FoldedColumn {
  const first = column[0] ?? 0
  const step = (column[1] ?? first) - first
  if (isLine(column, first, step)) return { first, step }
  const kind = kindOf(column)
  const place = takePlace(room, kind.width * column.length)
  const folded = arrayAt(room.memory, place, kind)
  folded.set(column)
  return folded
}

function isLine(column: Column, first: number, step: number): boolean {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(step)) return false
  for (let at = 1; at < column.length; at++) if (column[at] !== first + at * step) return false
  return true
}

function kindOf(column: Column): Kind {
  const { length } = column
  let [low, high] = [0, 0]
  for (let at = 0; at < length; at++) {
    const number = column[at] ?? 0
    if (Math.trunc(number) !== number) return { width: 8, isSigned: true, length }
    if (number < low) low = number
    if (number > high) high = number
  }
  return { width: widthOf(low, high), isSigned: low < 0, length }
}

function widthOf(low: number, high: number): number {
  if (low < 0) return low >= -(2 ** 31) && high < 2 ** 31 ? 4 : 8
  if (high < 2 ** 8) return 1
  return high < 2 ** 32 ? 4 : 8
}

type Kind = { width: number; isSigned: boolean; length: number }

function arrayAt(memory: ArrayBuffer, place: number, { width, isSigned, length }: Kind) {
  if (width === 1) return new Uint8Array(memory, place, length)
  if (width === 8) return new Float64Array(memory, place, length)
  return isSigned ? new Int32Array(memory, place, length) : new Uint32Array(memory, place, length)
}

/** Writes the numbers of a folded column to a column of the same length. */
export function unfoldColumn(folded: FoldedColumn, column: Column): void {
  if (ArrayBuffer.isView(folded)) column.set(folded)
  else if (folded.step === 0) column.fill(folded.first)
  else for (let at = 0; at < column.length; at++) column[at] = folded.first + at * folded.step
}
