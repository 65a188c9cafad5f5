import { expect, test } from 'vitest'

import { gapsOf } from '../../../src/storage/coverage.ts'
import { splitByMonth } from '../../../src/storage/merge-many-series.ts'
import { decodeBlock, encodeBlock } from '../../../src/storage/series-block.ts'
import { splitByDay } from '../../../src/storage/series-sums.ts'
import { addExact } from '../../../src/units/exact.ts'
import { midnightOf, monthStart } from '../../../src/units/local-days.ts'
import {
  decodeText,
  espiOf,
  exactSum,
  expectSame,
  faces,
  KWH,
  PACIFIC,
  readingsBetween,
  seriesOf,
} from './series-kit.ts'

const HOUR = 3600
const DAY = 86_400
const BERLIN = 'Europe/Berlin'
const HOWE = 'Australia/Lord_Howe'
const at = (text: string): number => Date.parse(text) / 1000
const parts = (series: Parameters<typeof splitByMonth>[0], zone = PACIFIC) =>
  splitByMonth(series, { meterUid: '1', place: 0, zone, historyStart: -Infinity })

/** A local day in readings of every length: how many there are, in the block, as a day, in JSON and in CSV, and their sum. */
function wholeDay(date: string, next: string, zone: string, hours: number): void {
  const [from, to] = [midnightOf(date, zone), midnightOf(next, zone)]
  expect(to - from).toBe(hours * HOUR)
  for (const step of [300, 900, 1800, HOUR, to - from]) {
    if ((to - from) % step !== 0) continue
    const series = readingsBetween(from, to, step)
    const { usagePoint: _usagePoint, channel: _channel, ...columns } = series
    expect(decodeBlock(encodeBlock(columns))).toEqual(columns)
    expect(gapsOf(series.start, series.duration)).toEqual([])
    expect(splitByDay(columns, zone)).toEqual([{ date, readings: (to - from) / step, total: exactSum(series) }])
    const told = faces([series], zone)
    expect(new Set(told.starts).size).toBe((to - from) / step)
    expect(told.csvStarts).toEqual(told.starts)
    expect(told.starts.every((start) => start.startsWith(date))).toBe(true)
    expectSame(told.jsonSum, { ...exactSum(series), exponent: series.exponent - 3 })
    expect(told.csvSum).toEqual(told.jsonSum)
  }
}

/** The first moments of months that a stretch falls into. */
const monthsOf = (from: number, to: number, zone: string, step: number): number[] =>
  parts(readingsBetween(from, to, step), zone).map(({ columns }) => columns.start.length)

const cases: Record<string, () => void> = {
  'spring 2024 in Los Angeles has 23 hours': () => wholeDay('2024-03-10', '2024-03-11', PACIFIC, 23),
  'autumn 2024 in Los Angeles has 25 hours': () => wholeDay('2024-11-03', '2024-11-04', PACIFIC, 25),
  'spring 2025 in Los Angeles has 23 hours': () => wholeDay('2025-03-09', '2025-03-10', PACIFIC, 23),
  'autumn 2025 in Los Angeles has 25 hours': () => wholeDay('2025-11-02', '2025-11-03', PACIFIC, 25),
  'spring 2026 in Los Angeles has 23 hours': () => wholeDay('2026-03-08', '2026-03-09', PACIFIC, 23),
  'autumn 2026 in Los Angeles has 25 hours': () => wholeDay('2026-11-01', '2026-11-02', PACIFIC, 25),
  'spring 2027 in Los Angeles has 23 hours': () => wholeDay('2027-03-14', '2027-03-15', PACIFIC, 23),
  'autumn 2027 in Los Angeles has 25 hours': () => wholeDay('2027-11-07', '2027-11-08', PACIFIC, 25),
  'spring 2026 in Berlin has 23 hours': () => wholeDay('2026-03-29', '2026-03-30', BERLIN, 23),
  'autumn 2026 in Berlin has 25 hours': () => wholeDay('2026-10-25', '2026-10-26', BERLIN, 25),
  'spring on Lord Howe has 23 hours and a half': () => wholeDay('2026-10-04', '2026-10-05', HOWE, 23.5),
  'autumn on Lord Howe has 24 hours and a half': () => wholeDay('2026-04-05', '2026-04-06', HOWE, 24.5),
  'where clocks do not change the day has 24 hours': () => wholeDay('2026-03-08', '2026-03-09', 'America/Phoenix', 24),
  'the leap day of 2024': () => wholeDay('2024-02-29', '2024-03-01', PACIFIC, 24),
  'the leap day of 2028': () => wholeDay('2028-02-29', '2028-03-01', PACIFIC, 24),
  'February of a leap year has 2,784 quarter hours': () => {
    expect(monthsOf(monthStart(2028 * 12 + 1, PACIFIC), monthStart(2028 * 12 + 2, PACIFIC), PACIFIC, 900)).toEqual([
      2784,
    ])
  },
  'February of a common year has 2,688 quarter hours': () => {
    expect(monthsOf(monthStart(2027 * 12 + 1, PACIFIC), monthStart(2027 * 12 + 2, PACIFIC), PACIFIC, 900)).toEqual([
      2688,
    ])
  },
  'March and November are an hour shorter and longer': () => {
    const year = monthsOf(monthStart(2026 * 12, PACIFIC), monthStart(2027 * 12, PACIFIC), PACIFIC, 900)
    expect([year.length, year[2], year[10], year.reduce((sum, count) => sum + count, 0)]).toEqual([
      12, 2972, 2884, 35_040,
    ])
  },
  "the year ends at the utility's midnight, not at that of UTC": () => {
    const series = readingsBetween(at('2027-01-01T07:00:00Z'), at('2027-01-01T09:00:00Z'), HOUR)
    expect(parts(series).map(({ month }) => month)).toEqual([2026 * 12 + 11, 2027 * 12])
    expect(faces([series], PACIFIC).starts).toEqual([
      '2027-01-01T00:00:00.000000-08:00',
      '2026-12-31T23:00:00.000000-08:00',
    ])
  },
  'a month ends at another moment in each zone': () => {
    const series = readingsBetween(at('2026-05-31T00:00:00Z'), at('2026-06-02T00:00:00Z'), HOUR)
    expect([PACIFIC, BERLIN, 'UTC'].map((zone) => parts(series, zone)[0]?.columns.start.length)).toEqual([31, 22, 24])
  },
  'a reading over the end of a month counts whole in the month in which it starts': () => {
    const series = seriesOf([{ start: monthStart(2026 * 12 + 6, PACIFIC) - 1800, value: 5 }])
    expect(parts(series).map(({ month }) => month)).toEqual([2026 * 12 + 5])
  },
  'an hour over the spring change ends three hours later on the clock': () => {
    const told = faces([seriesOf([{ start: at('2026-03-08T09:30:00Z'), value: 1 }])], PACIFIC)
    expect([...told.starts, ...told.ends]).toEqual([
      '2026-03-08T01:30:00.000000-08:00',
      '2026-03-08T03:30:00.000000-07:00',
    ])
  },
  'two hours over the autumn change end one hour later on the clock': () => {
    const told = faces([seriesOf([{ start: at('2026-11-01T08:00:00Z'), value: 1, duration: 7200 }])], PACIFIC)
    expect([...told.starts, ...told.ends]).toEqual([
      '2026-11-01T01:00:00.000000-07:00',
      '2026-11-01T02:00:00.000000-08:00',
    ])
  },
  'daily readings keep their 23 hours': () => {
    const from = midnightOf('2026-03-08', PACIFIC)
    const [series] = decodeText(
      espiOf([
        seriesOf([
          { start: from, value: 7, duration: 82_800 },
          { start: from + 82_800, value: 8, duration: DAY },
        ]),
      ]),
    )
    expect([...(series?.duration ?? [])]).toEqual([82_800, DAY])
  },
  'daily readings keep their 25 hours': () => {
    const from = midnightOf('2026-11-01', PACIFIC)
    const [series] = decodeText(
      espiOf([
        seriesOf([
          { start: from, value: 7, duration: 90_000 },
          { start: from + 90_000, value: 8, duration: DAY },
        ]),
      ]),
    )
    expect([...(series?.duration ?? [])]).toEqual([90_000, DAY])
  },
  'the repeated hour is told twice, with two offsets': () => {
    const told = faces([readingsBetween(at('2026-11-01T08:00:00Z'), at('2026-11-01T10:00:00Z'), HOUR)], PACIFIC)
    expect(told.starts).toEqual(['2026-11-01T01:00:00.000000-08:00', '2026-11-01T01:00:00.000000-07:00'])
  },
  'the missing hour is never told': () => {
    const told = faces([readingsBetween(at('2026-03-08T08:00:00Z'), at('2026-03-08T13:00:00Z'), HOUR)], PACIFIC)
    expect(told.starts.map((start) => start.slice(11, 13))).toEqual(['05', '04', '03', '01', '00'])
  },
  'an autumn hour that the utility stamped as the next is put back': () => {
    const rows = [8, 9, 9, 10].map((hour, value) => ({ start: at('2026-11-01T00:00:00Z') + hour * HOUR, value }))
    const before = { start: at('2026-11-01T07:00:00Z'), value: 9 }
    const lost = [before, ...rows.filter((_, place) => place > 0)]
    const [series] = decodeText(espiOf([seriesOf(lost)]))
    expect([...(series?.start ?? [])]).toEqual([7, 8, 9, 10].map((hour) => at('2026-11-01T00:00:00Z') + hour * HOUR))
    expect([...(series?.value ?? [])]).toEqual([9, 1, 2, 3])
  },
  'an hour that the utility drops in autumn is a gap, and nothing else is': () => {
    const from = midnightOf('2026-11-01', PACIFIC)
    const series = readingsBetween(from, from + 25 * HOUR, HOUR)
    const rows = [...series.start].flatMap((start, row) =>
      row === 2 ? [] : [{ start, value: series.value[row] ?? 0 }],
    )
    const [decoded] = decodeText(espiOf([seriesOf(rows)]))
    expect(gapsOf(decoded?.start ?? [], decoded?.duration ?? [])).toEqual([[from + 2 * HOUR, from + 3 * HOUR]])
  },
  'the spring day has no gap': () => {
    const from = midnightOf('2026-03-08', PACIFIC)
    const [decoded] = decodeText(espiOf([readingsBetween(from, from + 23 * HOUR, 900)]))
    expect([decoded?.start.length, gapsOf(decoded?.start ?? [], decoded?.duration ?? [])]).toEqual([92, []])
  },
  'gas days that begin on the second begin at midnight': () => {
    const days = ['2026-03-07', '2026-03-08', '2026-03-09'].map((date) => midnightOf(date, PACIFIC))
    const rows = days.map((start, day) => ({
      start: start + 1,
      value: day + 1,
      duration: [DAY, 82_800, DAY][day] ?? DAY,
    }))
    const gas = seriesOf(rows, { channel: { ...KWH, commodity: 'gas', unit: 'therm' } })
    const [series] = decodeText(espiOf([gas], 7), 'PG&E')
    expect([...(series?.start ?? [])]).toEqual(days)
    expect(gapsOf(series?.start ?? [], series?.duration ?? [])).toEqual([])
  },
  'blocks that begin in the middle of an hour stay where they are': () => {
    const from = at('2026-03-08T08:25:00Z')
    const [series] = decodeText(espiOf([readingsBetween(from, from + 3 * HOUR, HOUR)]))
    expect([...(series?.start ?? [])]).toEqual([from, from + HOUR, from + 2 * HOUR])
  },
  'the moment 2 ** 31 is one like any other': () => {
    const from = 2 ** 31 - 2 * HOUR
    const series = readingsBetween(from, from + 4 * HOUR, HOUR)
    const { usagePoint: _usagePoint, channel: _channel, ...columns } = series
    expect(decodeBlock(encodeBlock(columns))).toEqual(columns)
    expect(decodeText(espiOf([series]))[0]?.start).toEqual(series.start)
    expect(new Set(faces([series], 'UTC').starts).size).toBe(4)
  },
  'a moment after 2100 is a fault and is left out': () => {
    const rows = [
      { start: at('2026-01-01T00:00:00Z'), value: 1 },
      { start: 4_200_000_000, value: 2 },
    ]
    expect([...(decodeText(espiOf([seriesOf(rows)]))[0]?.value ?? [])]).toEqual([1])
  },
  'a meter exchange at midnight leaves neither gap nor overlap': () => exchange(midnightOf('2026-06-15', PACIFIC)),
  'a meter exchange at noon leaves neither gap nor overlap': () =>
    exchange(midnightOf('2026-06-15', PACIFIC) + 12 * HOUR),
  'meters of one agreement that report at the same time stay apart': () => {
    const from = midnightOf('2026-06-15', PACIFIC)
    const own = readingsBetween(from, from + DAY, HOUR)
    const [a, b] = [own, { ...own, value: own.value.map((value) => value + 700) }]
    const decoded = decodeText(espiOf([a, b]))
    expect(decoded.map(({ start }) => start.length)).toEqual([24, 24])
    expect(new Set(decoded.map(({ channel }) => channel.part)).size).toBe(2)
  },
  'net metering: more received than delivered is negative': () => {
    const from = midnightOf('2026-06-15', PACIFIC)
    const delivered = seriesOf([
      { start: from, value: 100_000 },
      { start: from + HOUR, value: 700_000 },
    ])
    const received = seriesOf(
      [
        { start: from, value: 350_000 },
        { start: from + HOUR, value: 0 },
      ],
      { channel: { ...KWH, direction: 'received' } },
    )
    expect(faces([delivered, received], PACIFIC).values).toEqual(['0.7', '-0.25'])
  },
  "net metering: the utility's own net keeps its sign": () => {
    const net = seriesOf([{ start: midnightOf('2026-06-15', PACIFIC), value: -1 }], {
      channel: { ...KWH, direction: 'net' },
    })
    const decoded = decodeText(espiOf([net]))
    expect(decoded[0]?.channel.direction).toBe('net')
    expect(faces(decoded, PACIFIC).values).toEqual(['-0.000001'])
  },
  'net metering over the autumn change: 25 hours of both directions': () => {
    const from = midnightOf('2026-11-01', PACIFIC)
    const delivered = readingsBetween(from, from + 25 * HOUR, HOUR)
    const received = {
      ...readingsBetween(from, from + 25 * HOUR, HOUR),
      channel: { ...KWH, direction: 'received' as const },
    }
    const told = faces([delivered, received], PACIFIC)
    expect([told.starts.length, new Set(told.values)]).toEqual([25, new Set(['0'])])
  },
  'costs and times of use stay with their readings over the change': () => {
    const from = midnightOf('2026-11-01', PACIFIC)
    const rows = Array.from({ length: 25 }, (_, hour) => ({
      start: from + hour * HOUR,
      value: hour,
      ...(hour % 3 === 0 ? { cost: hour * 100_000 } : {}),
      tou: hour % 4,
    }))
    const [decoded] = decodeText(espiOf([seriesOf(rows)]))
    expect(decoded?.cost).toEqual(Float64Array.from(rows, ({ cost }) => cost ?? Number.NaN))
    expect(decoded?.tou).toEqual(Uint8Array.from(rows, ({ tou }) => tou))
  },
  'the days beside a change have 24 hours': () => {
    for (const [date, next] of [
      ['2026-03-07', '2026-03-08'],
      ['2026-03-09', '2026-03-10'],
      ['2026-10-31', '2026-11-01'],
      ['2026-11-02', '2026-11-03'],
    ] as const)
      wholeDay(date, next, PACIFIC, 24)
  },
  'the sums of twelve months are the sum of the year': () => {
    const year = readingsBetween(monthStart(2026 * 12, PACIFIC), monthStart(2027 * 12, PACIFIC), HOUR)
    expectSame(
      parts(year)
        .map(({ columns }) => exactSum(columns))
        .reduce(addExact),
      exactSum(year),
    )
    expectSame(faces([year], PACIFIC).jsonSum, { ...exactSum(year), exponent: -6 })
  },
  'the days of a change month add up to the month': () => {
    for (const month of [2026 * 12 + 2, 2026 * 12 + 10]) {
      const {
        usagePoint: _usagePoint,
        channel: _channel,
        ...columns
      } = readingsBetween(monthStart(month, PACIFIC), monthStart(month + 1, PACIFIC), 900)
      const days = splitByDay(columns, PACIFIC)
      expectSame(days.map(({ total }) => total).reduce(addExact), exactSum(columns))
      expect(days.map(({ readings }) => readings).filter((count) => count !== 96)).toEqual([
        month % 12 === 2 ? 92 : 100,
      ])
    }
  },
}

function exchange(moment: number): void {
  const [from, to] = [moment - 12 * HOUR, moment + 12 * HOUR]
  const before = readingsBetween(from, moment, HOUR)
  const after = readingsBetween(moment, to, HOUR, { exponent: -1 })
  const decoded = decodeText(espiOf([before, after]))
  expect(decoded).toHaveLength(1)
  const [series = before] = decoded
  expect(gapsOf(series.start, series.duration)).toEqual([])
  expect([series.start.length, new Set(series.start).size]).toEqual([24, 24])
  expectSame(exactSum(series), addExact(exactSum(before), exactSum(after)))
}

test('the calendar has its 44 cases', () => {
  expect(Object.keys(cases)).toHaveLength(44)
})

test.each(Object.entries(cases))('%s', (_name, run) => {
  run()
  expect.hasAssertions()
})
