import { expect, it } from 'vitest'

import { parseBytes } from './parse.ts'
import { sliceFeed } from './slice-feed.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
const entry = (customer: string): string =>
  `<entry ><link href="/RetailCustomer/${customer}/x" rel='self'></link>\n<title>日本 🔌 ${customer}</title><content><e:Customer/></content></entry >`
const feed = (...entries: string[]): string =>
  `\uFEFF<?xml version="1.0"?>\r\n<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi/customer"> <!-- é --> ${entries.join('\n  ')}\t</feed>\n`

it('keeps the wanted entries and every other byte', () => {
  const body = feed(entry('A'), entry('B'), entry('A'), entry('C'))
  const sliced = sliceFeed(encode(body), ({ self }) => self?.includes('/A/') === true)
  expect(decode(sliced)).toBe(feed(entry('A'), '', entry('A'), ''))
})

it('keeping all changes nothing, keeping none leaves an empty feed', () => {
  const bytes = encode(feed(entry('A'), entry('B')))
  expect(sliceFeed(bytes, () => true)).toEqual(bytes)
  expect(parseBytes(sliceFeed(bytes, () => false)).entries).toEqual([])
})

it.each([true, false])('a UTF-16 body comes back as UTF-16 (byte order mark: %s)', (mark) => {
  const text = feed(entry('A'), entry('B'))
  const write = (body: string): Uint8Array => new Uint8Array(Buffer.from(mark ? body : body.slice(1), 'utf16le'))
  const sliced = sliceFeed(write(text), ({ self }) => self?.includes('/B/') === true)
  expect(Buffer.from(sliced).equals(write(feed('', entry('B'))))).toBe(true)
})

it('several feeds in one body are sliced each', () => {
  const body = feed(entry('A'), entry('B')) + feed(entry('B'))
  expect(decode(sliceFeed(encode(body), ({ self }) => self?.includes('/A/') === true))).toBe(
    feed(entry('A'), '') + feed(''),
  )
})
