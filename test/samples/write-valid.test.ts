import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Edition } from '../../src/espi/write/fields.ts'
import {
  type FeedSide,
  writeBare,
  writeFeed,
  type WrittenEntry,
  type WrittenHead,
} from '../../src/espi/write/write-feed.ts'
import { blocks, collect, entries, feeds, heads, resources, TABLES } from './write-arbitraries.ts'
import { ALL, CUSTOMER_SETS, faults, type SchemaSet, schemasPresent } from './write-schemas.ts'

type Written = { head: WrittenHead; entries: WrittenEntry[] }

/** What is wrong with any such feed under the sets; the first that is found, by the smallest feed that shows it. */
async function faultsOf(
  sets: readonly SchemaSet[],
  side: FeedSide,
  edition: Edition,
  feed: fc.Arbitrary<Written>,
): Promise<unknown> {
  const property = fc.asyncProperty(feed, async ({ head, entries: list }) => {
    const bytes = Buffer.concat(await collect(writeFeed({ ...head, side, edition }, list)))
    return sets.every((set) => faults(set, bytes).length === 0)
  })
  const { counterexample } = await fc.check(property, { numRuns: edition === 'common' ? 40 : 20 })
  if (counterexample === null) return null
  const [{ head, entries: list }] = counterexample
  const bytes = Buffer.concat(await collect(writeFeed({ ...head, side, edition }, list)))
  return { list, faults: sets.map((set) => [set, faults(set, bytes)]) }
}

const feedOf = (side: FeedSide, kind: string, edition: Edition): fc.Arbitrary<Written> =>
  fc.record({
    head: heads(),
    entries: fc.array(entries(kind === 'IntervalBlock' ? blocks() : resources(side, kind, edition)), {
      minLength: 1,
      maxLength: 4,
    }),
  })

/** Came with 4.0. */
const NEW = new Set(['Statement'])
const USAGE = [...Object.keys(TABLES.usage), 'IntervalBlock']
const CUSTOMER = Object.keys(TABLES.customer)

if (schemasPresent) {
  describe('what is written of any value is valid, the same bytes under every schema set', () => {
    it.each(USAGE)('usage: %s', async (kind) => {
      expect(await faultsOf(ALL, 'usage', 'common', feedOf('usage', kind, 'common'))).toBeNull()
    })
    it.each(CUSTOMER)('customer: %s', async (kind) => {
      expect(
        await faultsOf(
          NEW.has(kind) ? ['4.0'] : CUSTOMER_SETS,
          'customer',
          'common',
          feedOf('customer', kind, 'common'),
        ),
      ).toBeNull()
    })
    it('usage feeds of everything', async () => {
      expect(await faultsOf(ALL, 'usage', 'common', feeds('usage', 'common'))).toBeNull()
    })
    it('a notification and the status of the service', () => {
      const address = 'https://a.example/espi/1_1/resource/Batch/Subscription/1'
      const bare = [
        writeBare({ kind: 'BatchList', value: { resources: [address, address] } }),
        writeBare({ kind: 'ServiceStatus', value: { currentStatus: 1 } }),
      ]
      for (const bytes of bare) for (const set of ALL) expect(faults(set, bytes)).toEqual([])
    })
  })

  describe('the recent edition, which says all, is valid under 4.0 and 3.3', () => {
    it.each(USAGE)('usage: %s', async (kind) => {
      expect(await faultsOf(['4.0', '3.3'], 'usage', 'recent', feedOf('usage', kind, 'recent'))).toBeNull()
    })
    it.each(CUSTOMER)('customer: %s', async (kind) => {
      expect(
        await faultsOf(
          NEW.has(kind) ? ['4.0'] : ['4.0', '3.3'],
          'customer',
          'recent',
          feedOf('customer', kind, 'recent'),
        ),
      ).toBeNull()
    })
  })

  it('the schemas do refuse: an empty entry, a missing element', () => {
    const text = '<feed xmlns="http://www.w3.org/2005/Atom"><id>a</id><title>b</title><updated>now</updated></feed>'
    const wrong = '<ServiceStatus xmlns="http://naesb.org/espi"/>'
    for (const set of ALL) for (const body of [text, wrong]) expect(faults(set, Buffer.from(body))).not.toEqual([])
  })
} else {
  it('the schemas are not here, so that this extra set DID NOT RUN', () => {
    console.warn('*** test/samples: no XSD found; the validation of what is written DID NOT RUN ***')
    expect(schemasPresent).toBe(false)
  })
}
