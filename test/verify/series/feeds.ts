import * as fc from 'fast-check'

import { QUALITY, type Series } from '../../../src/model/series.ts'
import { midnightOf } from '../../../src/units/local-days.ts'
import { PACIFIC, seriesOf } from './series-kit.ts'

const HOUR = 3600
/** Two days before the clocks change: windows reach over it and over the end of a month. */
const FIRST = midnightOf('2026-10-30', PACIFIC)

/** What one feed tells: a window of hours, some of them missing. feed: its number, in the order of fetching. */
export type Told = { feed: number; series: Series }

/**
 * What a utility tells of one meter in some windows that overlap. It corrects: from one feed to the next a reading may become
 * another one, which it was not before.
 */
export const feeds = fc
  .array(
    fc.record({
      from: fc.nat(60),
      length: fc.integer({ min: 1, max: 40 }),
      missing: fc.uniqueArray(fc.nat(99), { maxLength: 5 }),
      quality: fc.constantFrom(QUALITY.raw, QUALITY.estimated, QUALITY.validated, QUALITY.revenue),
      corrects: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((windows): Told[] => {
    let revision = 0
    return windows.map(({ from, length, missing, quality, corrects }, at) => {
      if (corrects) revision++
      const hours = Array.from({ length }, (_, hour) => from + hour).filter((hour) => !missing.includes(hour))
      const rows = hours.map((hour) => ({
        start: FIRST + hour * HOUR,
        value: hour * 100 + (hour % 3 === 0 ? revision * 7 : 0),
        quality,
      }))
      return { feed: at + 1, series: seriesOf(rows) }
    })
  })

/** What has to stand after all feeds, told the plain way: for each start the best quality, then the latest feed. */
export function oracle(told: readonly Told[]): { start: number; value: number; quality: number }[] {
  const best = new Map<number, { value: number; quality: number; feed: number }>()
  for (const { feed, series } of told) {
    for (const [row, start] of series.start.entries()) {
      const own = { value: series.value[row] ?? 0, quality: series.quality[row] ?? 0, feed }
      const other = best.get(start)
      const wins = !other || own.quality > other.quality || (own.quality === other.quality && own.feed >= other.feed)
      if (wins) best.set(start, own)
    }
  }
  return [...best].toSorted(([a], [b]) => a - b).map(([start, { value, quality }]) => ({ start, value, quality }))
}

/** The readings of a series from `from` to `to` of all, counted. */
export function cutSeries(series: Series, from: number, to: number): Series {
  return {
    ...series,
    start: series.start.slice(from, to),
    duration: series.duration.slice(from, to),
    value: series.value.slice(from, to),
    quality: series.quality.slice(from, to),
    cost: series.cost?.slice(from, to) ?? null,
    tou: series.tou?.slice(from, to) ?? null,
  }
}
