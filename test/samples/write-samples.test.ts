import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { type Content, type Entry, isContent } from '../../src/espi/entry.ts'
import { FeedRejected } from '../../src/espi/errors.ts'
import { parse, parseBytes } from '../../src/espi/parse.ts'
import type { Edition, Fields } from '../../src/espi/write/fields.ts'
import { cleanText } from '../../src/espi/write/clean-text.ts'
import { type FeedSide, writeFeed, type WrittenEntry } from '../../src/espi/write/write-feed.ts'
import { epochSeconds } from '../../src/units/epoch-seconds.ts'
import { collect, TABLES } from './write-arbitraries.ts'
import { ALL, CUSTOMER_SETS, faults, schemasPresent } from './write-schemas.ts'

/** Files of real utilities that may not be shipped; they lie beside the checkout where they may be had. */
const FOLDERS = ['../../../shared/samples', '../../../shared/espi/samples']
  .map((folder) => path.resolve(import.meta.dirname, folder))
  .filter((folder) => existsSync(folder))
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.xml'))
    .map((name) => path.join(folder, name)),
)

const then = epochSeconds(1_700_000_000)

/** The entry as one that may be written: what a file left out, or wrote as no address, gets a stand-in. */
function writable(
  { id, title, published, updated, self, up, related }: Entry,
  content: Content,
  at: number,
): WrittenEntry {
  const stand = `https://a.example/${content.kind}`
  return {
    id: addressOr(id, `urn:x:${at}`),
    title: cleanText(title ?? '') || 'Untitled',
    published: published ?? then,
    updated: updated ?? then,
    self: addressOr(self, `${stand}/${at}`),
    up: addressOr(up, stand),
    related: related.filter((href) => addressOr(href, '') !== ''),
    content,
  }
}

const addressOr = (href: string | null, other: string): string =>
  href !== null && /^[\w.~!$&'()*+,;=:@/?-]+$/.test(href) && /^(?:[a-z]+:[^:]|\/|[\w.-]+(?:\/|$))/.test(href)
    ? href
    : other

/** What of a value an edition writes. */
function written(value: object, fields: Fields, edition: Edition): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, given]: [string, unknown]) => {
      const field = fields[name]
      if (field === undefined || (field.recent && edition === 'common')) return [name, Array.isArray(given) ? [] : null]
      const below = field.fields
      const one = (child: unknown): unknown =>
        below !== undefined && typeof child === 'object' && child !== null ? written(child, below, edition) : child
      return [name, Array.isArray(given) ? given.map(one) : one(given)]
    }),
  )
}

function expected(entry: WrittenEntry, side: FeedSide, edition: Edition): WrittenEntry {
  const fields = TABLES[side][entry.content.kind]
  if (fields === undefined) return entry
  const content = { kind: entry.content.kind, value: written(entry.content.value, fields, edition) }
  if (!isContent(content)) throw new Error('no content')
  return { ...entry, content }
}

function parsed(file: string): Entry[] {
  try {
    return parseBytes(readFileSync(file)).entries
  } catch (error) {
    if (error instanceof FeedRejected) return []
    throw error
  }
}

type Outcome = { writable: WrittenEntry[]; refused: string[] }

async function write(side: FeedSide, edition: Edition, entries: WrittenEntry[]): Promise<Uint8Array> {
  const head = { id: null, title: 'Sample', updated: then, self: 'https://a.example/Batch/Subscription/1' }
  return Buffer.concat(await collect(writeFeed({ ...head, side, edition }, entries)))
}

/** Entries whose values no schema allows are refused one by one; the rest makes a feed. */
async function sort(side: FeedSide, edition: Edition, entries: WrittenEntry[]): Promise<Outcome> {
  const outcome: Outcome = { writable: [], refused: [] }
  for (const entry of entries) {
    try {
      await write(side, edition, [entry])
      outcome.writable.push(entry)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      outcome.refused.push(error.message)
    }
  }
  return outcome
}

/** In all files, with how often. */
const REFUSED = {
  'ApplicationInformation.authorizationServerAuthorizationEndpoint is missing; the schemas want 1 or more': 2,
  'ApplicationInformation.dataCustodianBulkRequestURI takes an address by RFC 3986 of at most 2048 characters': 1,
  'ApplicationInformation.dataCustodianId is missing; the schemas want 1 or more': 2,
  'ApplicationInformation.response_types takes one of: code': 3,
  'ApplicationInformation.thirdPartyNotifyUri is missing; the schemas want 1 or more': 2,
  'Authorization.authorizedPeriod.duration takes a whole number from 0 to 4294967295': 1,
  'Authorization.expires_at is missing; the schemas want 1 or more': 8,
  'Authorization.token_type takes one of: Bearer': 2,
  'ElectricPowerUsageSummary.billLastPeriod takes a whole number from -140737488355328 to 140737488355328': 2,
  'IntervalBlock.interval: unit and currency stand in the ReadingType': 2,
  'MeterReading.ReadingType: a ReadingType stands in an entry of its own': 2,
  'UsagePoint.ServiceCategory.kind is missing; the schemas want 1 or more': 1,
  'UsageSummary.statusTimeStamp is missing; the schemas want 1 or more': 1,
}
const counts = { files: 0, entries: 0, refused: new Map<string, number>() }

if (files.length === 0 || !schemasPresent) {
  it('the collection of real files is not here, so that this extra set DID NOT RUN', () => {
    console.warn('*** test/samples: no real files or XSD found; writing them anew DID NOT RUN ***')
    expect(files.length === 0 || !schemasPresent).toBe(true)
  })
} else {
  describe('every entry of a real file, written anew, is valid and reads as before', () => {
    it.each(files.map((file) => [path.basename(file), file]))('%s', async (_name, file) => {
      const all = parsed(file).flatMap((entry, at) => (entry.content ? [writable(entry, entry.content, at)] : []))
      for (const edition of ['common', 'recent'] as const)
        for (const side of ['usage', 'customer'] as const) {
          const mine = all.filter(({ content: { kind } }) => sideOf(kind) === side)
          const { writable: good, refused } = await sort(side, edition, mine)
          if (edition === 'common') note(good.length, refused)
          if (good.length === 0) continue
          const bytes = await write(side, edition, good)
          const read = await collect(parse(bytes))
          expect(read.map(part)).toEqual(good.map((entry) => expected(entry, side, edition)))
          const sets = edition === 'recent' ? (['4.0', '3.3'] as const) : side === 'usage' ? ALL : CUSTOMER_SETS
          const known = good.some(({ content }) => content.kind === 'Statement') ? (['4.0'] as const) : sets
          expect(known.flatMap((set) => faults(set, bytes))).toEqual([])
        }
    })

    it('what was refused breaks every schema, and is named', () => {
      expect(Object.fromEntries(counts.refused)).toEqual(REFUSED)
      expect(counts.files).toBeGreaterThan(150)
      expect(counts.entries).toBeGreaterThan(2000)
    })
  })
}

function note(good: number, refused: string[]): void {
  if (good > 0) counts.files++
  counts.entries += good
  for (const message of refused) counts.refused.set(message, (counts.refused.get(message) ?? 0) + 1)
}

function sideOf(kind: string): FeedSide {
  return kind === 'IntervalBlock' || Object.hasOwn(TABLES.usage, kind) ? 'usage' : 'customer'
}

function part({ id, title, published, updated, self, up, related, content, problem }: Entry): unknown {
  expect(problem).toBeNull()
  return { id, title, published, updated, self, up, related, content }
}
