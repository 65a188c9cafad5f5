import type { Entry } from '../espi/entry.ts'
import { parseBytes } from '../espi/parse.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import { normalizeFeed } from './normalize-feed.ts'
import type { NormalizeOptions } from './options.ts'

export const ZONE = 'America/Los_Angeles'
export const OPTIONS: NormalizeOptions = { timezone: ZONE, currency: 'USD', billPeriod: 'local-midnight' }
export const codes = (feed: DecodedFeed): string[] => feed.warnings.map(({ code }) => code).sort()

export type Reading = {
  start?: number
  duration?: number
  value?: string
  quality?: number
  cost?: string
  tou?: number
  extra?: string
}
export type Meter = { type?: Record<string, string | number>; readings: Reading[]; block?: string; updated?: string }

export const tag = (name: string, value: string | number | undefined): string =>
  value === undefined ? '' : `<${name}>${value}</${name}>`
export const TYPE = {
  accumulationBehaviour: 4,
  commodity: 1,
  flowDirection: 1,
  intervalLength: 3600,
  kind: 12,
  powerOfTenMultiplier: 0,
  uom: 72,
}

export function readingXml({ start, duration = 3600, value, quality, cost, tou, extra = '' }: Reading): string {
  const period =
    start === undefined ? '' : `<timePeriod><duration>${duration}</duration><start>${start}</start></timePeriod>`
  const ranked = quality === undefined ? '' : `<ReadingQuality><quality>${quality}</quality></ReadingQuality>`
  return `<IntervalReading>${extra}${tag('cost', cost)}${ranked}${period}${tag('value', value)}${tag('tou', tou)}</IntervalReading>`
}

export function entry(
  kind: string,
  inside: string,
  { self = '', up = '', related = [] as string[], updated = '' } = {},
): string {
  const links = [
    self && `<link rel="self" href="${self}"/>`,
    up && `<link rel="up" href="${up}"/>`,
    ...related.map((href) => `<link rel="related" href="${href}"/>`),
  ].join('')
  return `<entry>${links}${updated && `<updated>${updated}</updated>`}<content><${kind} xmlns="http://naesb.org/espi">${inside}</${kind}></content></entry>`
}

/** A feed of one usage point with the given meters; each meter's readings are one block. */
export function feedOf(
  meters: Meter[],
  { service = 0, summaries = [] as string[], options = OPTIONS } = {},
): DecodedFeed {
  return normalizeFeed(entriesOf(meters, { service, summaries }), options)
}

export function entriesOf(meters: Meter[], { service = 0, summaries = [] as string[] } = {}): Entry[] {
  const up = '/UsagePoint/A'
  const parts = meters.flatMap(({ type = {}, readings, block = '', updated = '' }, index) => [
    entry(
      'ReadingType',
      Object.entries<string | number>({ ...TYPE, ...type })
        .map(([name, value]) => (value === '' ? '' : tag(name, value)))
        .join(''),
      { self: `/ReadingType/${index}` },
    ),
    entry('MeterReading', '', {
      self: `${up}/MeterReading/${index}`,
      up: `${up}/MeterReading`,
      related: [`${up}/MeterReading/${index}/IntervalBlock`, `/ReadingType/${index}`],
    }),
    entry('IntervalBlock', block + readings.map(readingXml).join(''), {
      up: `${up}/MeterReading/${index}/IntervalBlock`,
      updated,
    }),
  ])
  const bills = summaries.map((inside) => entry('UsageSummary', inside, { up: `${up}/UsageSummary` }))
  const point = entry('UsagePoint', `<ServiceCategory><kind>${service}</kind></ServiceCategory>`, {
    self: up,
    related: [`${up}/MeterReading`, `${up}/UsageSummary`],
  })
  const body = `<feed xmlns="http://www.w3.org/2005/Atom">${[point, ...parts, ...bills].join('')}</feed>`
  return parseBytes(new TextEncoder().encode(body)).entries
}

export const hours = (count: number, from = 1_700_000_000): Reading[] =>
  Array.from({ length: count }, (_, index) => ({ start: from + index * 3600, value: String(index) }))
export const only = (feed: DecodedFeed): DecodedFeed['series'][number] => {
  const [series] = feed.series
  if (series === undefined || feed.series.length !== 1) throw new Error(`${feed.series.length} series`)
  return series
}
