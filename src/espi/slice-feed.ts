import { createBodyDecoder } from './decode-body.ts'
import type { Entry } from './entry.ts'
import { parseBytes } from './parse.ts'

/**
 * The same body with only the kept entries, byte for byte otherwise: for bulk files that hold several customers, so that each
 * authorization keeps a raw feed with nothing of the others in it. An entry that holds several resources is kept when one of
 * them is. A UTF-16 body comes back as UTF-16.
 * Throws FeedRejected as parseBytes does.
 */
export function sliceFeed(bytes: Uint8Array, keep: (entry: Entry) => boolean): Uint8Array {
  const ranges = droppedRanges(parseBytes(bytes).entries, keep)
  const offset = createSourceOffset(bytes)
  const parts: Uint8Array[] = []
  let from = 0
  for (const [start, end] of ranges) {
    parts.push(bytes.subarray(from, offset(start)))
    from = offset(end)
  }
  parts.push(bytes.subarray(from))
  return new Uint8Array(Buffer.concat(parts))
}

/** Byte ranges to leave out, ascending; an entry nested in a dropped one goes with it. */
function droppedRanges(entries: readonly Entry[], keep: (entry: Entry) => boolean): [number, number][] {
  const ends = new Map<number, { end: number; kept: boolean }>()
  for (const entry of entries) {
    const range = ends.get(entry.startOffset) ?? { end: entry.endOffset, kept: false }
    range.kept = keep(entry) || range.kept
    ends.set(entry.startOffset, range)
  }
  const dropped: [number, number][] = []
  let done = 0
  for (const [start, { end, kept }] of [...ends].sort(([a], [b]) => a - b)) {
    if (kept || start < done) continue
    dropped.push([start, end])
    done = end
  }
  return dropped
}

/** From an offset in the UTF-8 form to the offset in the body as it came; ascending offsets only. */
export function createSourceOffset(bytes: Uint8Array): (offset: number) => number {
  const body = createBodyDecoder(bytes)
  if (!body.utf16) return (offset) => offset
  const utf8 = body.decode(bytes, true)
  const mark = bytes[0] === 0x3c || bytes[0] === 0x00 ? 0 : 2
  let at = 0
  let units = 0
  return (offset) => {
    for (; at < offset; at++) {
      const byte = utf8[at] ?? 0
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1
    }
    return mark + units * 2
  }
}
