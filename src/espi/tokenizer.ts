import { matches } from './names.ts'
import { readAttributes } from './tokenizer-attributes.ts'
import { readBang } from './tokenizer-comments.ts'
import { readDeclaration } from './tokenizer-declaration.ts'
import { internName, scanName } from './tokenizer-scan.ts'
import { capped, CAPS, incomplete, nextDocument, PLAIN, refuse, type Tokenizer } from './tokenizer-state.ts'
import { readText } from './tokenizer-text.ts'
import { isBlank, NAME, TEXT } from './xml-characters.ts'

/**
 * Takes `t.buffer` from its start and returns how many bytes were used; what is left is the beginning of a token that
 * needs more bytes. final: nothing follows, so anything left over or open is an error.
 */
export function tokenize(t: Tokenizer, final: boolean): number {
  const { buffer } = t
  const end = buffer.length
  t.view = new DataView(buffer.buffer, buffer.byteOffset, end)
  let at = 0
  while (at < end) {
    const next = buffer[at] === 0x3c ? readMarkup(t, at, end, final) : readText(t, at, end, final)
    if (next < 0) {
      t.handler.pause()
      return at
    }
    at = next
  }
  if (final) finish(t, at)
  t.handler.pause()
  return at
}

function finish(t: Tokenizer, at: number): void {
  if (t.depth > 0) refuse(t, at, 'truncated', 'The document ends before its root element does. Fetch it again.')
  if (!t.rooted && t.documents === 0)
    refuse(t, at, 'not_xml', 'The body holds no XML element. Ask the utility for a feed.')
}

function readMarkup(t: Tokenizer, at: number, end: number, final: boolean): number {
  const second = t.buffer[at + 1]
  const limit = Math.min(end, at + CAPS.textBytes + 1)
  if (second === 0x2f) return readClose(t, at, limit, final)
  if (second === 0x21) return readBang(t, at, limit, final)
  if (second === 0x3f) return readDeclaration(t, at, limit, final)
  if (second === undefined) return incomplete(t, at, final)
  return readOpen(t, at, limit, final)
}

/** Reads `<name …>` or `<name …/>`. */
function readOpen(t: Tokenizer, at: number, end: number, final: boolean): number {
  if (t.depth === 0 && t.rooted) nextDocument(t, at)
  const { names } = t
  let name = names.following[t.lastName] ?? -1
  let nameEnd = name < 0 ? -1 : matchName(t, at + 1, end, name)
  if (nameEnd < 0) {
    nameEnd = scanName(t, at + 1, end)
    if (nameEnd >= end) return capped(t, at, nameEnd - at, final)
    name = internName(t, at + 1, nameEnd)
    names.following[t.lastName] = name
  }
  const { attributes, undo } = t
  attributes.count = 0
  const mark = undo.length
  let next = nameEnd
  let byte = t.buffer[next]
  if (byte !== 0x3e && byte !== 0x2f) {
    next = readAttributes(t, nameEnd, end)
    if (next < 0) {
      restore(t, mark)
      return capped(t, at, end - at, final)
    }
    byte = t.buffer[next]
  }
  if (byte === 0x3e && undo.length === mark && startsLeaf(t.buffer[next + 1])) {
    const leafEnd = readLeaf(t, name, at, next + 1, end)
    if (leafEnd > 0) return leafEnd
  }
  const empty = byte === 0x2f
  if (empty) {
    if (next + 1 >= end) {
      restore(t, mark)
      return capped(t, at, end - at, final)
    }
    if (t.buffer[next + 1] !== 0x3e)
      refuse(t, next, 'not_well_formed', 'A "/" stands in a tag without ">" after it. Ask the utility for valid XML.')
  }
  push(t, name, mark, at)
  next += empty ? 2 : 1
  if (empty) pop(t, next)
  return next
}

/** End of the name at `at` when it is exactly this one, or -1. */
function matchName(t: Tokenizer, at: number, end: number, name: number): number {
  const next = at + (t.names.bytes[name]?.length ?? 0)
  return next < end && matches(t.names, name, t.view, at) && NAME[t.buffer[next] ?? 0] === 0 ? next : -1
}

/**
 * Reads `plain text</name>` after a start tag in one go, as most elements of a feed are just that; what it reports is the same.
 * -1: it is something else, or not whole yet, and goes the long way.
 */
function readLeaf(t: Tokenizer, name: number, at: number, from: number, end: number): number {
  const { buffer, names } = t
  let next = from
  while (next < end && TEXT[buffer[next] ?? 0] === 0) next++
  const close = next + 2 + (names.bytes[name]?.length ?? 0)
  if (close >= end || buffer[next] !== 0x3c || buffer[next + 1] !== 0x2f || buffer[close] !== 0x3e) return -1
  if (t.depth >= CAPS.depth || !matches(names, name, t.view, next + 2)) return -1
  const namespace = t.bindings[names.prefix[name] ?? 0] ?? -1
  const local = names.local[name] ?? 0
  if (namespace < 0) return -1
  t.lastName = name
  t.rooted = true
  t.textRun = 0
  t.handler.open(namespace, local, at)
  t.handler.text(from, next, PLAIN)
  t.handler.close(namespace, local, close + 1)
  return close + 1
}

function push(t: Tokenizer, name: number, mark: number, at: number): void {
  const { names } = t
  if (t.depth >= CAPS.depth)
    refuse(t, at, 'too_deep', `Elements are nested deeper than ${CAPS.depth}. Ask the utility for a valid feed.`)
  const namespace = t.bindings[names.prefix[name] ?? 0] ?? -1
  if (namespace < 0)
    refuse(
      t,
      at,
      'unbound_prefix',
      'An element has a prefix that no xmlns attribute declares. Ask the utility for valid XML.',
    )
  t.lastName = name
  t.stack[t.depth] = name
  t.undoMarks[t.depth] = mark
  t.depth++
  t.rooted = true
  t.textRun = 0
  t.handler.open(namespace, names.local[name] ?? 0, at)
}

function pop(t: Tokenizer, end: number): void {
  const { names } = t
  t.depth--
  t.textRun = 0
  const name = t.stack[t.depth] ?? 0
  t.handler.close(t.bindings[names.prefix[name] ?? 0] ?? 0, names.local[name] ?? 0, end)
  const mark = t.undoMarks[t.depth] ?? 0
  if (t.undo.length > mark) restore(t, mark)
}

function restore(t: Tokenizer, mark: number): void {
  while (t.undo.length > mark) {
    const before = t.undo.pop() ?? -1
    t.bindings[t.undo.pop() ?? 0] = before
  }
}

/** Reads `</name>`; the bytes of the name must be those of the open element. */
function readClose(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  if (t.depth === 0) refuse(t, at, 'not_well_formed', 'An end tag has no start tag. Ask the utility for valid XML.')
  const name = t.stack[t.depth - 1] ?? 0
  let next = at + 2 + (t.names.bytes[name]?.length ?? 0)
  if (next >= end) return capped(t, at, end - at, final)
  if (!matches(t.names, name, t.view, at + 2)) refuse(t, at, 'not_well_formed', MISMATCH)
  while (next < end && isBlank(buffer[next])) next++
  if (next >= end) return capped(t, at, end - at, final)
  if (buffer[next] !== 0x3e)
    refuse(t, at, 'not_well_formed', 'An end tag does not match its start tag. Ask the utility for valid XML.')
  pop(t, next + 1)
  return t.handler.ahead?.(next + 1) ?? next + 1
}

const MISMATCH = 'An end tag does not match its start tag. Ask the utility for valid XML.'

/** Indentation and child elements are no leaf text. */
function startsLeaf(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte !== 0x3c
}
