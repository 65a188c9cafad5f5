import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { formatExact } from '../units/exact.ts'
import type { Entry } from './entry.ts'
import { FeedRejected } from './errors.ts'
import { parse, parseBytes } from './parse.ts'
import { type Readings, sumColumn } from './readings.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const parseText = (text: string): Entry[] => parseBytes(encode(text)).entries
const entry = (content: string, links = '<link rel="self" href="/a/1"/>'): string =>
  `<entry><id>i</id>${links}<content>${content}</content></entry>`
const feed = (...entries: string[]): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">${entries.join('\n')}</feed>`
const block = (...readings: string[]): string =>
  `<IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>7200</duration><start>1000</start></interval>${readings.map((reading) => `<IntervalReading>${reading}</IntervalReading>`).join('')}</IntervalBlock>`
const reading = (value: string, start = '1000'): string =>
  `<timePeriod><duration>3600</duration><start>${start}</start></timePeriod><value>${value}</value>`

function readingsOf(entries: Entry[]): Readings {
  const content = entries[0]?.content
  if (content?.kind !== 'IntervalBlock') throw new Error(`no readings: ${JSON.stringify(entries[0]?.problem)}`)
  return content.value
}

it('an entry has its links, its dates and its place in the body', () => {
  const text = feed(
    '<title>T</title><updated>2024-05-01T00:00:00.5Z</updated>',
    '<entry><id> urn:x </id><link rel="self" href="/UsagePoint/1"/><link rel="self" href="/again"/><link rel="up" href="/UsagePoint"/><link rel="related" href="/a&amp;b"/><link rel="related" href="/a&amp;b"/><link rel="related" href="/c"/><published>2016-07-07T02:32:02</published><updated>2020-01-01T01:00:00+01:00</updated><content><e:UsagePoint><e:ServiceCategory><e:kind>0</e:kind></e:ServiceCategory></e:UsagePoint></content></entry>',
  )
  const { entries, heads } = parseBytes(encode(text))
  expect(heads).toEqual([{ id: null, title: 'T', updated: Date.UTC(2024, 4, 1) / 1000, self: null }])
  expect(entries[0]).toMatchObject({
    id: 'urn:x',
    self: '/UsagePoint/1',
    up: '/UsagePoint',
    related: ['/a&b', '/c'],
    published: Date.UTC(2016, 6, 7, 2, 32, 2) / 1000,
    updated: Date.UTC(2020, 0, 1) / 1000,
    content: { kind: 'UsagePoint', value: { ServiceCategory: { kind: 0 }, status: null } },
  })
  expect(text.slice(entries[0]?.startOffset, entries[0]?.endOffset)).toMatch(/^<entry>.*<\/entry>$/s)
})

it('readings come in columns, with NaN for what is missing', () => {
  const { count, start, duration, value, cost, quality, tou, blocks } = readingsOf(
    parseText(
      feed(
        entry(
          block(
            `<cost>12</cost>${reading('-5')}<tou>6</tou>`,
            `<ReadingQuality><quality>17</quality></ReadingQuality>${reading(' 7 ', '4600')}`,
            '<timePeriod><start>8200</start></timePeriod>',
          ),
        ),
      ),
    ),
  )
  expect(count).toBe(3)
  expect([...start]).toEqual([1000, 4600, 8200])
  expect([...duration]).toEqual([3600, 3600, NaN])
  expect([...value]).toEqual([-5, 7, NaN])
  expect([...(cost ?? [])]).toEqual([12, NaN, NaN])
  expect([...(quality ?? [])]).toEqual([NaN, 17, NaN])
  expect([...(tou ?? [])]).toEqual([6, NaN, NaN])
  expect(blocks).toEqual([{ start: 1000, duration: 7200, uom: null, currency: null, from: 0, to: 3 }])
})

it('an entry may hold hundreds of blocks', () => {
  const many = Array.from({ length: 500 }, (_, index) => block(reading(String(index), String(index * 3600)))).join('')
  const readings = readingsOf(parseText(feed(entry(many))))
  expect(readings.blocks).toHaveLength(500)
  expect(readings.blocks[499]).toMatchObject({ from: 499, to: 500 })
  expect(readings.count).toBe(500)
})

it('numbers are exact, whatever their size and form', () => {
  const numbers = fc.oneof(
    fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
    fc
      .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.stringMatching(/^[0-9]{1,9}$/))
      .map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.constantFrom('0', '-0', '007', '+7', ' 7\n', '.5', '5.', '9007199254740993'),
  )
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 1, maxLength: 40 }), (values) => {
      const readings = readingsOf(parseText(feed(entry(block(...values.map((value) => reading(value)))))))
      const scale = 10n ** 9n
      const expected = values.reduce((sum, text) => {
        const [, sign, whole = '', fraction = ''] = /^\s*([+-]?)(\d*)\.?(\d*)\s*$/.exec(text) ?? []
        const units = BigInt(whole || '0') * scale + BigInt(fraction.padEnd(9, '0') || '0')
        return sum + (sign === '-' ? -units : units)
      }, 0n)
      const sum = sumColumn(readings, 'value')
      expect(sum && formatExact({ digits: expected, exponent: -9 })).toBe(sum && formatExact(sum))
    }),
    { numRuns: 200 },
  )
})

it.each(['abc', '1e3', '1,000', '0x10', '--1', '1 2', 'NaN', '1.2.3', '9'.repeat(100)])(
  'a value of %s leaves its entry out and keeps the others',
  (bad) => {
    const entries = parseText(
      feed(
        entry(block(reading('1'))),
        entry(block(reading('1'), reading(bad)), '<link rel="self" href="/bad"/>'),
        entry(block(reading('2'))),
      ),
    )
    expect(entries.map(({ content }) => content?.kind ?? null)).toEqual(['IntervalBlock', null, 'IntervalBlock'])
    expect(entries[1]).toMatchObject({ self: '/bad', problem: { code: 'not_a_number', kind: 'IntervalBlock' } })
    expect(entries[1]?.problem?.message).not.toContain(bad)
    expect([...(entries[1]?.problem?.readings?.value ?? [])]).toEqual([1, NaN])
    expect([...readingsOf(entries.slice(2)).value]).toEqual([2])
  },
)

it('a start with a fraction leaves its entry out, a whole one with a point does not', () => {
  expect(parseText(feed(entry(block(reading('1', '1000.5')))))[0]?.problem?.code).toBe('not_a_number')
  expect([...readingsOf(parseText(feed(entry(block(reading('1', '1000.0')))))).start]).toEqual([1000])
})

it('a quality in words is passed over and counted, and the reading stays', () => {
  const entries = parseText(
    feed(entry(block(`<ReadingQuality><quality>quality1</quality></ReadingQuality>${reading('1')}`))),
  )
  expect([...readingsOf(entries).value]).toEqual([1])
  expect(entries[0]?.unknown).toEqual([{ name: 'IntervalBlock/quality', count: 1 }])
})

it('elements that ESPI does not have are counted, never fatal', () => {
  const [found] = parseText(
    feed(
      entry(
        '<e:UsagePoint><e:surprise><e:kind>9</e:kind></e:surprise><e:status>1</e:status><e:surprise/></e:UsagePoint>',
      ),
    ),
  )
  expect(found).toMatchObject({
    content: { value: { status: 1 } },
    unknown: [{ name: 'UsagePoint/surprise', count: 2 }],
  })
})

it('prefixes mean nothing, namespaces do not have to be right inside an entry', () => {
  const texts = ['', 'ns0:', 'espi:'].map((p) => {
    const xmlns = p === '' ? 'xmlns' : `xmlns:${p.slice(0, -1)}`
    return feed(
      entry(
        `<${p}ServiceStatus ${xmlns}="http://naesb.org/espi"><${p}currentStatus>1</${p}currentStatus></${p}ServiceStatus>`,
      ),
    )
  })
  for (const text of [...texts, feed(entry('<CustomerAccount><name>2</name></CustomerAccount>'))])
    expect(parseText(text)[0]?.content).not.toBeNull()
})

it('old and new spellings of one element are one', () => {
  for (const name of ['ServiceDeliveryPoint', 'serviceDeliveryPoint']) {
    const [found] = parseText(
      feed(entry(`<e:UsagePoint><e:${name}><e:tariffProfile>E19</e:tariffProfile></e:${name}></e:UsagePoint>`)),
    )
    expect(found?.content?.value).toMatchObject({ serviceDeliveryPoint: { tariffProfile: 'E19' } })
  }
})

it('several feeds, single entries and bare resources may stand in one body', () => {
  const bare = '<ServiceStatus xmlns="http://naesb.org/espi"><currentStatus>1</currentStatus></ServiceStatus>'
  const single = entry('<e:MeterReading/>').replace(
    '<entry>',
    '<entry xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">',
  )
  const body = `<?xml version="1.0"?>\\n${feed(entry(block(reading('1'))))}<?xml version="1.0"?>${single}\n\uFEFF${bare}`
  expect(parseText(body).map(({ content, bare: is }) => [content?.kind, is])).toEqual([
    ['IntervalBlock', false],
    ['MeterReading', false],
    ['ServiceStatus', true],
  ])
})

it('a feed in an entry of a feed keeps both sets of entries apart', () => {
  const inner = feed(entry(block(reading('2')), '<link rel="self" href="/inner"/>'))
  const entries = parseText(
    feed(entry(`${block(reading('1'))}${inner}${block(reading('3'))}`, '<link rel="self" href="/outer"/>')),
  )
  expect(
    entries.map(({ self, content }) => [self, content?.kind === 'IntervalBlock' ? [...content.value.value] : null]),
  ).toEqual([
    ['/inner', [2]],
    ['/outer', [1]],
    ['/outer', [3]],
  ])
})

it('an empty feed is a feed', () => {
  expect(parseText(feed())).toEqual([])
})

it('a stream gives the entries of the whole, wherever it is cut', async () => {
  const bytes = encode(
    feed(
      entry(block(reading('1'), reading('22', '4600'))),
      entry('<e:Customer><e:name>Zoë &amp; co</e:name></e:Customer>'),
    ),
  )
  const whole = parseBytes(bytes).entries
  for (let at = 0; at <= bytes.length; at += 1) {
    const found: Entry[] = []
    for await (const one of parse(cut(bytes, [at]))) found.push(one)
    expect(found).toEqual(whole)
  }
})

it('a body that drips in byte by byte is read in linear time, and entries come before the end', async () => {
  const bytes = encode(feed(...Array.from({ length: 300 }, () => entry(block(reading('1'))))))
  let sent = 0
  const drip = async function* (): AsyncGenerator<Uint8Array> {
    for (; sent < bytes.length; sent++) yield bytes.subarray(sent, sent + 1)
  }
  let first = 0
  let count = 0
  for await (const _ of parse(drip())) {
    if (first === 0) first = sent
    count++
  }
  expect(count).toBe(300)
  expect(first).toBeLessThan(bytes.length / 10)
})

it('nothing of a body counts when it breaks off', async () => {
  const text = feed(entry(block(reading('1'))))
  expect(() => parseText(text.slice(0, -5))).toThrow(FeedRejected)
  const read = async (): Promise<void> => {
    for await (const _ of parse(cut(encode(text.slice(0, -5)), [])));
  }
  await expect(read()).rejects.toMatchObject({ name: 'FeedRejected', code: 'truncated' })
})

async function* cut(bytes: Uint8Array, splits: number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const split of [...splits, bytes.length]) {
    yield bytes.slice(from, split)
    from = split
  }
}
