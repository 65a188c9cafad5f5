import * as fc from 'fast-check'

import { type Content, type ContentKind, isContent } from '../../src/espi/entry.ts'
import { COLUMNS, type ColumnName, type Readings } from '../../src/espi/readings.ts'
import { RESOURCES } from '../../src/espi/resources.ts'
import { isUri } from '../../src/espi/write/check-leaf.ts'
import { cleanText } from '../../src/espi/write/clean-text.ts'
import { CUSTOMER } from '../../src/espi/write/customer-fields.ts'
import type { Edition, Field, Fields, Leaf } from '../../src/espi/write/fields.ts'
import { USAGE } from '../../src/espi/write/usage-fields.ts'
import type { FeedSide, WrittenEntry, WrittenHead } from '../../src/espi/write/write-feed.ts'
import { epochSeconds } from '../../src/units/epoch-seconds.ts'

/** The tables of what is written, by side; IntervalBlock is none of them. */
export const TABLES: Record<FeedSide, Partial<Record<ContentKind, Fields>>> = { usage: USAGE, customer: CUSTOMER }

/** Any feed of one side that can be written: its head and its entries, with every field that this edition has. */
export function feeds(side: FeedSide, edition: Edition): fc.Arbitrary<{ head: WrittenHead; entries: WrittenEntry[] }> {
  const contents = Object.keys(TABLES[side]).map((kind) => resources(side, kind, edition))
  const content = fc.oneof(...contents, ...(side === 'usage' ? [blocks()] : []))
  return fc.record({ head: heads(), entries: fc.array(entries(content), { maxLength: 8 }) })
}

export function heads(): fc.Arbitrary<WrittenHead> {
  const uuid = fc.uuid().map((id) => `urn:uuid:${id}`)
  return fc.record({ id: fc.option(uuid), title: texts(256), updated: moments(), self: uris() })
}

export function entries(content: fc.Arbitrary<Content>): fc.Arbitrary<WrittenEntry> {
  const related = fc.uniqueArray(uris(), { maxLength: 4 })
  return fc
    .tuple(heads(), fc.record({ published: moments(), up: uris(), related, content }))
    .map(([head, rest]) => ({ ...head, ...rest }))
}

const moments = () => fc.integer({ min: 0, max: 253_402_300_799 }).map(epochSeconds)

/** Any value of one resource: what is read of it (RESOURCES) filled by what may be written (the table). */
export function resources(side: FeedSide, kind: string, edition: Edition): fc.Arbitrary<Content> {
  const known: Record<string, object> = RESOURCES
  const tables: Record<string, Fields | undefined> = TABLES[side]
  return objects(known[kind] ?? {}, tables[kind] ?? {}, edition).map((value) => {
    const content: { kind: ContentKind; value: unknown } = { kind: kindOf(kind), value }
    if (!isContent(content)) throw new Error(`no resource: ${kind}`)
    return content
  })
}

function kindOf(name: string): ContentKind {
  const kind = Object.keys(RESOURCES).find((known): known is keyof typeof RESOURCES => known === name)
  if (kind === undefined) throw new Error(`no resource: ${name}`)
  return kind
}

function objects(read: object, written: Fields, edition: Edition): fc.Arbitrary<object> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, node] of Object.entries(read) as [string, unknown][]) {
    const list = Array.isArray(node)
    const child: unknown = list ? node[0] : node
    const field = written[name]
    if (field === undefined || field.refused !== undefined || (field.recent && edition === 'common'))
      fields[name] = fc.constant(list ? [] : null)
    else
      fields[name] = list
        ? lists(one(child, field, edition), field, edition)
        : optional(one(child, field, edition), field)
  }
  return fc.record(fields)
}

const optional = (value: fc.Arbitrary<unknown>, field: Field): fc.Arbitrary<unknown> =>
  field.need === 'must' ? value : fc.option(value)

function lists(value: fc.Arbitrary<unknown>, field: Field, edition: Edition): fc.Arbitrary<unknown[]> {
  const most = edition === 'common' ? (field.mostInCommon ?? field.most) : field.most
  return fc.array(value, { minLength: field.least ?? 0, maxLength: Math.min(3, most ?? 3) })
}

function one(read: unknown, field: Field, edition: Edition): fc.Arbitrary<unknown> {
  if (field.fields !== undefined && typeof read === 'object' && read !== null)
    return objects(read, field.fields, edition)
  if (field.leaf === undefined) throw new Error('a field that is neither leaf nor group')
  return read === 'integer' ? leaves(field.leaf).map(Number) : leaves(field.leaf)
}

/** Texts of a leaf, to the edges of its type. */
function leaves(leaf: Leaf): fc.Arbitrary<string> {
  if (leaf.type === 'text') return texts(leaf.most)
  if (leaf.type === 'one of') return fc.constantFrom(...leaf.values)
  if (leaf.type === 'uri') return uris()
  if (leaf.type === 'float') return fc.constantFrom('0', '1', '-1.5', '+.25', '3.', '1e-7', '12E+3', '0.1')
  if (leaf.type === 'hex')
    return fc.stringMatching(/^(?:[0-9A-Fa-f]{2}){1,4}$/).map((digits) => digits.slice(0, leaf.most * 2))
  return integers(leaf.least, leaf.most).map(String)
}

const integers = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(min, max, Math.max(min, 0)), fc.integer({ min, max }))

/** Text with everything that XML minds; of at most so many characters, and already without blanks around it. */
export function texts(most: number): fc.Arbitrary<string> {
  const unit = fc.oneof(
    fc.constantFrom(
      ...Array.from('abzÄé漢😀&<>"\''),
      ']]>',
      '<!--',
      '&amp;',
      '\n',
      '\r\n',
      '\t',
      ' ',
      '\u0085',
      '\u2028',
      '\ufffd',
      '\u{10ffff}',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  )
  return fc
    .oneof(
      { weight: 8, arbitrary: fc.array(unit, { minLength: 1, maxLength: 12 }) },
      fc.array(unit, { minLength: most, maxLength: most }),
    )
    .map((units) =>
      cleanText(
        Array.from(cleanText(units.join('')))
          .slice(0, most)
          .join(''),
      ),
    )
    .filter((text) => text !== '')
}

/** Made once: hundreds of fields are addresses, and each making costs milliseconds. */
const URIS = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }).filter(isUri),
  fc.constantFrom(
    '/espi/1_1/resource/UsagePoint/1',
    'UsagePoint',
    'urn:x:1',
    'https://a.example/?a=1&b=%20#c',
    '../x/./y',
  ),
)

export function uris(): fc.Arbitrary<string> {
  return URIS
}

/** All blocks of an entry, of any number of readings with any of their numbers given. */
export function blocks(): fc.Arbitrary<Extract<Content, { kind: 'IntervalBlock' }>> {
  const int16 = integers(-32_768, 32_767)
  const int48 = integers(-140_737_488_355_328, 140_737_488_355_328)
  const period = fc.record({
    start: integers(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    duration: integers(0, 4_294_967_295),
  })
  const row = fc.record({
    period: fc.option(period),
    numbers: fc.record(
      { value: int48, cost: int48, quality: integers(0, 65_535), tou: int16, tier: int16, cpp: int16 },
      { requiredKeys: [] },
    ),
  })
  const block = fc.record({ period: fc.option(period), rows: fc.array(row, { maxLength: 6 }) })
  return fc
    .array(block, { minLength: 1, maxLength: 4 })
    .map((list) => ({ kind: 'IntervalBlock', value: inColumns(list) }))
}

type Period = { start: number; duration: number } | null
type Row = { period: Period; numbers: Partial<Record<ColumnName, number>> }

function inColumns(list: readonly { period: Period; rows: readonly Row[] }[]): Readings {
  const rows = list.flatMap((block) => block.rows).map(({ period, numbers }) => ({ ...numbers, ...period }))
  const all = Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      Float64Array.from(rows, (row: Partial<Record<ColumnName, number>>) => row[name] ?? NaN),
    ]),
  )
  const column = (name: ColumnName): Float64Array => all[name] ?? new Float64Array()
  const given = (name: ColumnName): Float64Array | null => (column(name).every(Number.isNaN) ? null : column(name))
  let from = 0
  const periods = list.map(({ period, rows: { length } }) => {
    const at = from
    from += length
    return {
      start: period?.start ?? null,
      duration: period?.duration ?? null,
      uom: null,
      currency: null,
      from: at,
      to: from,
    }
  })
  return {
    count: rows.length,
    blocks: periods,
    start: column('start'),
    duration: column('duration'),
    value: column('value'),
    cost: given('cost'),
    quality: given('quality'),
    tou: given('tou'),
    tier: given('tier'),
    cpp: given('cpp'),
    multiplier: null,
    odd: { value: new Map(), cost: new Map() },
  }
}

/** All that a generator gives. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}
