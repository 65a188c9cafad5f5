import type { EpochSeconds } from '../../units/epoch-seconds.ts'
import type { Content, Entry, FeedHead } from '../entry.ts'
import { type ByteWriter, createByteWriter, escapeText, takeBytes, writeMarkup } from './byte-writer.ts'
import { linkType } from './link-type.ts'
import { writeReadings } from './write-readings.ts'
import { CUSTOMER, USAGE, type Written } from './written.ts'

/** An entry to write; as parse gives it, without what only a document has. */
export type WrittenEntry = Pick<Entry, 'id' | 'title' | 'published' | 'updated' | 'self' | 'up' | 'related'> & {
  content: Content
}

/** Usage and personal data never share a feed. */
export type FeedSide = 'usage' | 'customer'

const CHUNK = 65_536

/**
 * Writes one Atom feed, in pieces of about 64 kB as they are ready; memory does not grow with the feed.
 *
 * Valid under 4.0, 3.3, the harness of 2019, 2014 (usage) and PG&E's schema: every entry has `self` and `up` one after
 * another, every link has a type, and only elements that all of them have are written (written.ts).
 * Throws RangeError for an entry that such a feed cannot hold: the other side's resource, or no self or up link.
 * Source: RFC 4287; espi.xsd and customer.xsd 4.0.20231213.
 */
export async function* writeFeed(
  side: FeedSide,
  head: FeedHead,
  entries: AsyncIterable<WrittenEntry> | Iterable<WrittenEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = createByteWriter()
  writeMarkup(writer, '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">')
  writeElement(writer, 'id', head.id)
  writeElement(writer, 'title', head.title)
  writeElement(writer, 'updated', instant(head.updated))
  if (head.self !== null) writeLink(writer, side, 'self', head.self)
  for await (const entry of entries) {
    writeEntry(writer, side, entry)
    if (writer.length >= CHUNK) yield takeBytes(writer)
  }
  writeMarkup(writer, '</feed>\n')
  yield takeBytes(writer)
}

function writeEntry(writer: ByteWriter, side: FeedSide, entry: WrittenEntry): void {
  if (entry.self === null || entry.up === null) throw new RangeError('an entry has a self and an up link')
  writeMarkup(writer, '\n<entry>')
  writeElement(writer, 'id', entry.id)
  writeLink(writer, side, 'self', entry.self)
  writeLink(writer, side, 'up', entry.up)
  for (const href of entry.related) writeLink(writer, side, 'related', href)
  writeElement(writer, 'title', entry.title)
  writeMarkup(writer, '<content>')
  writeContent(writer, side, entry.content)
  writeMarkup(writer, '</content>')
  writeElement(writer, 'published', instant(entry.published))
  writeElement(writer, 'updated', instant(entry.updated))
  writeMarkup(writer, '</entry>')
}

function writeContent(writer: ByteWriter, side: FeedSide, content: Content): void {
  if (content.kind === 'IntervalBlock' && side === 'usage') {
    writeReadings(writer, content.value)
    return
  }
  const written = (side === 'usage' ? USAGE : CUSTOMER)[content.kind]
  if (written === undefined || written === null) throw new RangeError(`a ${side} feed holds no ${content.kind}`)
  const namespace = side === 'usage' ? 'http://naesb.org/espi' : 'http://naesb.org/espi/customer'
  writeMarkup(writer, `<${content.kind} xmlns="${namespace}">`)
  writeChildren(writer, written, content.value)
  writeMarkup(writer, `</${content.kind}>`)
}

function writeChildren(writer: ByteWriter, fields: NonNullable<Written>, object: object): void {
  const values: Record<string, unknown> = { ...object }
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name]
    for (const one of Array.isArray(value) ? value : [value]) writeField(writer, name, field, one)
  }
}

function writeField(writer: ByteWriter, name: string, field: Written, value: unknown): void {
  if (typeof value === 'string') writeElement(writer, name, value)
  else if (typeof value === 'number') writeElement(writer, name, String(value))
  else if (typeof value === 'object' && value !== null && field !== null) {
    writeMarkup(writer, `<${name}>`)
    writeChildren(writer, field, value)
    writeMarkup(writer, `</${name}>`)
  }
}

function writeElement(writer: ByteWriter, name: string, text: string | null): void {
  if (text !== null) writeMarkup(writer, `<${name}>${escapeText(text)}</${name}>`)
}

function writeLink(writer: ByteWriter, side: FeedSide, rel: string, href: string): void {
  writeMarkup(writer, `<link rel="${rel}" href="${escapeText(href)}" type="${linkType(side, href)}"/>`)
}

/** RFC 3339 in UTC, as Atom has it. */
function instant(at: EpochSeconds | null): string | null {
  return at === null ? null : `${new Date(at * 1000).toISOString().slice(0, 19)}Z`
}
