import type { Mode } from './contract.ts'

const reading = /<([\w]+:)?IntervalReading>[\s\S]*?<\/\1?IntervalReading>/g
const entry = /<([\w]+:)?entry[\s>][\s\S]*?<\/\1?entry>\s*/g
const day = 86_400

const startOf = (text: string): number => Number(/<[\w:]*start>(-?\d+)</.exec(text)?.[1] ?? 0)

/** The readings of a day, counted in `at` of all that the document spans, are not there. */
const without = (body: string, at: number): string => {
  const starts = [...body.matchAll(reading)].map(([text]) => startOf(text))
  const first = starts.reduce((least, start) => Math.min(least, start), Infinity)
  const last = starts.reduce((most, start) => Math.max(most, start), 0)
  const days = Math.floor((last - first) / day)
  const from = first + Math.floor(days * at) * day
  return body.replaceAll(reading, (text) => (startOf(text) >= from && startOf(text) < from + day ? '' : text))
}

const values = (body: string, change: (value: string) => string): string =>
  body.replaceAll(reading, (text) =>
    text.replace(
      /(<[\w:]*value>)([^<]*)(<)/,
      (_, open: string, value: string, close: string) => open + change(value) + close,
    ),
  )

const foreign = (text: string): string => text.replaceAll(/\/(Subscription|RetailCustomer)\/[^/"?]+/g, '/$1/9999999')

const mode = (name: string, about: string, spoil: (body: string) => string): Mode => ({
  name,
  group: 'data',
  on: ['resource'],
  about,
  after: (answer) => ({ ...answer, body: spoil(answer.body) }),
})

/** Feeds that are well-formed and wrong in what they say. */
export const dataModes: readonly Mode[] = [
  mode('missing-day', 'the readings of a day in the middle are not there', (body) => without(body, 0.5)),
  mode('late-day', 'the readings of the last day are not there yet', (body) => without(body, 1)),
  mode('doubled-readings', 'every reading twice', (body) => body.replaceAll(reading, (text) => text + text)),
  mode('contradicting-readings', 'every reading twice, with two values', (body) =>
    body.replaceAll(reading, (text) => text + values(text, (value) => `${value}1`)),
  ),
  mode('readings-backward', 'the readings in reverse order', (body) => {
    const backward = [...body.matchAll(reading)].map(([text]) => text).reverse()
    return body.replaceAll(reading, () => backward.shift() ?? '')
  }),
  mode('negative-values', 'values below zero', (body) => values(body, (value) => `-${value.replace('-', '')}`)),
  mode('huge-values', 'values of 30 digits', (body) => values(body, () => '9'.repeat(30))),
  mode('text-values', 'values that are no numbers', (body) => values(body, () => 'n/a')),
  mode('future-readings', 'readings ten years ahead', (body) =>
    body.replaceAll(reading, (text) =>
      text.replace(/(<[\w:]*start>)(\d+)/, (_, open: string, start: string) => `${open}${Number(start) + 3652 * day}`),
    ),
  ),
  mode('overlapping-readings', 'readings twice as long as their interval', (body) =>
    body.replaceAll(reading, (text) =>
      text.replace(/(<[\w:]*duration>)(\d+)/, (_, open: string, length: string) => `${open}${Number(length) * 2}`),
    ),
  ),
  mode('unknown-quality', 'a quality code that the standard does not have', (body) =>
    body.replaceAll(/(<[\w:]*(?:quality|defaultQuality)>)\d+/g, '$199'),
  ),
  mode('unknown-unit', 'a unit code that the standard does not have', (body) =>
    body.replaceAll(/(<[\w:]*uom>)\d+/g, '$1999'),
  ),
  mode('no-reading-type', 'no ReadingType in the feed', (body) =>
    body.replaceAll(entry, (text) => (/<[\w:]*ReadingType[ >]/.test(text) ? '' : text)),
  ),
  mode('re-encoded-ids', 'the ids of meter readings are others than before', (body) =>
    body.replaceAll(/\/MeterReading\/([^/"?]+)/g, '/MeterReading/eA$1'),
  ),
  mode('other-subscription', 'all links name another subscription', foreign),
  mode('foreign-entry', 'the entries of a second customer come as well', (body) =>
    body.replaceAll(entry, (text) =>
      /<[\w:]*(?:UsagePoint|MeterReading|IntervalBlock)[ >/]/.test(text) ? text + foreign(text) : text,
    ),
  ),
]
