import { FeedRejected, type FeedRejectedCode } from './errors.ts'
import { createNames, intern, matches, type Names } from './names.ts'
import { readAttributes } from './tokenizer-attributes.ts'
import { readDeclaration } from './tokenizer-declaration.ts'
import {
  isBlank,
  isCharacter,
  isNameCharacter,
  codePointAt,
  NAME,
  RAW,
  sequenceLength,
  TEXT,
} from './xml-characters.ts'

/** Caps of security.md, part 7; no ESPI document comes near them. */
export const CAPS = { depth: 64, attributes: 64, nameBytes: 256, textBytes: 65_536 } as const

/** What a run of text needs before it is a string: references and line ends replaced, or (CDATA) line ends alone. */
export const PLAIN = 0
export const HAS_REFERENCES = 1
export const HAS_RETURNS = 2
export const CDATA = 4

/**
 * Receives the events of a document. ids: `namespace` indexes `tokenizer.namespaces`, `local` indexes `tokenizer.names.texts`.
 * Positions are within `tokenizer.buffer` and die when the call returns; `pause` comes before the buffer is replaced.
 */
export type Handler = {
  open(namespace: number, local: number, start: number): void
  text(start: number, end: number, flags: number): void
  close(namespace: number, local: number, end: number): void
  pause(): void
}

export type Tokenizer = {
  handler: Handler
  names: Names
  namespaces: string[]
  /** Namespace id bound to each prefix (by text id); -1 or absent: unbound. */
  bindings: number[]
  /** Pairs (prefix, namespace before) to restore, and how many there were when each element opened. */
  undo: number[]
  undoMarks: Int32Array
  stack: Int32Array
  depth: number
  /** The element opened last. */
  lastName: number
  buffer: Uint8Array
  view: DataView
  /** Absolute offset of buffer[0]. */
  base: number
  textRun: number
  /** A root element was seen in this document; false again when the next document of a body begins. */
  rooted: boolean
  /** Root elements seen in the documents before this one. */
  documents: number
  /** Where the present document begins; an XML declaration may stand only there. */
  documentStart: number
  lenient: boolean
  attributes: {
    count: number
    name: Int32Array
    namespace: Int32Array
    start: Int32Array
    end: Int32Array
    flags: Int32Array
  }
}

/** Namespaces whose ids are fixed: 0 none, then these. */
export const NAMESPACES = [
  '',
  'http://www.w3.org/2005/Atom',
  'http://naesb.org/espi',
  'http://naesb.org/espi/customer',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2000/xmlns/',
]

/**
 * A tokenizer for a strict subset of XML 1.0 with namespaces: no DOCTYPE, no processing instruction but xml-stylesheet.
 * lenient: take several documents one after another, and a literal `\n` between them, as PG&E's notifications have it.
 * known: local names that get the text ids 1, 2, 3, …, so that a handler can compare numbers.
 */
export function createTokenizer(handler: Handler, known: readonly string[], lenient: boolean): Tokenizer {
  const names = createNames(['xml', 'xmlns', ...known])
  const column = (): Int32Array => new Int32Array(CAPS.attributes)
  return {
    handler,
    names,
    namespaces: [...NAMESPACES],
    bindings: [0, 4, 5],
    undo: [],
    undoMarks: new Int32Array(CAPS.depth + 1),
    stack: new Int32Array(CAPS.depth + 1),
    depth: 0,
    lastName: 0,
    buffer: new Uint8Array(),
    view: new DataView(new ArrayBuffer(0)),
    base: 0,
    textRun: 0,
    rooted: false,
    documents: 0,
    documentStart: 0,
    lenient,
    attributes: { count: 0, name: column(), namespace: column(), start: column(), end: column(), flags: column() },
  }
}

/** Text ids that `known` names start at. */
export const FIRST_KNOWN = 3

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

export function refuse(t: Tokenizer, at: number, code: FeedRejectedCode, message: string): never {
  throw new FeedRejected(code, t.base + at, message)
}

function finish(t: Tokenizer, at: number): void {
  if (t.depth > 0) refuse(t, at, 'truncated', 'The document ends before its root element does. Fetch it again.')
  if (!t.rooted && t.documents === 0)
    refuse(t, at, 'not_xml', 'The body holds no XML element. Ask the utility for a feed.')
}

/** -1: the token is not complete yet; an error when nothing follows. */
export function incomplete(t: Tokenizer, at: number, final: boolean): -1 {
  if (final)
    refuse(t, at, 'truncated', 'The document ends in the middle of a tag, a comment or a text. Fetch it again.')
  return -1
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
  return next + 1
}

const MISMATCH = 'An end tag does not match its start tag. Ask the utility for valid XML.'

/** Reads a comment or CDATA; `<!DOCTYPE` is refused, as it can pull in files and blow up entities. */
function readBang(t: Tokenizer, at: number, end: number, final: boolean): number {
  const comment = startsWith(t.buffer, at, end, '<!--')
  if (comment === 1) return readComment(t, at, end, final)
  const cdata = startsWith(t.buffer, at, end, '<![CDATA[')
  if (cdata === 1) return readCdata(t, at, end, final)
  const doctype = startsWith(t.buffer, at, end, '<!DOCTYPE')
  if (doctype === 1)
    refuse(
      t,
      at,
      'doctype',
      'The document has a DOCTYPE, which can pull in files and entities. Ask the utility for a feed without it.',
    )
  if (comment === 0 || cdata === 0 || doctype === 0) return incomplete(t, at, final)
  return refuse(t, at, 'not_well_formed', 'A "<!" begins neither a comment nor CDATA. Ask the utility for valid XML.')
}

function readComment(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  for (let next = scanRaw(t, at + 4, end, 0x2d); next >= 0; next = scanRaw(t, next + 1, end, 0x2d)) {
    if (next + 2 >= end) break
    if (buffer[next + 1] !== 0x2d) continue
    if (buffer[next + 2] !== 0x3e)
      refuse(t, next, 'not_well_formed', 'A comment holds "--". Ask the utility for valid XML.')
    return next + 3
  }
  return capped(t, at, end - at, final)
}

function readCdata(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  if (t.depth === 0)
    refuse(t, at, 'not_well_formed', 'CDATA stands outside the root element. Ask the utility for valid XML.')
  for (let next = scanRaw(t, at + 9, end, 0x5d); next >= 0; next = scanRaw(t, next + 1, end, 0x5d)) {
    if (next + 2 >= end) break
    if (buffer[next + 1] !== 0x5d || buffer[next + 2] !== 0x3e) continue
    countText(t, at, next - at - 9)
    t.handler.text(at + 9, next, CDATA)
    return next + 3
  }
  return capped(t, at, end - at, final)
}

/** Reads text up to the next `<`. Outside the root only blanks are allowed. */
function readText(t: Tokenizer, at: number, bufferEnd: number, final: boolean): number {
  if (t.depth === 0) return readOutside(t, at, bufferEnd, final)
  const { buffer } = t
  const end = Math.min(bufferEnd, at + CAPS.textBytes + 1)
  let next = at
  let flags = PLAIN
  // Most of a feed's text is indentation: four blanks at a time.
  if (buffer[at] === 0x0a) {
    next++
    while (next + 4 <= end && t.view.getInt32(next, true) === 0x20202020) next += 4
  }
  for (;;) {
    while (next < end && TEXT[buffer[next] ?? 0] === 0) next++
    if (next >= end) break
    const byte = buffer[next] ?? 0
    if (byte === 0x3c) {
      countText(t, at, next - at)
      t.handler.text(at, next, flags)
      return next
    }
    if (byte === 0x26) {
      const stop = checkReference(t, next, end)
      if (stop < 0) break
      next = stop
      flags |= HAS_REFERENCES
    } else if (byte === 0x0d) {
      flags |= HAS_RETURNS
      next++
    } else if (byte === 0x5d) {
      if (next + 2 >= end) break
      if (buffer[next + 1] === 0x5d && buffer[next + 2] === 0x3e)
        refuse(t, next, 'not_well_formed', 'The text holds "]]>". Ask the utility for valid XML.')
      next++
    } else {
      const length = checkSequence(t, next, end)
      if (length === 0) break
      next += length
    }
  }
  return capped(t, at, end - at, final)
}

function countText(t: Tokenizer, at: number, length: number): void {
  t.textRun += length
  if (t.textRun > CAPS.textBytes) capped(t, at, t.textRun, false)
}

/** Incomplete; refused when more than a token may hold has gathered without its end. */
function capped(t: Tokenizer, at: number, length: number, final: boolean): -1 {
  if (length > CAPS.textBytes)
    refuse(
      t,
      at,
      'text_too_long',
      `A text, tag or comment is longer than ${CAPS.textBytes} bytes. Ask the utility for a valid feed.`,
    )
  return incomplete(t, at, final)
}

function readOutside(t: Tokenizer, at: number, end: number, final: boolean): number {
  const { buffer } = t
  let next = at
  for (; next < end && buffer[next] !== 0x3c; next++) {
    if (isBlank(buffer[next])) continue
    if (t.lenient && buffer[next] === 0x5c) {
      if (next + 1 >= end) return next > at ? next : incomplete(t, at, final)
      if (buffer[next + 1] === 0x6e) {
        next++
        continue
      }
    }
    const bom = t.lenient && t.rooted ? startsWith(buffer, next, end, BOM) : -1
    if (bom === 0) return next > at ? next : incomplete(t, at, final)
    if (bom < 0) refuseOutside(t, next)
    nextDocument(t, next + 3)
    next += 2
  }
  return next
}

/** The byte order mark, one character a byte. */
const BOM = '\u00ef\u00bb\u00bf'

function refuseOutside(t: Tokenizer, at: number): never {
  if (t.rooted) refuse(t, at, 'not_well_formed', 'Text stands after the root element. Ask the utility for valid XML.')
  if (t.documents > 0)
    refuse(t, at, 'not_well_formed', 'Text stands between two documents. Ask the utility for valid XML.')
  return refuse(
    t,
    at,
    'not_xml',
    'The body does not begin as XML. A Green Button feed begins with "<"; ask the utility for one.',
  )
}

/** Begins another document of the same body, or refuses it. */
export function nextDocument(t: Tokenizer, at: number): void {
  if (!t.lenient)
    refuse(t, at, 'not_well_formed', 'A second root element follows the first. Ask the utility for valid XML.')
  t.rooted = false
  t.documents++
  t.documentStart = t.base + at
}

/** Position after the reference at `at`, or -1 when it is cut off. Only the five of XML and character numbers exist. */
export function checkReference(t: Tokenizer, at: number, end: number): number {
  const limit = Math.min(end, at + 12)
  let stop = at + 1
  while (stop < limit && t.buffer[stop] !== 0x3b) stop++
  if (stop >= limit) return stop === end && limit < at + 12 ? -1 : refuseReference(t, at)
  const name = String.fromCharCode(...t.buffer.subarray(at + 1, stop))
  if (referenceCode(name) < 0) refuseReference(t, at)
  return stop + 1
}

function refuseReference(t: Tokenizer, at: number): never {
  return refuse(
    t,
    at,
    'undeclared_entity',
    'An "&" begins no reference that XML knows without a DOCTYPE. Ask the utility for valid XML.',
  )
}

/** The code point that `amp`, `#38` or `#x26` stands for, or -1. */
export function referenceCode(name: string): number {
  const named = REFERENCES.get(name)
  if (named !== undefined) return named
  const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name)
  if (number === null) return -1
  const code = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16)
  return code > 0x10ffff || !isCharacter(code) ? -1 : code
}

const REFERENCES = new Map([
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['amp', 0x26],
  ['quot', 0x22],
  ['apos', 0x27],
])

/** End of the name at `at`; refuses what cannot begin a name. May return `end`: then the name may go on. */
export function scanName(t: Tokenizer, at: number, end: number): number {
  const { buffer } = t
  let next = at
  while (next < end) {
    const kind = NAME[buffer[next] ?? 0] ?? 0
    if (kind === 1 || (kind === 2 && next > at)) next++
    else if (kind === 3) {
      const length = checkSequence(t, next, end)
      if (length === 0) return end
      if (!isNameCharacter(codePointAt(buffer, next, length), next === at)) break
      next += length
    } else break
  }
  if (next === at && next < end)
    refuse(
      t,
      at,
      'not_well_formed',
      'A name was expected. A bare "<" or "&" must be escaped; ask the utility for valid XML.',
    )
  if (next - at > CAPS.nameBytes)
    refuse(t, at, 'name_too_long', `A name is longer than ${CAPS.nameBytes} bytes. Ask the utility for a valid feed.`)
  return next
}

/** FNV-1a begins at a place that nobody outside knows, so that nobody can send names that all fall into one slot. */
const SEED = (Math.random() * 2 ** 32) | 0

export function internName(t: Tokenizer, start: number, end: number): number {
  const { buffer } = t
  let hash = SEED
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (buffer[i] ?? 0), 16_777_619)
  return intern(t.names, buffer, start, end, hash, t.base)
}

/** Length of the UTF-8 sequence at `at`; 0 when it is cut off. Refuses what is invalid or forbidden. */
export function checkSequence(t: Tokenizer, at: number, end: number): number {
  const length = (t.buffer[at] ?? 0) < 0x80 ? -1 : sequenceLength(t.buffer, at, end)
  if (length < 0)
    refuse(
      t,
      at,
      'bad_encoding',
      'A byte is no valid UTF-8 or a character that XML forbids. Ask the utility for valid XML.',
    )
  return length
}

/** Position of the next `wanted` byte, checking characters on the way, or -1. */
export function scanRaw(t: Tokenizer, at: number, end: number, wanted: number): number {
  const { buffer } = t
  let next = at
  while (next < end) {
    const byte = buffer[next] ?? 0
    if (byte === wanted) return next
    if (RAW[byte] === 0) next++
    else {
      const length = checkSequence(t, next, end)
      if (length === 0) return -1
      next += length
    }
  }
  return -1
}

/** 1: yes, -1: no, 0: cut off before it is clear. */
export function startsWith(buffer: Uint8Array, at: number, end: number, text: string): 1 | 0 | -1 {
  for (let i = 0; i < text.length; i++) {
    if (at + i >= end) return 0
    if (buffer[at + i] !== text.charCodeAt(i)) return -1
  }
  return 1
}
