import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import type { Entry } from './entry.ts'
import { FeedRejected } from './errors.ts'
import { parse, parseBytes } from './parse.ts'

const number = fc.constantFrom('0', '1', '-5', '007', '123456789012345', '1234567890123456', '99999999999999999', '-0')
const odd = fc.constantFrom('', ' 7 ', '1.5', '--1', '-', '+3', '1<!-- c -->2', '1&#48;', '7\r', '<![CDATA[8]]>', 'x')
const text = fc.oneof({ weight: 12, arbitrary: number }, { weight: 1, arbitrary: odd })
const quality = fc.oneof({ weight: 9, arbitrary: number }, { weight: 1, arbitrary: fc.constant('quality1') })
const more = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('', '<tou>1</tou>', '\n  ') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('<new>1</new>', '<tou/>', '<value>3</value>', '</value>', '<z:tou>1</z:tou>', '<!---->'),
  },
)
const reading = fc
  .record({ value: text, start: text, quality, more, attribute: fc.constantFrom('', '', '', ' xmlns:z="urn:z"') })
  .map(
    (r) =>
      `<IntervalReading${r.attribute}><ReadingQuality><quality>${r.quality}</quality></ReadingQuality><timePeriod><duration>900</duration>` +
      `<start>${r.start}</start></timePeriod><value>${r.value}</value>${r.more}</IntervalReading>`,
  )
const between = fc.constantFrom(
  '',
  '',
  '',
  '',
  '\n',
  ' <!-- c -->',
  '<new/>',
  'text',
  '</IntervalBlock><IntervalBlock>',
)
const rows = fc.array(fc.tuple(reading, between, fc.integer({ min: 1, max: 5 })), { minLength: 2, maxLength: 12 })
const body = rows.map(
  (list) =>
    '<entry xmlns="http://www.w3.org/2005/Atom"><content><IntervalBlock xmlns="http://naesb.org/espi">' +
    list.map(([row, gap, times]) => `${row}${gap}`.repeat(times)).join('') +
    '</IntervalBlock></content></entry>',
)

it('readings that look alike are read the same as those read tag by tag', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (xml) => {
      const bytes = new TextEncoder().encode(xml.replaceAll('</IntervalBlock><IntervalBlock>', BLOCKS))
      expect(await outcome(async () => parseBytes(bytes).entries)).toEqual(await outcome(() => dripped(bytes)))
    }),
    { numRuns: 400 },
  )
})

const BLOCKS = '</IntervalBlock><IntervalBlock xmlns="http://naesb.org/espi">'

/** In pieces so small that no reading is ever whole in memory, and so none can be compared with the one before. */
async function dripped(bytes: Uint8Array): Promise<Entry[]> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 40) yield bytes.slice(at, at + 40)
  }
  const entries: Entry[] = []
  for await (const entry of parse(pieces())) entries.push(entry)
  return entries
}

async function outcome(run: () => Promise<Entry[]>): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof FeedRejected) return [error.code, error.offset]
    throw error
  }
}
