import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { FeedRejected } from '../espi/errors.ts'
import { decodeFeed, decodingOf } from './decode.ts'
import { pge } from './pge/definition.ts'
import { sce } from './sce/definition.ts'

const fixtures = [pge, sce].flatMap((utility) => {
  const folder = path.join(import.meta.dirname, utility.slug, 'fixtures')
  const names = readdirSync(folder).filter((name) => name.endsWith('.xml'))
  return names.map((name) => ({ utility, bytes: new Uint8Array(readFileSync(path.join(folder, name))) }))
})

/** What a broken or hostile utility may put in place of a number or an address. */
const NUMBERS = [
  '',
  '0',
  '-1',
  '1',
  '4096',
  '-4096',
  '9007199254740991',
  '-9007199254740991',
  '99999999999999999999',
  '1e9',
  '0.5',
  '-0.00000001',
  '253402300799',
  '1778655600000',
  'NaN',
  '日',
]

function decodesOrRefuses(bytes: Uint8Array, utility: typeof pge | typeof sce): 'decoded' | 'refused' {
  try {
    const { series, bills } = decodeFeed(bytes, decodingOf(utility))
    for (const { start, duration, value, quality } of series) {
      expect(new Set([start.length, duration.length, value.length, quality.length]).size).toBe(1)
      for (let row = 0; row < start.length; row++) {
        expect(Number.isSafeInteger(value[row])).toBe(true)
        expect(start[row]).toBeGreaterThan(row === 0 ? -1 : (start[row - 1] ?? Infinity))
      }
    }
    for (const bill of bills) {
      expect(bill.end).toBeGreaterThan(bill.start)
      expect(bill.total === null || Number.isSafeInteger(bill.total)).toBe(true)
    }
    return 'decoded'
  } catch (error) {
    if (error instanceof FeedRejected) return 'refused'
    throw error
  }
}

it('any bytes at all decode or are refused', () => {
  const damage = fc.record({ at: fc.nat(), cut: fc.nat(20), insert: fc.uint8Array({ maxLength: 4 }) })
  fc.assert(
    fc.property(
      fc.constantFrom(...fixtures),
      fc.array(damage, { minLength: 1, maxLength: 4 }),
      ({ utility, bytes }, damages) => {
        const broken = damages.reduce((now, { at, cut, insert }) => {
          const from = at % now.length
          return new Uint8Array([...now.subarray(0, from), ...insert, ...now.subarray(from + cut), 0x20])
        }, bytes)
        expect(['decoded', 'refused']).toContain(decodesOrRefuses(broken, utility))
      },
    ),
    { numRuns: 300 },
  )
})

it('any number in place of any other decodes to whole, ordered, safe columns', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...fixtures),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...NUMBERS)), { minLength: 1, maxLength: 6 }),
      ({ utility, bytes }, swaps) => {
        let text = new TextDecoder().decode(bytes)
        for (const [pick, number] of swaps) {
          const places = [...text.matchAll(/>-?\d+</g)]
          const place = places[pick % Math.max(1, places.length)]
          if (place === undefined) continue
          text = `${text.slice(0, place.index + 1)}${number}${text.slice(place.index + place[0].length - 1)}`
        }
        expect(decodesOrRefuses(new TextEncoder().encode(text), utility)).toBe('decoded')
      },
    ),
    { numRuns: 600 },
  )
})

it('elements taken out one by one leave something that decodes', () => {
  for (const { utility, bytes } of fixtures) {
    const text = new TextDecoder().decode(bytes)
    for (const { 0: element, index } of text.matchAll(/<((?:\w+:)?\w+)(?: [^<>]*)?>[^<>]*<\/\1>/g))
      expect(
        decodesOrRefuses(new TextEncoder().encode(text.slice(0, index) + text.slice(index + element.length)), utility),
      ).toBe('decoded')
    for (const { 0: entry, index } of text.matchAll(/<((?:\w+:)?entry)[ >][\s\S]*?<\/\1>/g))
      expect(
        decodesOrRefuses(new TextEncoder().encode(text.slice(0, index) + text.slice(index + entry.length)), utility),
      ).toBe('decoded')
  }
})
