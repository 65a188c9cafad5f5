import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Seen } from '../../raw-client.ts'
import { all, parse } from '../../test-client.ts'
import { openBench, readings, seeFeed, text } from './bench.ts'

/** Faults of headers, encodings, documents and data, seen by a client that is made of node:https and nothing else. */
const bench = openBench()

test.each([
  ['html', (seen: Seen) => /maintenance/.test(text(seen)) && /text\/html/.test(seen.headers['content-type'] ?? '')],
  ['empty', (seen: Seen) => seen.body.length === 0],
  ['json-error', (seen: Seen) => /backend unavailable/.test(text(seen))],
  ['wrong-type', (seen: Seen) => seen.headers['content-type'] === 'text/html'],
  ['no-type', (seen: Seen) => seen.headers['content-type'] === undefined],
  ['date-ahead', (seen: Seen) => Date.parse(seen.headers.date ?? '') > Date.now() + 86_400_000],
  ['date-behind', (seen: Seen) => Date.parse(seen.headers.date ?? '') < Date.now() - 86_400_000],
  ['date-missing', (seen: Seen) => seen.headers.date === undefined],
  ['length-too-short', (seen: Seen) => seen.body.length * 2 < bench().right.length + 10],
  ['endless-body', (seen: Seen) => seen.body.length > 900_000],
  ['unknown-coding', (seen: Seen) => seen.headers['content-encoding'] === 'x-unheard-of'],
  ['gzip-plain', (seen: Seen) => seen.headers['content-encoding'] === 'gzip' && text(seen).startsWith('<')],
  ['gzip-bomb', (seen: Seen) => gunzipSync(seen.body).length > 900_000 && seen.body.length < 40_000],
  ['gzip-twice', (seen: Seen) => gunzipSync(gunzipSync(seen.body)).includes('IntervalReading')],
  [
    'gzip-unsaid',
    (seen: Seen) => seen.headers['content-encoding'] === undefined && gunzipSync(seen.body).includes('feed'),
  ],
  ['byte-order-mark', (seen: Seen) => seen.body.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))],
  ['utf-16', (seen: Seen) => seen.body.toString('utf16le').includes('IntervalReading')],
  ['latin-1-unsaid', (seen: Seen) => seen.body.includes(0xe9) && text(seen).includes('\uFFFD')],
  ['lying-declaration', (seen: Seen) => text(seen).startsWith('<?xml version="1.0" encoding="UTF-16"?>')],
  ['overlong-utf-8', (seen: Seen) => seen.body.includes(Buffer.from([0xc0, 0xaf]))],
  ['nul-byte', (seen: Seen) => seen.body.includes(0)],
  ['soap-fault', (seen: Seen) => text(seen).includes('s:Fault')],
  ['deep-nesting', (seen: Seen) => text(seen).includes('<d>'.repeat(500))],
  ['huge-text', (seen: Seen) => seen.body.length > 900_000],
  ['wrong-namespace', (seen: Seen) => !text(seen).includes('naesb.org')],
  ['no-entries', (seen: Seen) => all(parse(text(seen)), 'entry').length === 0],
  ['many-attributes', (seen: Seen) => text(seen).includes(' a4999="1"')],
  ['processing-instruction', (seen: Seen) => text(seen).includes('<?xml-stylesheet')],
  ['doctype-bomb', (seen: Seen) => /<!DOCTYPE[\s\S]*&b9;/.test(text(seen))],
  ['external-entity', (seen: Seen) => /SYSTEM "file:[\s\S]*&x;/.test(text(seen))],
] as const)('%s comes with 200', async (mode, check) => {
  const sizes = { 'endless-body': 1_000_000, 'gzip-bomb': 1_000_000, 'huge-text': 1_000_000, 'deep-nesting': 1000 }
  const bytes = new Map<string, number>(Object.entries(sizes)).get(mode)
  const seen = await seeFeed(bench(), { mode, ...(bytes === undefined ? {} : { bytes }) })
  expect([seen.status, check(seen)]).toEqual([200, true])
})

test.each(['gzip-broken', 'gzip-cut', 'gzip-bad-checksum'])('%s cannot be unpacked', async (mode) => {
  const seen = await seeFeed(bench(), { mode })
  expect(seen.headers['content-encoding']).toBe('gzip')
  expect(() => gunzipSync(seen.body)).toThrow(/incorrect|unexpected|invalid/)
})

test.each(['broken-xml', 'truncated', 'undefined-entity', 'unbound-prefix', 'two-documents'])(
  '%s is not well-formed',
  async (mode) => {
    const seen = await seeFeed(bench(), { mode })
    expect(() => parse(text(seen))).toThrow(/:|Prefix/)
  },
)

type Change = readonly [string, (before: string[], after: string[], xml: string) => unknown[]]

const everyHas = (list: string[], part: string): unknown[] => [list.filter((one) => !one.includes(part)), []]
const textsOf = (xml: string, name: string): string[] => all(parse(xml), name).map((node) => node.text)
const subscriptionsIn = (xml: string): Set<string> => new Set(xml.match(/Subscription\/\d+/g))

const changes: readonly Change[] = [
  ['missing-day', (before, after) => [before.length - after.length, 24]],
  ['late-day', (before, after) => [after, before.slice(0, before.length - 24)]],
  ['doubled-readings', (before, after) => [after, before.flatMap((r) => [r, r])]],
  ['contradicting-readings', (before, after) => [new Set(after).size, 2 * before.length]],
  ['readings-backward', (before, after) => [after, [...before].reverse()]],
  ['negative-values', (_, after) => everyHas(after, '"-')],
  ['huge-values', (_, after) => everyHas(after, '9'.repeat(30))],
  ['text-values', (_, after) => everyHas(after, 'n/a')],
  ['future-readings', (_, after) => everyHas(after, '"209')],
  ['overlapping-readings', (_, after) => everyHas(after, '"7200"')],
  ['unknown-quality', (_, after) => everyHas(after, '"99"')],
  ['unknown-unit', (_1, _2, xml) => [textsOf(xml, 'uom'), ['999']]],
  ['no-reading-type', (_1, _2, xml) => [textsOf(xml, 'ReadingType'), []]],
  ['re-encoded-ids', (_1, _2, xml) => [xml.includes('/MeterReading/eA'), true]],
  ['other-subscription', (_1, _2, xml) => [subscriptionsIn(xml), new Set(['Subscription/9999999'])]],
  [
    'foreign-entry',
    (before, after, xml) => [
      [after.length, subscriptionsIn(xml).size],
      [2 * before.length, 2],
    ],
  ],
]

test.each(changes)('%s changes what the feed says', async (mode, check) => {
  const xml = text(await seeFeed(bench(), { mode }))
  const [actual, expected] = check(readings(bench().right), readings(xml), xml)
  expect(actual).toEqual(expected)
})

test('expire-mid-feed ends the tokens and the feed', async () => {
  expect((await seeFeed(bench(), { mode: 'expire-mid-feed' })).body.length).toBeLessThan(bench().right.length * 0.6)
  expect((await bench().api.get(bench().feed, bench().token)).status).toBe(403)
})
