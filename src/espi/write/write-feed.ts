import type { EpochSeconds } from '../../units/epoch-seconds.ts'
import type { Content } from '../entry.ts'
import { type ByteWriter, CHUNK, createByteWriter, takeBytes, writeMarkup } from './byte-writer.ts'
import { isUri, URI_TAKES } from './check-leaf.ts'
import { cleanText, escapeText } from './clean-text.ts'
import { CUSTOMER } from './customer-fields.ts'
import type { Edition, Fields } from './fields.ts'
import { linkType } from './link-type.ts'
import { resourceId } from './resource-id.ts'
import { USAGE } from './usage-fields.ts'
import { writeFields } from './write-fields.ts'
import { writeReadings } from './write-readings.ts'

/** Usage and personal data never share a feed. */
export type FeedSide = 'usage' | 'customer'

/** What stands at the head of a feed. id: an address; null derives it from `self`. */
export type WrittenHead = { id: string | null; title: string; updated: EpochSeconds; self: string }

/** An entry to write, as parse gives it; here nothing that a reader may count on is missing. id: as in the head. */
export type WrittenEntry = WrittenHead & {
  published: EpochSeconds
  up: string
  related: readonly string[]
  content: Content
}

/**
 * Writes one Atom feed, in pieces of about 64 kB as they are ready; memory does not grow with the feed.
 *
 * Valid, in the edition `common`, under 4.0, 3.3, the harness of 2019, 2014 (usage) and the schema of 2018; docs/espi.md says
 * what is left out for that. `parse` gives every value back as it was, but for blanks around texts and what XML cannot hold.
 * Throws RangeError with the name of the field that such a feed cannot hold; what came out until then is no feed.
 * Source: RFC 4287; espi.xsd and customer.xsd 4.0.20231213.
 */
export async function* writeFeed(
  { side, edition = 'common', ...head }: WrittenHead & { side: FeedSide; edition?: Edition },
  entries: AsyncIterable<WrittenEntry> | Iterable<WrittenEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = createByteWriter()
  writeMarkup(writer, '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">')
  writeMarkup(writer, beginning(head))
  writeMarkup(writer, link(side, 'self', head.self))
  for await (const entry of entries) {
    yield* writeEntry(writer, side, edition, entry)
    if (writer.length >= CHUNK) yield takeBytes(writer)
  }
  writeMarkup(writer, '\n</feed>\n')
  yield takeBytes(writer)
}

/** Links stand one after another: the schemas want runs of two or more. */
function* writeEntry(writer: ByteWriter, side: FeedSide, edition: Edition, entry: WrittenEntry): Generator<Uint8Array> {
  const { self, up, related, content } = entry
  const links = [link(side, 'self', self), link(side, 'up', up)]
  for (const href of new Set(related)) links.push(link(side, 'related', href))
  if (links.length > MAX_LINKS) throw new RangeError(`related has more than ${MAX_LINKS - 2} addresses`)
  writeMarkup(
    writer,
    `\n<entry>${beginning(entry)}${links.join('')}<published>${instant('published', entry.published)}</published><content>`,
  )
  if (content.kind === 'IntervalBlock' && side === 'usage') yield* writeReadings(writer, content.value)
  else writeResource(writer, side, edition, content)
  writeMarkup(writer, '</content></entry>')
}

/** As many as are read back. */
const MAX_LINKS = 1002

function writeResource(writer: ByteWriter, side: FeedSide, edition: Edition, { kind, value }: Content): void {
  const tables: Partial<Record<Content['kind'], Fields>> = side === 'usage' ? USAGE : CUSTOMER
  const fields = tables[kind]
  if (fields === undefined) throw new RangeError(`a ${side} feed holds no ${kind}`)
  writeMarkup(writer, `<${kind} xmlns="${NAMESPACES[side]}">`)
  writeFields({ writer, edition, path: kind }, fields, value)
  writeMarkup(writer, `</${kind}>`)
}

const NAMESPACES = { usage: 'http://naesb.org/espi', customer: 'http://naesb.org/espi/customer' }

/**
 * A resource at the root of a document, as notifications and the status of the service are sent.
 * Throws RangeError with the name of the field that it cannot hold.
 */
export function writeBare(content: Extract<Content, { kind: 'BatchList' | 'ServiceStatus' }>): Uint8Array {
  const writer = createByteWriter()
  writeMarkup(writer, '<?xml version="1.0" encoding="UTF-8"?>\n')
  writeResource(writer, 'usage', 'common', content)
  return takeBytes(writer)
}

function beginning({ id, title, updated, self }: WrittenHead): string {
  const text = cleanText(title)
  if (text === '' || text.length > MAX_TITLE) throw new RangeError(`title takes 1 to ${MAX_TITLE} characters`)
  return (
    `<id>${id === null ? resourceId(self) : address('id', id)}</id><title>${escapeText(text)}</title>` +
    `<updated>${instant('updated', updated)}</updated>`
  )
}

const MAX_TITLE = 1000

function link(side: FeedSide, rel: 'self' | 'up' | 'related', href: string): string {
  return `<link rel="${rel}" href="${address(rel, href)}" type="${linkType(side, href)}"/>`
}

function address(field: string, href: string): string {
  if (href === '' || !isUri(href)) throw new RangeError(`${field} takes ${URI_TAKES}`)
  return escapeText(href)
}

/** RFC 3339 in UTC, as Atom has it. */
function instant(field: string, at: EpochSeconds): string {
  if (!(at >= 0 && at <= LAST)) throw new RangeError(`${field} takes a moment from 1970 to 9999`)
  return `${new Date(at * 1000).toISOString().slice(0, 19)}Z`
}

const LAST = 253_402_300_799
