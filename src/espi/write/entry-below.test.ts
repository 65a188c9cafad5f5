import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { blocks, collect, resources } from '../../../test/samples/write-arbitraries.ts'
import { epochSeconds } from '../../units/epoch-seconds.ts'
import type { Content } from '../entry.ts'
import { parseBytes } from '../parse.ts'
import { resolveLinks } from '../resolve-links.ts'
import { entryBelow } from './entry-below.ts'
import { type FeedSide, writeFeed, type WrittenEntry } from './write-feed.ts'

const base = 'https://a.example/espi/1_1/resource'
const at = epochSeconds(1_700_000_000)
const about = { title: 'Entry', published: at, updated: at }
const head = { id: null, title: 'Feed', updated: at, self: `${base}/Batch/Subscription/1` }

function some(side: FeedSide, kind: string): Content {
  const [content] = fc.sample(resources(side, kind, 'common'), 1)
  if (content === undefined) throw new Error('no content')
  return content
}

function usageTree(): WrittenEntry[] {
  const zone = entryBelow({ parent: base, id: '1' }, some('usage', 'LocalTimeParameters'), about)
  const type = entryBelow({ parent: base, id: 'wh 15' }, some('usage', 'ReadingType'), about)
  const points = ['1', '2'].flatMap((id) => {
    const point = entryBelow(
      { parent: `${base}/Subscription/7`, id, holds: ['MeterReading', 'UsageSummary'], sees: [zone.self] },
      some('usage', 'UsagePoint'),
      about,
    )
    const reading = entryBelow(
      { parent: point.self, id: 'a/b', holds: ['IntervalBlock'], sees: [type.self] },
      some('usage', 'MeterReading'),
      about,
    )
    const days = [1, 2].map((day) => {
      const [content] = fc.sample(blocks(), 1)
      return entryBelow({ parent: reading.self, id: String(day) }, content ?? some('usage', 'MeterReading'), about)
    })
    return [...days, reading, entryBelow({ parent: point.self, id: '9' }, some('usage', 'UsageSummary'), about), point]
  })
  return [...points, type, zone]
}

it('every link of a tree is resolved by the rule of the standard, in any order of entries', async () => {
  const bytes = Buffer.concat(await collect(writeFeed({ ...head, side: 'usage' }, usageTree())))
  const { usagePoints, rules, ambiguous } = resolveLinks(parseBytes(bytes).entries)
  expect([...rules]).toEqual([['standard', 10]])
  expect(ambiguous).toBe(0)
  expect(
    usagePoints.map(({ key, readings, summaries }) => [
      key,
      readings.length,
      readings[0]?.blocks.length,
      summaries.length,
    ]),
  ).toEqual([
    ['1', 1, 2, 1],
    ['2', 1, 2, 1],
  ])
})

it('self links and ids are unique, and up is the collection of the kind', async () => {
  const bytes = Buffer.concat(await collect(writeFeed({ ...head, side: 'usage' }, usageTree())))
  const { entries } = parseBytes(bytes)
  expect(new Set(entries.map(({ self }) => self)).size).toBe(entries.length)
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
  for (const { self, up, content } of entries) {
    expect(self?.slice(0, self.lastIndexOf('/'))).toBe(up)
    expect(up?.slice(up.lastIndexOf('/') + 1)).toBe(content?.kind)
  }
})

it('a customer tree hangs together in the same way', () => {
  const parent = `${base}/RetailCustomer/3`
  const customer = entryBelow({ parent, id: '1', holds: ['CustomerAccount'] }, some('customer', 'Customer'), about)
  const account = entryBelow({ parent: customer.self, id: '2' }, some('customer', 'CustomerAccount'), about)
  expect(customer.related).toEqual([account.up])
  expect(account.self).toBe(`${parent}/Customer/1/CustomerAccount/2`)
})
