import { array, assert, boolean, constantFrom, property } from 'fast-check'
import { expect, it } from 'vitest'

import type { Entry } from './entry.ts'
import { parseBytes } from './parse.ts'
import { sliceFeed } from './slice-feed.ts'
import { splitFeed } from './split-feed.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder('utf-8').decode(bytes)
const entry = (owner: string): string =>
  `<entry ><link href="/RetailCustomer/${owner}/x" rel='self'></link><title>日本 🔌 ${owner}</title><content><e:Customer/></content></entry >`
const feed = (entries: readonly string[]): string =>
  `<?xml version="1.0"?>\r\n<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi/customer"> <!-- é -->${entries.join('\n  ')}\t</feed>\n`
const ownerOf = ({ self }: Entry): string => /RetailCustomer\/(\w+)/.exec(self ?? '')?.[1] ?? ''
const split = (bytes: Uint8Array): Map<string, Uint8Array> =>
  splitFeed(bytes, (entries) => entries.map((one) => (ownerOf(one) === 'all' ? 'all' : [ownerOf(one)])))

it('gives each customer its own entries and those of all, between head and tail', () => {
  const parts = split(encode(feed([entry('A'), entry('all'), entry('B'), entry('A')])))
  expect([...parts.keys()].toSorted()).toEqual(['A', 'B'])
  expect(decode(parts.get('A'))).toBe(feed([entry('A'), entry('all'), entry('A')]).replaceAll('\n  ', ''))
  expect(decode(parts.get('B'))).toBe(feed([entry('all'), entry('B')]).replaceAll('\n  ', ''))
})

it('a body without a customer has no part', () => {
  expect(split(encode(feed([entry('all')]))).size).toBe(0)
  expect(split(encode(feed([]))).size).toBe(0)
})

it('gives each what slicing the body for it alone gives, whatever the order, in UTF-16 and in several feeds too', () => {
  const owners = array(constantFrom('A', 'B', 'C', 'all'), { maxLength: 12 })
  assert(
    property(array(owners, { minLength: 1, maxLength: 3 }), boolean(), (feeds, wide) => {
      const text = feeds.map((names) => feed(names.map(entry))).join('')
      const bytes = wide ? new Uint8Array(Buffer.from(`\uFEFF${text}`, 'utf16le')) : encode(text)
      const wanted = (key: string) => (one: Entry) => ownerOf(one) === key || ownerOf(one) === 'all'
      const titles = (part: Uint8Array): string[] => parseBytes(part).entries.map(({ title }) => title ?? '')
      const parts = split(bytes)
      expect([...parts.keys()].toSorted()).toEqual([...new Set(feeds.flat())].filter((n) => n !== 'all').toSorted())
      for (const [key, part] of parts) expect(titles(part)).toEqual(titles(sliceFeed(bytes, wanted(key))))
    }),
  )
})
