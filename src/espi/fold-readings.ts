import { arrayIn, foldColumn, type Room, unfoldColumn } from '../units/folded-column.ts'
import { isGiven, oddOf, type Readings, type ReadingsBuilder, resetReadings, toReadings } from './readings.ts'

/**
 * Cuts the readings of one entry off as takeReadings does, and puts them aside: some five bytes for each instead of forty, so
 * that a feed of years can wait as a whole until its links are known.
 */
export function foldReadings(builder: ReadingsBuilder): Readings {
  const count = builder.row + 1
  const columns = builder.columns.map((column, index) =>
    isGiven(builder, index) ? foldColumn(column.subarray(0, count), builder.room) : null,
  )
  const folded = { count, blocks: builder.blocks, odd: oddOf(builder), columns }
  resetReadings(builder)
  return { ...NO_READINGS, folded }
}

const NO_READINGS = toReadings({ count: 0, blocks: [], odd: { value: new Map(), cost: new Map() } }, () => null)

/** Bytes that readings take when they are unfolded. */
export function unfoldedBytes({ folded }: Readings): number {
  const columns = folded?.columns.filter((column) => column !== null) ?? []
  return columns.length * (folded?.count ?? 0) * Float64Array.BYTES_PER_ELEMENT
}

/** The readings as they were before they were put aside, in memory of `room`; those that never were, as they are. */
export function unfoldReadings(readings: Readings, room: Room): Readings {
  const { folded } = readings
  if (folded === undefined) return readings
  return toReadings(folded, (index) => {
    const column = folded.columns[index] ?? null
    if (column === null) return null
    const numbers = new Float64Array(...arrayIn(room, folded.count, Float64Array.BYTES_PER_ELEMENT))
    unfoldColumn(column, numbers)
    return numbers
  })
}
