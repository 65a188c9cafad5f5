import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { FeedRejected } from '../espi/errors.ts'
import { parseBytes, parseFolded } from '../espi/parse.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import { type FoldedSeries, unfoldSeries } from '../model/folded-series.ts'
import type { Series } from '../model/series.ts'
import { entry, hours, readingXml, tag, TYPE } from '../normalize/feed-for-tests.ts'
import { normalizeFeed } from '../normalize/normalize-feed.ts'
import { decodeFeed, decodeParsed, decodingOf, repairFeed } from './decode.ts'
import { createRoom } from '../units/folded-column.ts'
import { demo } from './demo/definition.ts'
import { pge } from './pge/definition.ts'
import { repairsOf } from './repairs.ts'
import { sce } from './sce/definition.ts'

const fixtures = [pge, sce].flatMap((utility) => {
  const folder = path.join(import.meta.dirname, utility.slug, 'fixtures')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => ({ name: `${utility.slug}/${name}`, utility, file: path.join(folder, name) }))
})

function listOf(value: ArrayBufferView): number[] {
  return value instanceof Float64Array || value instanceof Uint8Array || value instanceof Uint32Array ? [...value] : []
}

const opened = (series: Series | FoldedSeries): Series => unfoldSeries(series, createRoom())

/** Typed arrays as arrays, NaN as null, so that a golden file can be read by people. */
function toJson(feed: DecodedFeed): unknown {
  return JSON.parse(JSON.stringify(feed, (_key, value: unknown) => (ArrayBuffer.isView(value) ? listOf(value) : value)))
}

describe('every fixture decodes to its golden file', () => {
  it.each(fixtures)('$name', ({ utility, file }) => {
    const decoded = toJson(decodeFeed(readFileSync(file), decodingOf(utility)))
    const golden = file.replace(/\.xml$/, '.json')
    if (process.env['WRITE_GOLDEN'] === '1') writeFileSync(golden, `${JSON.stringify(decoded, null, 2)}\n`)
    expect(decoded).toEqual(JSON.parse(readFileSync(golden, 'utf8')))
  })
})

describe('a repair touches only feeds with its fault, and those once', () => {
  const repairs = [pge, sce].flatMap((utility) =>
    repairsOf(utility).map((repair) => ({ name: repair.name, repair, utility })),
  )

  it.each(repairs)('$name', ({ repair, utility }) => {
    const touched = fixtures.filter((fixture) => {
      const once = repairFeed(parseBytes(readFileSync(fixture.file)), [repair])
      const again = repairFeed(once.feed, [repair])
      expect(again.warnings).toEqual([])
      expect(again.feed).toEqual(once.feed)
      return once.warnings.length > 0
    })
    expect(touched.length).toBeGreaterThan(0)
    expect(touched.length).toBeLessThan(fixtures.length)
    expect(touched.filter((fixture) => fixture.utility === utility).length).toBeGreaterThan(0)
  })

  it('a repair that a definition names but nobody wrote is a fault of the definition', () => {
    expect(() => repairsOf({ repairs: ['wishfulThinking'] })).toThrow(RangeError)
    expect(repairsOf(demo)).toEqual([])
  })
})

it('decoding changes nothing it was given, and gives the same again, in steps too', async () => {
  for (const { utility, file } of fixtures) {
    const bytes = new Uint8Array(readFileSync(file))
    const before = bytes.slice()
    const decoded = decodeFeed(bytes, decodingOf(utility))
    expect(decodeFeed(bytes, decodingOf(utility))).toEqual(decoded)
    for (const parse of [parseBytes, parseFolded]) {
      const inSteps = await decodeParsed(parse(bytes), decodingOf(utility))
      expect({ ...inSteps, series: inSteps.series.map(opened) }).toEqual(decoded)
    }
    expect(bytes).toEqual(before)
  }
})

it('usage points that are opened one after another keep their own readings', async () => {
  const parts = [40, 3, 25].flatMap((count, point) => {
    const up = `/UsagePoint/${point}`
    const related = [`${up}/MeterReading/1/IntervalBlock`, '/ReadingType/0']
    const readings = hours(count).map((reading, at) => readingXml({ ...reading, value: `${point}${at}`, quality: 19 }))
    return [
      entry('UsagePoint', tag('ServiceCategory', tag('kind', 0)), { self: up, related: [`${up}/MeterReading`] }),
      entry('MeterReading', '', { self: `${up}/MeterReading/1`, up: `${up}/MeterReading`, related }),
      entry('IntervalBlock', readings.join(''), { up: `${up}/MeterReading/1/IntervalBlock` }),
    ]
  })
  const type = entry(
    'ReadingType',
    Object.entries(TYPE)
      .map((field) => tag(...field))
      .join(''),
    { self: '/ReadingType/0' },
  )
  const text = `<feed xmlns="http://www.w3.org/2005/Atom">${type}${parts.join('')}</feed>`
  const parsed = parseBytes(new TextEncoder().encode(text))
  const decoding = decodingOf(pge)
  const whole = normalizeFeed(parsed.entries, decoding, parsed.heads)
  expect(whole.series.map(({ value }) => value.length)).toEqual([40, 3, 25])
  expect(decodeFeed(new TextEncoder().encode(text), decoding)).toEqual(whole)
  const { series } = await decodeParsed(parseFolded(new TextEncoder().encode(text)), decoding)
  expect(series.map(opened)).toEqual(whole.series)
})

it('a body that cannot be read is refused as a whole', () => {
  expect(() => decodeFeed(new TextEncoder().encode('<html/>'), decodingOf(pge))).toThrow(FeedRejected)
})

it('the kind of a file gives quality to readings that have none', () => {
  const text = readFileSync(path.join(import.meta.dirname, 'sce/fixtures/two-reading-types.xml'), 'utf8').replaceAll(
    '<defaultQuality>19</defaultQuality>',
    '',
  )
  const quality = (code: number | null): number[] => [
    ...(decodeFeed(new TextEncoder().encode(text), decodingOf(sce, code)).series[0]?.quality ?? []),
  ]
  expect(quality(14)).toEqual([1, 1, 1])
  expect(quality(19)).toEqual([5, 5, 5])
  expect(quality(null)).toEqual([0, 0, 0])
})
