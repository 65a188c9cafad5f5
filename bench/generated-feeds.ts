/**
 * Green Button files for measuring, made up and the same each time. `pge`: prefixes on every element, xsi attributes, no line
 * breaks; `sce`: default namespaces, indented. A block is a local day of Los Angeles, 92 and 100 quarter hours on the days
 * the clocks change; a summary a month. since: days at the beginning that are left out.
 */
export type Shape = 'pge' | 'sce'
export type FeedSize = { points: number; days: number; since?: number }

export function* generateFeed(shape: Shape, { points, days, since = 0 }: FeedSize): Generator<string> {
  const random = createRandom(7)
  const write = shape === 'pge' ? pge : sce
  yield write.head
  yield write.entry('ReadingType/1', READING_TYPE, 'ReadingType', [])
  for (let point = 0; point < points; point++) {
    const path = `Subscription/1/UsagePoint/${1_000_000 + point}`
    yield write.entry(path, '<ServiceCategory><kind>0</kind></ServiceCategory>', 'UsagePoint', [
      `${path}/MeterReading`,
      `${path}/UsageSummary`,
    ])
    yield write.entry(`${path}/MeterReading/1`, '', 'MeterReading', [
      'ReadingType/1',
      `${path}/MeterReading/1/IntervalBlock`,
    ])
    let start = FIRST_DAY
    for (let day = 0; day < days; day++) {
      const count = day % 365 === 67 ? 92 : day % 365 === 305 ? 100 : 96
      if (day >= since) yield block(write, `${path}/MeterReading/1/IntervalBlock/${start}`, { start, count, random })
      start += count * QUARTER
      if (day >= since && day % 30 === 29)
        yield write.entry(`${path}/UsageSummary/${start}`, summary(start, random()), 'UsageSummary', [])
    }
  }
  yield write.tail
}

const FIRST_DAY = 1_735_718_400 // 2025-01-01, midnight in Los Angeles
const QUARTER = 900
const READING_TYPE =
  '<accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><currency>840</currency><flowDirection>1</flowDirection>' +
  '<intervalLength>900</intervalLength><kind>12</kind><powerOfTenMultiplier>-3</powerOfTenMultiplier><uom>72</uom>'
const BASE = 'https://utility.example/GreenButtonConnect/espi/1_1/resource/'

type Day = { start: number; count: number; random: () => number }
type Writer = {
  head: string
  tail: string
  entry: (path: string, fields: string, kind: string, related: readonly string[]) => string
  reading: (start: number, value: number, quality: number) => string
}

function block(write: Writer, path: string, { start, count, random }: Day): string {
  let fields = `<interval><duration>${count * QUARTER}</duration><start>${start}</start></interval>`
  for (let i = 0; i < count; i++) {
    const value = 30_000 + (random() % 9000) * 100
    fields += write.reading(start + i * QUARTER, value, random() % 40 === 0 ? 8 : 19)
  }
  return write.entry(path, fields, 'IntervalBlock', [])
}

const summary = (end: number, random: number): string =>
  `<billingPeriod><duration>2592000</duration><start>${end - 2_592_000}</start></billingPeriod>` +
  `<billLastPeriod>${5_000_000 + (random % 9_000_000)}</billLastPeriod><currency>840</currency>` +
  `<overallConsumptionLastPeriod><powerOfTenMultiplier>-3</powerOfTenMultiplier><uom>72</uom>` +
  `<value>${300_000_000 + random}</value></overallConsumptionLastPeriod><statusTimeStamp>${end}</statusTimeStamp>`

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ns1:'
const prefixed = (text: string): string => text.replace(/<(\/?)(?=[A-Za-z])/g, '<$1ns0:')

const pge: Writer = {
  head:
    '<ns1:feed xmlns:ns0="http://naesb.org/espi" xmlns:ns1="http://www.w3.org/2005/Atom"><ns1:id>b8d3f6f2-8f3f-4a52-9f0e-6b1f1c6f0001</ns1:id>' +
    '<ns1:title type="text">Usage</ns1:title><ns1:updated>2026-01-02T00:00:00.004Z</ns1:updated>',
  tail: '</ns1:feed>',
  entry: (path, fields, kind, related) =>
    `<ns1:entry xmlns:ns1="http://www.w3.org/2005/Atom"><ns1:id ${XSI}idType">${path.length}-${path}</ns1:id>` +
    link(path.slice(0, path.lastIndexOf('/')), 'up') +
    link(path, 'self') +
    related.map((to) => link(to, 'related')).join('') +
    `<ns1:title type="text" ${XSI}textType">Energy</ns1:title><ns1:published ${XSI}dateTimeType">2026-01-02T00:00:00.95Z</ns1:published>` +
    `<ns1:updated ${XSI}dateTimeType">2026-01-02T00:00:00.95Z</ns1:updated><ns1:content ${XSI}contentType">` +
    `<ns0:${kind} xmlns:ns0="http://naesb.org/espi">${kind === 'IntervalBlock' ? fields.replace(/<(\/?)(?=interval>|duration|start)/g, '<$1ns0:') : prefixed(fields)}</ns0:${kind}></ns1:content></ns1:entry>`,
  reading: (start, value, quality) =>
    `<ns0:IntervalReading><ns0:ReadingQuality><ns0:quality>${quality}</ns0:quality></ns0:ReadingQuality><ns0:timePeriod>` +
    `<ns0:duration>900</ns0:duration><ns0:start>${start}</ns0:start></ns0:timePeriod><ns0:value>${value}</ns0:value><ns0:tou>6</ns0:tou></ns0:IntervalReading>`,
}

const link = (path: string, rel: string): string => `<ns1:link href="${BASE}${path}" rel="${rel}" ${XSI}linkType"/>`

const sce: Writer = {
  head:
    '<?xml version="1.0" encoding = "UTF-8" ?><feed xmlns="http://www.w3.org/2005/Atom">\n  <id>urn:uuid:B8D3F6F2-8F3F-4A52-9F0E-6B1F1C6F0001</id>\n' +
    '  <title>Usage</title>\n  <updated>2026-01-02T00:00:00</updated>\n',
  tail: '</feed>\n',
  entry: (path, fields, kind, related) =>
    `  <entry><id>urn:uuid:${path}</id>\n` +
    [path, path.slice(0, path.lastIndexOf('/')), ...related]
      .map(
        (to, i) =>
          `    <link rel = "${i === 0 ? 'self' : i === 1 ? 'up' : 'related'}"  href = "${BASE}${to}" ></link>\n`,
      )
      .join('') +
    `    <title>Energy</title>\n    <content><${kind} xmlns="http://naesb.org/espi">${fields.replace(/<\/(?=[a-z])(\w+)></g, '</$1>\n      <')}` +
    `\n    </${kind}>\n    </content>\n    <updated>2026-01-02T00:00:00</updated>\n    <published>2026-01-02T00:00:00</published>\n  </entry>\n\n`,
  reading: (start, value, quality) =>
    `\n      <IntervalReading><cost>0</cost>\n        <ReadingQuality><quality>${quality}</quality>\n        </ReadingQuality>\n` +
    `        <timePeriod><duration>900</duration>\n          <start>${start}</start>\n        </timePeriod>\n        <value>${value}</value>\n      </IntervalReading>`,
}

/** Numerical Recipes' linear congruence: the same numbers from the same seed, everywhere. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
}
