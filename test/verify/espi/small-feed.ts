import type { Random } from './random.ts'

/** How a feed is written. `pge`: prefixes and no line breaks; `sce`: default namespaces, indented. */
export type Shape = 'pge' | 'sce'

const BASE = 'https://utility.example/GreenButtonConnect/espi/1_1/resource/'
export const ATOM = 'http://www.w3.org/2005/Atom'
export const ESPI = 'http://naesb.org/espi'
/** The subscription and the retail customer that every feed here belongs to. */
export const OWNER = { subscription: '9001', retailCustomer: '9001' }

type Writer = { a: string; e: string; head: string; tail: string; resource: (name: string) => string; gap: string }

const WRITERS: Record<Shape, Writer> = {
  pge: {
    a: 'ns1:',
    e: 'ns0:',
    head: `<ns1:feed xmlns:ns0="${ESPI}" xmlns:ns1="${ATOM}">`,
    tail: '</ns1:feed>',
    resource: (name) => `ns0:${name}`,
    gap: '',
  },
  sce: {
    a: '',
    e: '',
    head: `<?xml version="1.0" encoding = "UTF-8" ?><feed xmlns="${ATOM}">\n`,
    tail: '</feed>\n',
    resource: (name) => `${name} xmlns="${ESPI}"`,
    gap: '\n  ',
  },
}

/**
 * A sound feed of one usage point, made up: a reading type, a meter reading, a block of a few quarter hours and a summary.
 * It is accepted without a warning, so that whatever is said of a damaged copy comes from the damage.
 */
export function smallFeed(random: Random, shape: Shape, readings = 3 + random.int(4)): string {
  const w = WRITERS[shape]
  const point = `Subscription/9001/UsagePoint/${100 + random.int(900)}`
  const start = 1_767_254_400 + random.int(300) * 86_400
  return (
    w.head +
    `<${w.a}id>urn:uuid:${random.int(1e9)}</${w.a}id><${w.a}title>Usage</${w.a}title>${w.gap}<${w.a}updated>2026-07-02T00:00:00Z</${w.a}updated>` +
    entry(w, { self: 'ReadingType/1', kind: 'ReadingType', fields: readingType(w) }) +
    entry(w, {
      self: point,
      related: [`${point}/MeterReading`, `${point}/UsageSummary`],
      kind: 'UsagePoint',
      fields: `<${w.e}ServiceCategory><${w.e}kind>0</${w.e}kind></${w.e}ServiceCategory>`,
    }) +
    entry(w, {
      self: `${point}/MeterReading/1`,
      related: ['ReadingType/1', `${point}/MeterReading/1/IntervalBlock`],
      kind: 'MeterReading',
      fields: '',
    }) +
    entry(w, {
      self: `${point}/MeterReading/1/IntervalBlock/${start}`,
      kind: 'IntervalBlock',
      fields: blockFields(w, random, start, readings),
    }) +
    entry(w, { self: `${point}/UsageSummary/1`, kind: 'UsageSummary', fields: summary(w, random, start) }) +
    w.tail
  )
}

type EntryParts = { self: string; related?: string[]; kind: string; fields: string }

function entry(w: Writer, { self, related = [], kind, fields }: EntryParts): string {
  const link = (rel: string, path: string): string => `<${w.a}link rel="${rel}" href="${BASE}${path}"/>${w.gap}`
  return (
    `${w.gap}<${w.a}entry><${w.a}id>urn:uuid:${self}</${w.a}id>${w.gap}` +
    link('self', self) +
    link('up', self.slice(0, self.lastIndexOf('/'))) +
    related.map((path) => link('related', path)).join('') +
    `<${w.a}title>${kind}</${w.a}title><${w.a}updated>2026-07-02T00:00:00Z</${w.a}updated><${w.a}content>` +
    `<${w.resource(kind)}>${fields}</${w.e}${kind}></${w.a}content></${w.a}entry>`
  )
}

function readingType({ e, gap }: Writer): string {
  const fields = { accumulationBehaviour: 4, commodity: 1, flowDirection: 1, intervalLength: 900, kind: 12 }
  return Object.entries({ ...fields, powerOfTenMultiplier: 0, uom: 72 })
    .map(([name, value]) => `${gap}<${e}${name}>${value}</${e}${name}>`)
    .join('')
}

function blockFields({ e, gap }: Writer, random: Random, start: number, count: number): string {
  const period = (from: number, seconds: number, name: string): string =>
    `<${e}${name}><${e}duration>${seconds}</${e}duration><${e}start>${from}</${e}start></${e}${name}>`
  let text = period(start, count * 900, 'interval')
  for (let i = 0; i < count; i++)
    text +=
      `${gap}<${e}IntervalReading><${e}ReadingQuality><${e}quality>19</${e}quality></${e}ReadingQuality>` +
      `${period(start + i * 900, 900, 'timePeriod')}<${e}value>${100 + random.int(900)}</${e}value></${e}IntervalReading>`
  return text
}

function summary({ e, gap }: Writer, random: Random, start: number): string {
  return (
    `<${e}billingPeriod><${e}duration>2592000</${e}duration><${e}start>${start - 2_592_000}</${e}start></${e}billingPeriod>${gap}` +
    `<${e}billLastPeriod>${1_000_000 + random.int(1_000_000)}</${e}billLastPeriod><${e}currency>840</${e}currency>` +
    `<${e}statusTimeStamp>${start}</${e}statusTimeStamp><${e}tariffProfile>E-1</${e}tariffProfile>`
  )
}
