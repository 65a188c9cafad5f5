import { QUALITY, type Quantified, type Series } from '../model/series.ts'
import { isEnergy } from './codes.ts'
import { warn, type WarningCounts } from './warnings.ts'

/**
 * Usage out of meter indexes, for a usage point whose feed tells its usage in no other way: each difference of two reads is the
 * usage between them, of the worse of their qualities. A read below the one before (a new meter, an index that turned over) says
 * nothing about usage: a gap. The indexes stay a series of their own.
 */
export function usageOfRegisters(series: readonly Series[], counts: WarningCounts): Series[] {
  const told = new Set(
    series.flatMap(({ channel }) =>
      channel.quantified === 'register' ? [] : [quantityKey(channel, channel.quantified)],
    ),
  )
  return series.flatMap((register) => {
    const { channel } = register
    if (channel.quantified !== 'register') return []
    const quantified: Quantified = isEnergy(channel.unit) ? 'energy' : 'volume'
    if (told.has(quantityKey(channel, quantified))) return []
    const usage = differences({ ...register, channel: { ...channel, quantified } }, counts)
    return usage.start.length === 0 ? [] : [usage]
  })
}

const quantityKey = ({ commodity }: Series['channel'], quantified: Quantified): string => `${commodity}/${quantified}`

function differences(register: Series, counts: WarningCounts): Series {
  const rows: number[] = []
  for (let row = 1; row < register.start.length; row++) {
    const difference = (register.value[row] ?? NaN) - (register.value[row - 1] ?? NaN)
    if (difference >= 0 && Number.isSafeInteger(difference)) rows.push(row)
    else warn(counts, 'register_went_back')
  }
  const step = (column: ArrayLike<number>, row: number): number => (column[row] ?? NaN) - (column[row - 1] ?? NaN)
  const worse = (row: number): number =>
    Math.min(register.quality[row] ?? QUALITY.unknown, register.quality[row - 1] ?? QUALITY.unknown)
  return {
    ...register,
    start: Float64Array.from(rows, (row) => register.start[row - 1] ?? NaN),
    duration: Uint32Array.from(rows, (row) => step(register.start, row)),
    value: Float64Array.from(rows, (row) => step(register.value, row)),
    quality: Uint8Array.from(rows, worse),
    cost: null,
    tou: null,
    currency: null,
  }
}
