import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Entry } from './entry.ts'
import { FeedRejected } from './errors.ts'
import { parse, parseBytes } from './parse.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const oneOf = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
/** Mostly nothing, so that readings still look alike often enough. */
const rarely = (...texts: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 25, arbitrary: fc.constant('') }, { weight: 1, arbitrary: oneOf(...texts) })

const plain = oneOf('0', '1', '-5', '007', '123456789012345', '-123456789012345', '-0', '900', '1735718400')
const odd = [
  ...['9999999999999999', '99999999999999999', '', ' 7 ', '1.5', '--1', '-', '+3', '1<!-- c -->2', '<!-- c -->4'],
  ...['1&#48;', '7\r', '<![CDATA[8]]>', '<![CDATA[]]>9', 'x', '1e3', '\u0661', '5\u007f', '6\u0000', ']]>'],
]
const number = fc.oneof({ weight: 25, arbitrary: plain }, { weight: 1, arbitrary: oneOf(...odd) })
const quality = fc.oneof({ weight: 25, arbitrary: plain }, { weight: 1, arbitrary: oneOf('quality1') })

/** One way to write a reading: a function from its numbers to its text. */
type Layout = (numbers: Record<'quality' | 'duration' | 'start' | 'value' | 'more', string>) => string

const layout: fc.Arbitrary<Layout> = fc
  .record({
    gap: oneOf('', '', '\n  ', '\r\n', 'text \u{1f50c}', '<!-- c -->'),
    attributes: oneOf('', '', '', ' a="1"', ' z:a="1"', ' xmlns:z="urn:z" z:a="1"', ' xmlns="urn:other"'),
    column: oneOf('tou', 'cost', 'consumptionTier', 'cpp', 'powerOfTenMultiplier', 'new', 'z:tou', 'value'),
    ornament: oneOf('', '', '<tou/>', '<cpp> </cpp>', '<new>1</new>', '<!---->', '<![CDATA[text]]>'),
    valueFirst: fc.boolean(),
  })
  .map(({ gap, attributes, column, ornament, valueFirst }) => (numbers) => {
    const value = `<value>${numbers.value}</value>${gap}`
    const times = `<timePeriod${attributes}><duration>${numbers.duration}</duration>${gap}<start>${numbers.start}</start></timePeriod>`
    const described = `<ReadingQuality><quality>${numbers.quality}</quality></ReadingQuality>${ornament}`
    const rest = `<${column}>${numbers.more}</${column}>`
    return `<IntervalReading>${valueFirst ? value : ''}${described}${times}${valueFirst ? '' : value}${rest}</IntervalReading>${gap}`
  })

const interval = '<interval><duration>1</duration></interval>'
const row = fc.record({
  which: fc.nat(1),
  numbers: fc.record({ quality, duration: number, start: number, value: number, more: number }),
  after: rarely(' <!-- c -->', '<new/>', 'text', '</value>', '<interval><start>1</start></interval>', '&#65;', '&bad;'),
  times: fc.integer({ min: 1, max: 4 }),
})
const bodyOf = (size: { blocks: number; rows: number }): fc.Arbitrary<Uint8Array> => {
  const block = fc.record({
    attributes: oneOf(' xmlns:z="urn:z"', ' xmlns:z="urn:z2"', ' xmlns:z="urn:z" z:b="1"', ' z:b="1"', ''),
    head: oneOf('', interval, `${interval}\n  `),
    rows: fc.array(row, { minLength: 1, maxLength: size.rows }),
    newEntry: fc.boolean(),
  })
  const blocks = fc.array(block, { minLength: 1, maxLength: size.blocks })
  return fc.tuple(layout, layout, blocks).map(([first, second, list]) => {
    const texts = list.map(({ attributes, head, rows, newEntry }) => {
      const readings = rows.map((r) => ((r.which === 0 ? first : second)(r.numbers) + r.after).repeat(r.times))
      return `${newEntry ? NEXT_ENTRY : ''}<IntervalBlock xmlns="${ESPI}"${attributes}>${head}${readings.join('')}</IntervalBlock>`
    })
    return encode(`<feed xmlns="${ATOM}"><entry><content>${texts.join('')}</content></entry></feed>`)
  })
}
const byte = fc.oneof(fc.constantFrom(...encode('<>/ "=:-09azA&')), fc.nat(255))
const body = bodyOf({ blocks: 4, rows: 6 })

const ATOM = 'http://www.w3.org/2005/Atom'
const ESPI = 'http://naesb.org/espi'
const NEXT_ENTRY = '</content></entry><entry><content>'

describe('readings that look alike are read the same as those read tag by tag', () => {
  it('in one piece', async () => {
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        expect(outcome(bytes)).toEqual(await outcomeTagByTag(bytes))
      }),
      { numRuns: 400 },
    )
  })

  it('with a byte of them changed', async () => {
    const numbers = fc.record({ quality: plain, duration: plain, start: plain, value: plain, more: plain })
    const change = fc.tuple(layout, fc.tuple(numbers, numbers, numbers, numbers), fc.nat(10_000), byte)
    await fc.assert(
      fc.asyncProperty(change, async ([write, rows, where, changed]) => {
        const texts = rows.map(write)
        const head = `<IntervalBlock xmlns="${ESPI}" xmlns:z="urn:z">`
        const bytes = encode(`${head}${texts.join('')}</IntervalBlock>`)
        const before = encode(head + texts.slice(0, 2).join('')).length
        bytes[before + (where % (bytes.length - before))] = changed
        expect(outcome(bytes)).toEqual(await outcomeTagByTag(bytes))
      }),
      { numRuns: 1000 },
    )
  })

  it('at every place where a body can be cut in two', async () => {
    await fc.assert(
      fc.asyncProperty(bodyOf({ blocks: 2, rows: 2 }), async (bytes) => {
        const expected = JSON.stringify(await outcomeTagByTag(bytes), keepNaN)
        const wrong: unknown[] = []
        for (let cut = 1; cut < bytes.length; cut++) {
          const found = await outcomeOf([bytes.slice(0, cut), bytes.slice(cut)])
          if (JSON.stringify(found, keepNaN) !== expected) wrong.push({ cut, found })
        }
        expect(wrong).toEqual([])
      }),
      { numRuns: 4 },
    )
  })

  it('in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 20 }), async (bytes, lengths) => {
        const pieces: Uint8Array[] = []
        let at = 0
        for (const length of [...lengths, bytes.length]) {
          pieces.push(bytes.slice(at, at + length))
          at += length
        }
        expect(await outcomeOf(pieces)).toEqual(await outcomeTagByTag(bytes))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a reading that looks like the one before is', () => {
  const reading = (value: number): string =>
    `<IntervalReading><timePeriod z:a=""><start>${value}</start></timePeriod></IntervalReading>`
  /** After the end tag of the interval the first reading of a block may be compared, too. */
  const readings = '<interval></interval>' + [1, 2, 3].map(reading).join('')
  const open = `<IntervalBlock xmlns="${ESPI}" xmlns:z="urn:z">`
  const block = `${open}${readings}</IntervalBlock>`
  const within = (content: string): Uint8Array => encode(`<entry xmlns="${ATOM}"><content>${content}</content></entry>`)

  it.each([
    ['refused when its prefix is no longer declared', `<IntervalBlock xmlns="${ESPI}">${readings}`, 'unbound_prefix'],
    ['refused when it is nested too deep', `${'<entry><content>'.repeat(30)}${block}`, 'too_deep'],
  ])('%s', async (_, more, code) => {
    const bytes = within(block + more)
    expect(outcome(bytes)).toEqual(await outcomeTagByTag(bytes))
    expect(outcome(bytes)).toMatchObject([code, expect.any(Number)])
  })

  it.each([
    [
      'none where a resource has no readings',
      within(
        `${block}<UsageSummary xmlns="${ESPI}" xmlns:z="urn:z"><billingPeriod><start>1</start></billingPeriod>${reading(1)}</UsageSummary>`,
      ),
      { name: 'UsageSummary/IntervalReading', count: 1 },
    ],
    [
      'none inside an unknown element',
      encode(
        `<entry xmlns="${ATOM}"><content>${block}</content></entry>${open}<a><b><c></c>${reading(1)}</b></a></IntervalBlock>`,
      ),
      { name: 'IntervalBlock/a', count: 1 },
    ],
  ])('%s', async (_, bytes, unknown) => {
    expect(outcome(bytes)).toEqual(await outcomeTagByTag(bytes))
    expect(parseBytes(bytes).entries.at(-1)?.unknown).toEqual([unknown])
  })
})

it('every reading is one row when those of two layouts follow each other', () => {
  const [a, b] = ['<value>1</value>', '<value>1</value><tou>1</tou>'].map(
    (x) => `<IntervalReading>${x}</IntervalReading>`,
  )
  const bytes = encode(`<IntervalBlock xmlns="${ESPI}">${a}${a}${a}${a}${b}${a}${a}${b}</IntervalBlock>`)
  expect(parseBytes(bytes).entries[0]?.content?.value).toMatchObject({ count: 8 })
})

function keepNaN(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array) return [...value].map(String)
  return value instanceof Map ? [...value].map(([row, { digits, exponent }]) => `${row}:${digits}e${exponent}`) : value
}

/** Entries, or code and offset of the refusal. */
function outcome(bytes: Uint8Array): unknown {
  try {
    return parseBytes(bytes).entries
  } catch (error) {
    return refusal(error)
  }
}

/** Pieces so small that no reading is ever whole in memory, and so none can be compared with the one before. */
function outcomeTagByTag(bytes: Uint8Array): Promise<unknown> {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 40) pieces.push(bytes.slice(at, at + 40))
  return outcomeOf(pieces)
}

async function outcomeOf(pieces: Uint8Array[]): Promise<unknown> {
  const entries: Entry[] = []
  try {
    for await (const entry of parse(streamed(pieces))) entries.push(entry)
    return entries
  } catch (error) {
    return refusal(error)
  }
}

async function* streamed(pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function refusal(error: unknown): unknown {
  if (error instanceof FeedRejected) return [error.code, error.offset]
  throw error
}
