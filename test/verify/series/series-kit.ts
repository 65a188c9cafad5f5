import { expect } from 'vitest'

import { renderIntervalCsv } from '../../../src/api/render/interval-csv.ts'
import { renderInterval } from '../../../src/api/render/interval.ts'
import { bareMeter } from '../../../src/model/meter.ts'
import { type Channel, QUALITY, type Series } from '../../../src/model/series.ts'
import { splitByMonth } from '../../../src/storage/merge-many-series.ts'
import { sumOf } from '../../../src/storage/series-sums.ts'
import { addExact, type Exact, parseExact } from '../../../src/units/exact.ts'
import { decodeFeed, decodingOf } from '../../../src/utilities/decode.ts'
import { utilityOf } from '../../../src/utilities/index.ts'

export const PACIFIC = 'America/Los_Angeles'
export const KWH: Channel = { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' }

export type Row = { start: number; value: number; duration?: number; quality?: number; cost?: number; tou?: number }

export function seriesOf(rows: readonly Row[], given: Partial<Series> & { step?: number } = {}): Series {
  const { step = 3600, ...rest } = given
  return {
    usagePoint: 'up-1',
    channel: KWH,
    exponent: -3,
    start: Float64Array.from(rows, ({ start }) => start),
    duration: Uint32Array.from(rows, ({ duration }) => duration ?? step),
    value: Float64Array.from(rows, ({ value }) => value),
    quality: Uint8Array.from(rows, ({ quality }) => quality ?? QUALITY.validated),
    cost: rows.some(({ cost }) => cost !== undefined)
      ? Float64Array.from(rows, ({ cost }) => cost ?? Number.NaN)
      : null,
    tou: rows.some(({ tou }) => tou !== undefined) ? Uint8Array.from(rows, ({ tou }) => tou ?? 0) : null,
    currency: null,
    ...rest,
  }
}

/** Readings of `step` seconds without a gap. */
export function readingsBetween(from: number, to: number, step: number, given: Partial<Series> = {}): Series {
  const rows = Array.from({ length: (to - from) / step }, (_, at) => ({
    start: from + at * step,
    value: ((at * 7919) % 9973) * 100,
  }))
  return seriesOf(rows, { ...given, step })
}

export function exactSum({ value, exponent }: Pick<Series, 'value' | 'exponent'>): Exact {
  return { digits: sumOf(value, 0, value.length), exponent }
}

/** One number whatever the exponents. */
export function expectSame(a: Exact, b: Exact): void {
  const least = Math.min(a.exponent, b.exponent)
  const at = ({ digits, exponent }: Exact): bigint => digits * 10n ** BigInt(exponent - least)
  expect(at(a)).toBe(at(b))
}

const sumTexts = (texts: readonly string[]): Exact =>
  texts.reduce((sum, text) => addExact(sum, parseExact(text) ?? { digits: 0n, exponent: 0 }), {
    digits: 0n,
    exponent: 0,
  })

/** The series of one meter as the API tells them: the readings as texts, newest month first, and the lines of the file. */
export function faces(all: readonly Series[], zone: string) {
  const parts = all.flatMap((series) =>
    splitByMonth(series, { meterUid: '1', place: 0, zone, historyStart: -Infinity }),
  )
  const months = [...Map.groupBy(parts, ({ month }) => month)].toSorted(([a], [b]) => b - a)
  const context = {
    meter: bareMeter('up-1', 'electricity'),
    utility: 'DEMO',
    zone,
    publicUrl: '',
    from: null,
    until: null,
    reaches: all.map(({ channel, start, duration }) => ({
      channel: keyOf(channel),
      starts: start[0] ?? 0,
      ends: (start.at(-1) ?? 0) + (duration.at(-1) ?? 0),
    })),
  }
  const rendered = months.map(([month, blocks]) => {
    const row = {
      intervalUid: '1',
      meterUid: '1',
      authorizationUid: '1',
      month,
      created: new Date(0),
      updated: new Date(0),
    }
    const found = blocks.map(({ columns, channel }) => ({
      columns,
      channel: all.find((series) => keyOf(series.channel) === channel)?.channel ?? KWH,
      sources: [],
    }))
    return {
      json: textOf(renderInterval(row, found, { ...context, layout: 'rows' }) ?? []),
      csv: textOf(renderIntervalCsv(row, found, { ...context, withUnits: false })),
    }
  })
  const json = rendered.map((month) => month.json).join('')
  const csv = rendered.flatMap((month) => month.csv.split('\r\n').filter((line) => line !== ''))
  return {
    starts: [...json.matchAll(/"start":"([^"]+)"/g)].map(([, start]) => start ?? ''),
    ends: [...json.matchAll(/"end":"([^"]+)"/g)].map(([, end]) => end ?? ''),
    values: [...json.matchAll(/"value":(-?[0-9.]+)/g)].map(([, value]) => value ?? ''),
    csvStarts: csv.map((line) => line.split(',').at(-7) ?? ''),
    jsonSum: sumTexts([...json.matchAll(/"value":(-?[0-9.]+)/g)].map(([, value]) => value ?? '')),
    csvSum: sumTexts(csv.map((line) => line.split(',').at(-4) ?? '')),
  }
}

const keyOf = ({ commodity, direction, quantified, unit }: Channel): string =>
  `${commodity}/${direction}/${quantified}/${unit}`

const FLOWS: Partial<Record<Channel['direction'], number>> = { delivered: 1, received: 19, net: 4 }
const QUALITIES: Record<number, number> = {
  [QUALITY.validated]: 17,
  [QUALITY.revenue]: 19,
  [QUALITY.estimated]: 8,
  [QUALITY.raw]: 14,
}
const XML = 'xmlns="http://naesb.org/espi"'
const BASE = 'https://u.example/espi/1_1/resource'

const entry = (path: string, content: string, related: readonly string[] = []): string =>
  `<entry><id>urn:uuid:${path}</id><link rel="self" href="${BASE}/${path}"/><link rel="up" href="${BASE}/${path.slice(0, path.lastIndexOf('/'))}"/>` +
  related.map((to) => `<link rel="related" href="${BASE}/${to}"/>`).join('') +
  `<content>${content}</content><updated>2026-01-02T00:00:00Z</updated><published>2026-01-02T00:00:00Z</published></entry>`

/** A piece is good until the next is asked for. */
function textOf(pieces: Iterable<Uint8Array>): string {
  return Buffer.concat(Array.from(pieces, (piece) => Uint8Array.from(piece))).toString()
}

/** A Green Button feed of series of one usage point: a MeterReading with a type for each. Written here, by no code of ours. */
export function espiOf(all: readonly Series[], commodity = 1): string {
  const point = 'Subscription/1/UsagePoint/up-1'
  const parts = all.map((series, at) => {
    const reading = `${point}/MeterReading/${at}`
    const rows = Array.from(series.start, (start, row) => {
      const cost = series.cost?.[row] ?? Number.NaN
      const tou = series.tou?.[row] ?? 0
      return (
        `<IntervalReading>${Number.isNaN(cost) ? '' : `<cost>${cost}</cost>`}<ReadingQuality><quality>${QUALITIES[series.quality[row] ?? 0] ?? 17}</quality></ReadingQuality>` +
        `<timePeriod><duration>${series.duration[row]}</duration><start>${start}</start></timePeriod><value>${series.value[row]}</value>${tou > 0 ? `<tou>${tou}</tou>` : ''}</IntervalReading>`
      )
    })
    const first = series.start[0] ?? 0
    const lasts = (series.start.at(-1) ?? 0) + (series.duration.at(-1) ?? 0) - first
    return (
      entry(reading, `<MeterReading ${XML}/>`, [`ReadingType/${at}`, `${reading}/IntervalBlock`]) +
      entry(
        `ReadingType/${at}`,
        `<ReadingType ${XML}><accumulationBehaviour>4</accumulationBehaviour><commodity>${commodity}</commodity><flowDirection>${FLOWS[series.channel.direction] ?? 1}</flowDirection>` +
          `<kind>12</kind><powerOfTenMultiplier>${series.exponent}</powerOfTenMultiplier><uom>${series.channel.unit === 'therm' ? 169 : 72}</uom></ReadingType>`,
      ) +
      entry(
        `${reading}/IntervalBlock/0`,
        `<IntervalBlock ${XML}><interval><duration>${lasts}</duration><start>${first}</start></interval>${rows.join('')}</IntervalBlock>`,
      )
    )
  })
  const usagePoint = entry(
    point,
    `<UsagePoint ${XML}><ServiceCategory><kind>${commodity === 1 ? 0 : 1}</kind></ServiceCategory></UsagePoint>`,
    [`${point}/MeterReading`],
  )
  return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:feed</id>${usagePoint}${parts.join('')}</feed>`
}

/** What a utility's decoding makes of a feed. */
export function decodeText(text: string, utility = 'DEMO'): Series[] {
  return decodeFeed(Buffer.from(text), decodingOf(utilityOf(utility))).series
}
