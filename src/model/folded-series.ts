import { arrayIn, foldColumn, type FoldedColumn, type Room, unfoldColumn } from '../units/folded-column.ts'
import type { Series } from './series.ts'

/** A series put aside: a fifth of the memory, until it is its turn to be stored. */
export type FoldedSeries = Pick<Series, 'usagePoint' | 'channel' | 'exponent' | 'currency'> & {
  length: number
  folded: Record<'start' | 'duration' | 'value' | 'quality', FoldedColumn> & Record<'cost' | 'tou', FoldedColumn | null>
}

/** Puts a series aside, in memory of `room`; its columns may be used again. */
export function foldSeries({ usagePoint, channel, exponent, currency, ...columns }: Series, room: Room): FoldedSeries {
  const { start, duration, value, quality, cost, tou } = columns
  const folded = {
    start: foldColumn(start, room),
    duration: foldColumn(duration, room),
    value: foldColumn(value, room),
    quality: foldColumn(quality, room),
    cost: cost && foldColumn(cost, room),
    tou: tou && foldColumn(tou, room),
  }
  return { usagePoint, channel, exponent, currency, length: start.length, folded }
}

/** Bytes of a reading in columns that are open. */
export const OPEN_BYTES = 30

/** The series as it was before it was put aside, in memory of `room`; one that never was, as it is. */
export function unfoldSeries(series: Series | FoldedSeries, room: Room): Series {
  if (!('folded' in series)) return series
  const { length, folded, ...place } = series
  const floats = (from: FoldedColumn) => open(from, new Float64Array(...arrayIn(room, length, 8)))
  const bytes = (from: FoldedColumn) => open(from, new Uint8Array(...arrayIn(room, length, 1)))
  return {
    ...place,
    start: floats(folded.start),
    duration: open(folded.duration, new Uint32Array(...arrayIn(room, length, 4))),
    value: floats(folded.value),
    quality: bytes(folded.quality),
    cost: folded.cost && floats(folded.cost),
    tou: folded.tou && bytes(folded.tou),
  }
}

function open<C extends Float64Array | Uint32Array | Uint8Array>(from: FoldedColumn, column: C): C {
  unfoldColumn(from, column)
  return column
}
