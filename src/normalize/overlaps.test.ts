import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Series } from '../model/series.ts'
import { codes, feedOf, hours, only, type Reading, ZONE } from './feed-for-tests.ts'
import { midnightOf } from '../units/local-days.ts'

const T0 = 1_700_000_000
const row = (start: number, duration: number, value: number, quality = 17): Reading => ({
  start: T0 + start,
  duration,
  value: String(value),
  quality,
})
const quarters = (of: number[] = [0, 1, 2, 3], quality = 17): Reading[] =>
  of.map((index) => row(index * 900, 900, index + 1, quality))
const told = ({ start, duration, value }: Series): number[][] =>
  [...start].map((at, index) => [at - T0, duration[index] ?? NaN, value[index] ?? NaN])

describe('the same usage in two lengths counts once', () => {
  const HOUR = row(0, 3600, 10)
  const FINE = [0, 1, 2, 3].map((index) => [index * 900, 900, index + 1])
  it.each<[string, Reading[], number[][], string[]]>([
    ['quarters that fill the hour are used', [HOUR, ...quarters()], FINE, ['coarser_readings_left_out']],
    ['whichever came first', [...quarters(), HOUR], FINE, ['coarser_readings_left_out']],
    [
      'the hour is used where the quarters leave a hole',
      [HOUR, ...quarters([0, 1, 3]), row(3600, 3600, 7)],
      [
        [0, 3600, 10],
        [3600, 3600, 7],
      ],
      ['finer_readings_left_out'],
    ],
    [
      'a hole at the start is one too, where the hour is no exception',
      [HOUR, ...quarters([1, 2, 3]), row(3600, 3600, 7)],
      [
        [0, 3600, 10],
        [3600, 3600, 7],
      ],
      ['finer_readings_left_out'],
    ],
    [
      'the hour is used where its quality is better',
      [row(0, 3600, 10, 19), ...quarters([0, 1, 2, 3], 14)],
      [[0, 3600, 10]],
      ['finer_readings_left_out'],
    ],
    [
      'also when one that reaches out of the hour stands between',
      [row(0, 3600, 10), row(600, 6600, 5), row(1200, 600, 2), row(7200, 3600, 3)],
      [
        [0, 600, 10],
        [600, 6600, 5],
        [7200, 3600, 3],
      ],
      ['duration_corrected', 'finer_readings_left_out'],
    ],
    [
      'better quarters are used even with a hole',
      [row(0, 3600, 10, 14), ...quarters([0, 2], 19)],
      [
        [0, 900, 1],
        [1800, 900, 3],
      ],
      ['coarser_readings_left_out', 'lengths_disagree'],
    ],
    [
      'quarters that do not add up to the hour are told',
      [row(0, 3600, 11), ...quarters()],
      FINE,
      ['coarser_readings_left_out', 'lengths_disagree'],
    ],
  ])('%s', (_name, readings, expected, warnings) => {
    const feed = feedOf([{ readings }])
    expect(told(only(feed))).toEqual(expected)
    expect(codes(feed)).toEqual(warnings)
  })

  it('days give way to hours only where there are hours', () => {
    const days = [0, 1, 2].map((day) => row(day * 86_400, 86_400, 276))
    const feed = feedOf([
      { type: { intervalLength: 86_400 }, readings: days },
      { readings: hours(24, T0 + 86_400).map((one) => ({ ...one, quality: 17 })) },
    ])
    expect(only(feed).start).toHaveLength(26)
    expect([...only(feed).value].reduce((sum, value) => sum + value)).toBe(3 * 276)
    expect(codes(feed)).toEqual(['coarser_readings_left_out'])
  })

  it('any mixture of hours and quarters adds up to each moment once', () => {
    const slots = fc.array(
      fc.record({ fine: fc.array(fc.option(fc.nat(99)), { minLength: 4, maxLength: 4 }), whole: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(slots, fc.boolean(), (sent, backwards) => {
        const lone = [row(-7200, 3600, 0), row(-3600, 3600, 0)] // so that hours are no exception
        const readings = sent.flatMap(({ fine, whole }, slot) => [
          ...(whole ? [row(slot * 3600, 3600, 1000)] : []),
          ...fine.flatMap((value, part) => (value === null ? [] : [row(slot * 3600 + part * 900, 900, value)])),
        ])
        const all = [...lone, ...readings]
        const { start, duration, value } = only(feedOf([{ readings: backwards ? all.toReversed() : all }]))
        const expected = sent.reduce((sum, { fine, whole }) => {
          const parts = fine.filter((one) => one !== null)
          return sum + (whole && parts.length < 4 ? 1000 : parts.reduce((total, one) => total + one, 0))
        }, 0)
        expect(value.reduce((sum, one) => sum + one, 0)).toBe(expected)
        for (let at = 1; at < start.length; at++)
          expect((start[at - 1] ?? NaN) + (duration[at - 1] ?? NaN)).toBeLessThanOrEqual(start[at] ?? NaN)
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, (at: number) => [start: number, duration: number]]>([
    ['hold each other', (at) => [at, 2 * (20_000 - at)]],
    ['all begin at once', (at) => [0, at + 1]],
    ['are half of them longer than all others together', (at) => (at % 2 ? [-at, 1e8 + at] : [at * 60, 60])],
  ])('as many readings as a feed may have that %s take no time without end', (_what, span) => {
    const feed = feedOf([{ readings: Array.from({ length: 20_000 }, (_, at) => row(...span(at), 1)) }])
    const { start, duration } = only(feed)
    for (let at = 1; at < start.length; at++)
      expect((start[at - 1] ?? NaN) + (duration[at - 1] ?? NaN)).toBeLessThanOrEqual(start[at] ?? NaN)
  })

  it('one reading over very many is weighed like one over few', () => {
    const fine = Array.from({ length: 150_000 }, (_, at) => row(at * 60, 60, 1))
    const feed = feedOf([{ readings: [row(0, 150_000 * 60, 150_000), ...fine] }])
    expect(only(feed).start).toHaveLength(150_000)
    expect(codes(feed)).toEqual(['coarser_readings_left_out'])
  })
})

it('a month stays where one quarter of an hour of it is missing', () => {
  const fine = Array.from({ length: 2880 }, (_, at) => row(at * 900, 900, 1)).filter((_, at) => at !== 1500)
  const months = [row(0, 2880 * 900, 2880), row(2880 * 900, 2880 * 900, 2880)]
  const feed = feedOf([{ readings: [...months, ...fine] }])
  expect(told(only(feed)).map(([, , value]) => value)).toEqual([2880, 2880])
})

describe('a wrong length is no second telling', () => {
  const spring = midnightOf('2026-03-08', ZONE) - T0
  it.each<[string, Reading[], number[][]]>([
    [
      'an hour that clocks made two hours long',
      [row(spring, 3600, 1), row(spring + 3600, 7200, 2), row(spring + 7200, 3600, 3), row(spring + 10_800, 3600, 4)],
      [0, 1, 2, 3].map((hour) => [spring + hour * 3600, 3600, hour + 1]),
    ],
    [
      'the last quarter before clocks go forward',
      [row(0, 900, 1), row(900, 4500, 2), ...[2, 3, 4, 5].map((index) => row(index * 900, 900, index + 1))],
      [0, 1, 2, 3, 4, 5].map((index) => [index * 900, 900, index + 1]),
    ],
    [
      'one quarter with the length of its day',
      [row(0, 86_400, 1), ...[1, 2, 3].map((index) => row(index * 900, 900, index + 1))],
      [0, 1, 2, 3].map((index) => [index * 900, 900, index + 1]),
    ],
    [
      'a day of 24 hours on which clocks went forward',
      [row(0, 86_400, 1), row(82_800, 86_400, 2)],
      [
        [0, 82_800, 1],
        [82_800, 86_400, 2],
      ],
    ],
  ])('%s', (_name, readings, expected) => {
    const feed = feedOf([{ type: { intervalLength: readings[0]?.duration === 900 ? 900 : 0 }, readings }])
    expect(told(only(feed))).toEqual(expected)
    expect(codes(feed)).toEqual(['duration_corrected'])
  })
})

describe('shares of one channel', () => {
  const type = (tou: number): Record<string, number> => ({ tou })

  it('series split by time of use are one, each reading with the time of its type', () => {
    const feed = feedOf([
      { type: type(1), readings: hours(3) },
      { type: type(2), readings: hours(2, T0 + 3 * 3600) },
    ])
    expect([...(only(feed).tou ?? [])]).toEqual([1, 1, 1, 2, 2])
  })

  it('two shares of one hour stay apart, also when they are equal', () => {
    const feed = feedOf([
      { type: { consumptionTier: 1 }, readings: [row(0, 3600, 5)] },
      { type: { consumptionTier: 2 }, readings: [row(0, 3600, 5)] },
    ])
    expect(feed.series.map(({ value }) => [...value])).toEqual([[5], [5]])
  })
})

describe('registers', () => {
  const reads = (values: number[]): Reading[] => values.map((value, day) => row(day * 86_400, 0, value))
  const index = { accumulationBehaviour: 1, intervalLength: 86_400 }

  it('where nothing else tells usage, differences of the reads are usage, beside the reads', () => {
    const feed = feedOf([{ type: index, readings: reads([100, 130, 130]) }])
    expect(feed.series.map((series) => [series.channel.quantified, told(series)])).toEqual([
      [
        'register',
        [
          [0, 0, 100],
          [86_400, 0, 130],
          [172_800, 0, 130],
        ],
      ],
      [
        'energy',
        [
          [0, 86_400, 30],
          [86_400, 86_400, 0],
        ],
      ],
    ])
  })

  it('a read below the one before is a gap', () => {
    const feed = feedOf([{ type: index, readings: reads([99_990, 5, 20]) }])
    expect(feed.series.map(({ value }) => [...value])).toEqual([[99_990, 5, 20], [15]])
    expect(codes(feed)).toEqual(['register_went_back'])
  })

  it('beside interval usage they are not told again as usage', () => {
    const feed = feedOf([{ type: index, readings: reads([100, 130]) }, { readings: hours(24) }])
    expect(feed.series.map(({ channel }) => channel.quantified)).toEqual(['register', 'energy'])
  })

  it('two registers that are read in turn are never differenced across', () => {
    const feed = feedOf([
      { type: index, readings: reads([100, 130]) },
      { type: index, readings: reads([7000, 7005]).map((one) => ({ ...one, start: (one.start ?? 0) + 60 })) },
    ])
    const usage = feed.series.filter(({ channel }) => channel.quantified === 'energy')
    expect(usage.map(({ value }) => [...value])).toEqual([[30], [5]])
  })
})

it.each([-3, 0, 3])(
  'times ten to the power of %i, in therms, cubic meters and cubic feet, sums stay exact',
  (power) => {
    for (const uom of [169, 42, 119]) {
      const values = [9_007_199_254_740_991, 3, -7]
      const readings = values.map((value, at) => row(at * 3600, 3600, value))
      const { exponent, value, channel } = only(
        feedOf([{ type: { uom, commodity: 7, powerOfTenMultiplier: power }, readings }], { service: 1 }),
      )
      expect([exponent, [...value], channel.commodity]).toEqual([power, values, 'gas'])
    }
  },
)
