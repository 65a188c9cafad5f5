import * as fc from 'fast-check'

import { QUALITY, type Series } from '../../../src/model/series.ts'
import { addLocalDays, midnightOf } from '../../../src/units/local-days.ts'
import type { Told } from './feeds.ts'
import { PACIFIC, type Row, seriesOf } from './series-kit.ts'

/** Four days over the end of a month, one of them with 25 hours. */
const FIRST = midnightOf('2026-10-30', PACIFIC)
const END = addLocalDays(FIRST, 4, PACIFIC)

/** A stretch of time that some lengths tell whole, the longer in the shorter ones: a bill, its days, their hours, quarters. */
type Stretch = { start: number; end: number; parts: Stretch[] }

function stretch(start: number, end: number, lengths: readonly ((from: number) => number)[]): Stretch {
  const parts: Stretch[] = []
  const [next, ...rest] = lengths
  if (!next) return { start, end, parts }
  for (let from = start; from < end; from = next(from)) parts.push(stretch(from, next(from), rest))
  return { start, end, parts }
}

const BILL = stretch(FIRST, END, [
  (from) => addLocalDays(from, 1, PACIFIC),
  (from) => from + 3600,
  (from) => from + 900,
])
const LEVELS = [[BILL], BILL.parts, BILL.parts.flatMap(({ parts }) => parts)]
const QUARTERS = (LEVELS[2] ?? []).flatMap(({ parts }) => parts)

/** What was used in a quarter of an hour; what is longer tells the sum, so that any choice of lengths has to add up. */
const usedIn = ({ start, end }: Stretch): number => {
  let sum = 0
  for (let at = start; at < end; at += 900) sum += 1 + ((at / 900) % 7)
  return sum
}

/** Feeds of one meter, each in one length, with holes; each window of its own quality. */
export const feedsOfLengths = fc
  .array(
    fc.record({
      level: fc.nat(3),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      share: fc.double({ min: 0.02, max: 1, noNaN: true }),
      missing: fc.uniqueArray(fc.nat(399), { maxLength: 3 }),
      quality: fc.constantFrom(QUALITY.raw, QUALITY.estimated, QUALITY.validated),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((windows): Told[] =>
    windows.map(({ level, from, share, missing, quality }, at) => {
      const all = LEVELS[level] ?? QUARTERS
      const first = Math.floor(from * all.length)
      const told = all.slice(first, first + Math.ceil(share * all.length)).filter((_, row) => !missing.includes(row))
      const rows = told.map((one): Row => ({ ...one, value: usedIn(one), duration: one.end - one.start, quality }))
      return { feed: at + 1, series: seriesOf(rows) }
    }),
  )
  .filter((told) => told.some(({ series }) => series.start.length > 0))

export type Shown = { start: number; duration: number; value: number; quality: number }

/** What has to show after all feeds, told the plain way: from the longest stretch down to the quarters of an hour. */
export function oracleOfLengths(told: readonly Told[]): Shown[] {
  const best = new Map<string, Shown>()
  for (const { series } of told) {
    for (const [row, start] of series.start.entries()) {
      const [duration = 0, value = 0, quality = 0] = [series.duration[row], series.value[row], series.quality[row]]
      const key = `${start} ${duration}`
      if (quality >= (best.get(key)?.quality ?? 0)) best.set(key, { start, duration, value, quality })
    }
  }
  return showIn(BILL, best)
}

function showIn({ start, end, parts }: Stretch, best: ReadonlyMap<string, Shown>): Shown[] {
  const own = best.get(`${start} ${end - start}`)
  const shorter = parts.flatMap((part) => showIn(part, best))
  if (!own || shorter.length === 0) return own ? [own] : shorter
  const isWhole = shorter.reduce((sum, { duration }) => sum + duration, 0) === end - start
  const qualities = shorter.map(({ quality }) => quality)
  if (own.quality > Math.max(...qualities)) return [own]
  return own.quality >= Math.min(...qualities) && !isWhole ? [own] : shorter
}

/** What shows of a series, told as the oracle does. */
export function shownOf(series: readonly Series[]): Shown[] {
  return series.flatMap(({ start, duration, value, quality }) =>
    Array.from(start, (at, row) => ({
      start: at,
      duration: duration[row] ?? NaN,
      value: value[row] ?? NaN,
      quality: quality[row] ?? NaN,
    })),
  )
}

/** The usage of the time that something was told of; at most this may be shown. */
export const usageOf = (shown: readonly Shown[]): { told: number; used: number } => ({
  told: shown.reduce((sum, { value }) => sum + value, 0),
  used: shown.reduce((sum, { start, duration }) => sum + usedIn({ start, end: start + duration, parts: [] }), 0),
})
