import { FeedRejected, type FeedRejectedCode } from './errors.ts'
import { createNames, type Names } from './names.ts'

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
  /** Called after an end tag: may take bytes from `at` on that it has seen the like of, and returns where it stopped. */
  ahead?(at: number): number
}

export type Tokenizer = {
  handler: Handler
  names: Names
  namespaces: string[]
  /** The same as UTF-8. */
  namespaceBytes: Uint8Array[]
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
    namespaceBytes: NAMESPACES.map((uri) => new TextEncoder().encode(uri)),
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

export function refuse(t: Tokenizer, at: number, code: FeedRejectedCode, message: string): never {
  throw new FeedRejected(code, t.base + at, message)
}

/** -1: the token is not complete yet; an error when nothing follows. */
export function incomplete(t: Tokenizer, at: number, final: boolean): -1 {
  if (final)
    refuse(t, at, 'truncated', 'The document ends in the middle of a tag, a comment or a text. Fetch it again.')
  return -1
}

/** Incomplete; refused when more than a token may hold has gathered without its end. */
export function capped(t: Tokenizer, at: number, length: number, final: boolean): -1 {
  if (length > CAPS.textBytes)
    refuse(
      t,
      at,
      'text_too_long',
      `A text, tag or comment is longer than ${CAPS.textBytes} bytes. Ask the utility for a valid feed.`,
    )
  return incomplete(t, at, final)
}

/** Begins another document of the same body, or refuses it. */
export function nextDocument(t: Tokenizer, at: number): void {
  if (!t.lenient)
    refuse(t, at, 'not_well_formed', 'A second root element follows the first. Ask the utility for valid XML.')
  t.rooted = false
  t.documents++
  t.documentStart = t.base + at
}
