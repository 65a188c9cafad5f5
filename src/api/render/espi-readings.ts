import type { Readings } from '../../espi/readings.ts'
import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import { localMidnight } from '../../units/local-days.ts'
import { type ChannelFacts, commonQuality } from './espi-channel.ts'
import { QUALITY_CODES } from './espi-codes.ts'

/** isByStart: a reading is of the span in which it starts, so that spans side by side leave none out. */
export type ReadingSpan = { zone: string; from: number | null; until: number | null; isByStart?: boolean }

/**
 * The readings of one channel and month that lie in a span (epoch seconds, null: open), a block for each local day; null when there
 * are none. Values are whole numbers at the channel's one multiplier; costs in another currency than its own are left out.
 */
export function renderReadings(
  { columns }: MonthBlock,
  facts: ChannelFacts,
  { zone, from, until, isByStart = false }: ReadingSpan,
): Readings | null {
  const rows: number[] = []
  for (let row = 0; row < columns.start.length; row++) {
    const begins = columns.start[row] ?? 0
    const last = isByStart ? begins + 1 : begins + (columns.duration[row] ?? 0)
    if ((from === null || begins >= from) && (until === null || last <= until)) rows.push(row)
  }
  if (rows.length === 0) return null
  const pick = (of: (row: number) => number): Float64Array => Float64Array.from(rows, of)
  const { cost, tou, currency, quality } = columns
  const factor = 10 ** (columns.exponent - facts.exponent)
  const start = pick((row) => columns.start[row] ?? NaN)
  const duration = pick((row) => columns.duration[row] ?? NaN)
  return {
    count: rows.length,
    blocks: daysOf(start, duration, zone),
    start,
    duration,
    value: pick((row) => (columns.value[row] ?? NaN) * factor),
    cost: cost && currency === facts.currency ? pick((row) => cost[row] ?? NaN) : null,
    quality: commonQuality(facts) === null ? pick((row) => QUALITY_CODES[quality[row] ?? 0] ?? NaN) : null,
    tou: tou && pick((row) => tou[row] || NaN),
    tier: null,
    cpp: null,
    multiplier: null,
    odd: { value: new Map(), cost: new Map() },
  }
}

function daysOf(start: Float64Array, duration: Float64Array, zone: string): Readings['blocks'] {
  const blocks: Readings['blocks'] = []
  let midnight = NaN
  for (let row = 0; row < start.length; row++) {
    const begins = start[row] ?? NaN
    const today = localMidnight(begins, zone)
    if (today !== midnight) blocks.push({ start: begins, duration: 0, uom: null, currency: null, from: row, to: row })
    midnight = today
    const block = blocks.at(-1)
    if (!block) continue
    block.to = row + 1
    block.duration = begins + (duration[row] ?? 0) - (block.start ?? begins)
  }
  return blocks
}
