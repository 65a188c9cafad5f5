import { checkReference } from './tokenizer-references.ts'
import { checkSequence, startsWith } from './tokenizer-scan.ts'
import {
  capped,
  CAPS,
  HAS_REFERENCES,
  HAS_RETURNS,
  incomplete,
  nextDocument,
  PLAIN,
  refuse,
  type Tokenizer,
} from './tokenizer-state.ts'
import { isBlank, TEXT } from './xml-characters.ts'

/** Reads text up to the next `<`. Outside the root only blanks are allowed. */
export function readText(t: Tokenizer, at: number, bufferEnd: number, final: boolean): number {
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

/** Adds to the text of the present element, which comments and CDATA may split, and refuses too much of it. */
export function countText(t: Tokenizer, at: number, length: number): void {
  t.textRun += length
  if (t.textRun > CAPS.textBytes) capped(t, at, t.textRun, false)
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
