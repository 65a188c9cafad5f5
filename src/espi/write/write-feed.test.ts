import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { blocks, collect, entries, feeds, heads, resources, TABLES } from '../../../test/samples/write-arbitraries.ts'
import { epochSeconds } from '../../units/epoch-seconds.ts'
import type { Content, Entry } from '../entry.ts'
import { parse, parseBytes } from '../parse.ts'
import { resourceId } from './resource-id.ts'
import { type FeedSide, writeBare, writeFeed, type WrittenEntry, type WrittenHead } from './write-feed.ts'

type Head = Parameters<typeof writeFeed>[0]

async function write(head: Head, list: Iterable<WrittenEntry>): Promise<Uint8Array> {
  return Buffer.concat(await collect(writeFeed(head, list)))
}

const withId = <T extends WrittenHead>(head: T): T => ({ ...head, id: head.id ?? resourceId(head.self) })

/** What came back of an entry. The secrets that the schemas demand are written empty, and read past. */
function asWritten({ id, title, published, updated, self, up, related, content, problem, unknown }: Entry): unknown {
  const secrets = ['client_secret', 'registration_access_token'].map((name) => ({
    name: `ApplicationInformation/${name}`,
    count: 1,
  }))
  expect([problem, unknown]).toEqual([null, content?.kind === 'ApplicationInformation' ? secrets : []])
  return { id, title, published, updated, self, up, related, content }
}

const kinds = (['usage', 'customer'] as const).flatMap((side) =>
  Object.keys(TABLES[side]).map((kind) => ({ side, kind })),
)

describe('parse(write(x)) equals x', () => {
  for (const edition of ['common', 'recent'] as const)
    it.each(kinds)(`for any $kind of a $side feed, in the edition ${edition}`, async ({ side, kind }) => {
      await fc.assert(
        fc.asyncProperty(heads(), entries(resources(side, kind, edition)), async (head, entry) => {
          const {
            heads: read,
            entries: [first, ...more],
          } = parseBytes(await write({ ...head, side, edition }, [entry]))
          expect(read).toEqual([withId(head)])
          expect(first && asWritten(first)).toEqual(withId(entry))
          expect(more).toEqual([])
        }),
        { numRuns: 25 },
      )
    })

  it('for any readings in columns', async () => {
    await fc.assert(
      fc.asyncProperty(heads(), entries(blocks()), async (head, entry) => {
        const { entries: read } = parseBytes(await write({ ...head, side: 'usage' }, [entry]))
        expect(read.map(asWritten)).toEqual([withId(entry)])
      }),
      { numRuns: 500 },
    )
  })

  it('for any feed, however its bytes are cut', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(feeds('usage', 'recent'), cuts, async ({ head, entries: list }, lengths) => {
        const bytes = await write({ ...head, side: 'usage', edition: 'recent' }, list)
        const read = await collect(parse(pieces(bytes, lengths)))
        expect(read.map(asWritten)).toEqual(list.map(withId))
      }),
      { numRuns: 60 },
    )
  })
})

async function* pieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    yield bytes.slice(at, at + length)
    at += length
  }
}

const at = epochSeconds(1_700_000_000)
const head: WrittenHead = { id: null, title: 'Feed', updated: at, self: 'https://a.example/Batch/Subscription/1' }
const point = (content: Content, more: Partial<WrittenEntry> = {}): WrittenEntry => ({
  ...{ id: null, title: 'Entry', published: at, updated: at, self: '/UsagePoint/1', up: '/UsagePoint', related: [] },
  content,
  ...more,
})
const status = (currentStatus: number | null): Content => ({ kind: 'ServiceStatus', value: { currentStatus } })
const list = (...resourcesOf: string[]): Content => ({ kind: 'BatchList', value: { resources: resourcesOf } })
const mappings = (name: string): Content => ({
  kind: 'ProgramDateIdMappings',
  value: {
    programDateIdMapping: [{ programDateType: 'CUST_DR_PROGRAM_ENROLLMENT_DATE', code: '1', name, note: null }],
  },
})

async function nameRead(name: string): Promise<unknown> {
  const { entries: read } = parseBytes(await write({ ...head, side: 'customer' }, [point(mappings(name))]))
  const content = read[0]?.content
  return content?.kind === 'ProgramDateIdMappings' ? content.value.programDateIdMapping[0]?.name : undefined
}

it('blanks around a text do not count, and what XML cannot hold becomes U+FFFD', async () => {
  expect(await nameRead(' \t\u00a0a  b\n')).toBe('a  b')
  expect(await nameRead('x\u0000y\u000bz\ud800!\uffff')).toBe('x\ufffdy\ufffdz\ufffd!\ufffd')
})

it('an entry has self and up first, each link a type, and a related address once', async () => {
  const related = ['/x/UsagePoint/1/MeterReading', '/x/LocalTimeParameters/2', '/x/UsagePoint/1/MeterReading', '/a&b']
  const text = new TextDecoder().decode(await write({ ...head, side: 'usage' }, [point(status(1), { related })]))
  expect([...text.matchAll(/<link [^>]*>/g)].map(([found]) => found)).toEqual([
    '<link rel="self" href="https://a.example/Batch/Subscription/1" type="espi-entry/Subscription"/>',
    '<link rel="self" href="/UsagePoint/1" type="espi-entry/UsagePoint"/>',
    '<link rel="up" href="/UsagePoint" type="espi-feed/UsagePoint"/>',
    '<link rel="related" href="/x/UsagePoint/1/MeterReading" type="espi-feed/MeterReading"/>',
    '<link rel="related" href="/x/LocalTimeParameters/2" type="espi-entry/LocalTimeParameters"/>',
    '<link rel="related" href="/a&amp;b" type="application/atom+xml"/>',
  ])
})

describe('usage and personal data never share a feed', () => {
  const other = { usage: 'customer', customer: 'usage' } as const
  const apart = kinds.filter(({ side, kind }) => !Object.hasOwn(TABLES[other[side]], kind))
  it.each(apart)('$kind is refused in the feed of the other side', async ({ side, kind }) => {
    const [entry] = fc.sample(entries(resources(side, kind, 'common')), 1)
    const wrong: FeedSide = other[side]
    await expect(write({ ...head, side: wrong }, entry ? [entry] : [])).rejects.toThrow(
      `a ${wrong} feed holds no ${kind}`,
    )
  })

  it('readings are refused in a customer feed, and only LocalTimeParameters stand in both', async () => {
    const [entry] = fc.sample(entries(blocks()), 1)
    await expect(write({ ...head, side: 'customer' }, entry ? [entry] : [])).rejects.toThrow(
      'a customer feed holds no IntervalBlock',
    )
    expect(kinds.length - apart.length).toBe(2)
  })
})

describe('what cannot be said is a RangeError with the name of the field', () => {
  const wrong: [string, WrittenEntry, string][] = [
    ['a missing value', point(status(null)), 'ServiceStatus.currentStatus is missing'],
    [
      'a number beyond its type',
      point(status(65_536)),
      'ServiceStatus.currentStatus takes a whole number from 0 to 65535',
    ],
    ['a fraction', point(status(0.5)), 'ServiceStatus.currentStatus takes a whole number'],
    ['no address', point(list('a b')), 'BatchList.resources takes an address by RFC 3986'],
    ['an empty title', point(status(1), { title: ' ' }), 'title takes 1 to 1000 characters'],
    ['an empty address', point(status(1), { self: '' }), 'self takes an address'],
    ['a broken address', point(status(1), { up: '%zz' }), 'up takes an address'],
    ['an id that is no address', point(status(1), { id: 'a b' }), 'id takes an address'],
    ['a moment before 1970', point(status(1), { published: epochSeconds(-1) }), 'published takes a moment'],
    ['a moment after 9999', point(status(1), { updated: epochSeconds(253_402_300_800) }), 'updated takes a moment'],
    [
      'too many links',
      point(status(1), { related: Array.from({ length: 1001 }, (_, i) => `/${i}`) }),
      'related has more',
    ],
    [
      'a type within a reading',
      point({ kind: 'MeterReading', value: { batchItemInfo: null, ReadingType: typeOf() } }),
      'MeterReading.ReadingType: a ReadingType stands in an entry of its own',
    ],
  ]
  it.each(wrong)('%s', async (_name, entry, message) => {
    const writing = write({ ...head, side: 'usage' }, [entry])
    await expect(writing).rejects.toThrow(RangeError)
    await expect(write({ ...head, side: 'usage' }, [entry])).rejects.toThrow(message)
  })

  it('a text that is too long, counted in characters, without the text itself', async () => {
    expect(await nameRead('😀'.repeat(256))).toBe('😀'.repeat(256))
    await expect(nameRead(`Jane${'😀'.repeat(253)}`)).rejects.toThrow(
      /^ProgramDateIdMappings\.programDateIdMapping\.name takes text of at most 256 characters$/,
    )
  })
})

function typeOf(): Extract<Content, { kind: 'ReadingType' }>['value'] {
  const [content] = fc.sample(resources('usage', 'ReadingType', 'common'), 1)
  if (content?.kind !== 'ReadingType') throw new Error('no ReadingType')
  return content.value
}

it('bytes come out while entries come in, and a long block in pieces', async () => {
  let taken = 0
  function* endless(): Generator<WrittenEntry> {
    for (;;) {
      taken++
      yield point(status(1))
    }
  }
  const writing = writeFeed({ ...head, side: 'usage' }, endless())
  const { value: first } = await writing.next()
  const after = taken
  await writing.next()
  expect(first?.length).toBeLessThan(70_000)
  expect(taken - after).toBeGreaterThan(10)
  expect(taken).toBeLessThan(1000)

  const count = 500_000
  const column = (value: number): Float64Array => new Float64Array(count).fill(value)
  const block = { start: null, duration: null, uom: null, currency: null, from: 0, to: count }
  const none = { cost: null, quality: null, tou: null, tier: null, cpp: null, multiplier: null }
  const readings = { count, blocks: [block], start: column(1), duration: column(60), value: column(-7), ...none }
  const odd = { value: new Map(), cost: new Map() }
  const sizes: number[] = []
  const entry = point({ kind: 'IntervalBlock', value: { ...readings, odd } })
  for await (const piece of writeFeed({ ...head, side: 'usage' }, [entry])) sizes.push(piece.length)
  expect(Math.max(...sizes)).toBeLessThan(70_000)
  expect(sizes.length).toBeGreaterThan(500)
})

it('a notification and the status of the service stand alone', () => {
  const addresses = ['https://a.example/espi/1_1/resource/Batch/Subscription/1?published-min=2024-01-01T00:00:00Z&x=1']
  const notification = list(...addresses)
  const serviceStatus: Content = { kind: 'ServiceStatus', value: { currentStatus: 1 } }
  if (notification.kind !== 'BatchList') throw new Error('no BatchList')
  for (const content of [notification, serviceStatus]) {
    const [entry] = parseBytes(writeBare(content)).entries
    expect(entry).toMatchObject({ bare: true, content })
  }
  expect(() => writeBare({ kind: 'ServiceStatus', value: { currentStatus: null } })).toThrow(
    'ServiceStatus.currentStatus is missing',
  )
})
