import { foldColumn, type FoldedColumn, type Room, unfoldColumn } from '../units/folded-column.ts'
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

/** The series as it was before it was put aside; one that never was, as it is. */
export function unfoldSeries(series: Series | FoldedSeries): Series {
  if (!('folded' in series)) return series
  const { length, folded, ...place } = series
  const open = <C extends Float64Array | Uint32Array | Uint8Array>(from: FoldedColumn, column: C): C => {
    unfoldColumn(from, column)
    return column
  }
  return {
    ...place,
    start: open(folded.start, new Float64Array(length)),
    duration: open(folded.duration, new Uint32Array(length)),
    value: open(folded.value, new Float64Array(length)),
    quality: open(folded.quality, new Uint8Array(length)),
    cost: folded.cost && open(folded.cost, new Float64Array(length)),
    tou: folded.tou && open(folded.tou, new Uint8Array(length)),
  }
}
