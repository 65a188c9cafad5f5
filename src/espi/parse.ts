import { type BodyDecoder, createBodyDecoder, describeBody } from './decode-body.ts'
import type { Entry, WireFeed } from './entry.ts'
import { FeedRejected } from './errors.ts'
import { foldReadings } from './fold-readings.ts'
import { keepText, readClose, readText } from './read-close.ts'
import { readOpen } from './read-open.ts'
import { createReader, type Reader } from './reader.ts'
import { takeReadings } from './readings.ts'
import { KNOWN_NAMES } from './shapes.ts'
import { breakTrace, readLikeTemplate } from './reading-template.ts'
import { createTokenizer, type Tokenizer } from './tokenizer-state.ts'
import { tokenize } from './tokenizer.ts'

/**
 * Parses a whole body: one Atom feed or several one after another, single entries, or bare resources.
 *
 * Values stay as on the wire: unscaled, missing is null (NaN in columns). An entry with a value that cannot be read has
 * `problem` set and no content; the others stand.
 * Throws FeedRejected when the body is not well-formed, not safe to read, or no Green Button document; nothing of it counts.
 * Source: NAESB ESPI 1.0 to 4.0 over RFC 4287.
 */
export function parseBytes(bytes: Uint8Array): WireFeed {
  const reader = createReader(takeReadings)
  createFeeder(reader).push(bytes, true)
  return { heads: reader.heads, entries: reader.entries }
}

/** The same with all readings put aside: unfoldReadings opens those of one entry. */
export function parseFolded(bytes: Uint8Array): WireFeed {
  const parser = openParser()
  parser.push(bytes)
  return parser.finish()
}

/** parseFolded for a body that comes in pieces. Throws FeedRejected from the piece on that shows what is wrong. */
export function openParser(): { push: (piece: Uint8Array) => void; finish: () => WireFeed } {
  const reader = createReader(foldReadings)
  const feeder = createFeeder(reader)
  return {
    push: (piece) => feeder.push(piece, false),
    finish: () => {
      feeder.push(new Uint8Array(), true)
      return { heads: reader.heads, entries: reader.entries }
    },
  }
}

/** The same, streamed: entries come out in document order as they are complete; memory does not grow with the body. */
export async function* parse(source: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<Entry, void, undefined> {
  const reader = createReader(takeReadings)
  const feeder = createFeeder(reader)
  if (source instanceof Uint8Array) feeder.push(source, true)
  else {
    for await (const chunk of source) {
      feeder.push(chunk, false)
      yield* reader.entries.splice(0)
    }
    feeder.push(new Uint8Array(), true)
  }
  yield* reader.entries.splice(0)
}

/** Feeds chunks of any size to the tokenizer, keeping the beginning of a cut-off token for the next chunk. */
function createFeeder(reader: Reader): { push: (chunk: Uint8Array, final: boolean) => void } {
  const tokenizer = createTokenizer(
    {
      open: (namespace, local, start) => readOpen(reader, namespace, local, start),
      text: (start, end, flags) => readText(reader, start, end, flags),
      close: (_namespace, _local, end) => readClose(reader, end),
      pause: () => {
        keepText(reader)
        breakTrace(reader.trace)
      },
      ahead: (at) => readLikeTemplate(reader, at),
    },
    KNOWN_NAMES,
    true,
  )
  reader.tokenizer = tokenizer
  const push = createPusher(tokenizer)
  return {
    push: (chunk, final) => {
      push(chunk, final)
      if (final) checkVerdict(reader)
    },
  }
}

/**
 * The function that takes chunks. Of a token that is cut off, the bytes are kept in a buffer that the next chunk is added to,
 * and read again when more have come; waiting until they have doubled keeps the work linear even when a body drips in byte by
 * byte. The one buffer, used again, is measured to be 10% faster than new memory for each chunk.
 */
export function createPusher(tokenizer: Tokenizer): (chunk: Uint8Array, final: boolean) => void {
  const kept: Kept = { room: new Uint8Array(), length: 0 }
  let wanted = 4
  let decode: BodyDecoder['decode'] | null = null
  let head = kept.room
  return (chunk, final) => {
    let held = decode?.(chunk, final) ?? chunk
    if (kept.length > 0) {
      append(kept, held)
      held = kept.room.subarray(0, kept.length)
    }
    if (held.length < wanted && !final) {
      if (kept.length === 0) append(kept, held)
      return
    }
    if (decode === null) {
      const body = createBodyDecoder(held)
      tokenizer.base = body.skipped
      tokenizer.documentStart = body.skipped
      decode = body.decode
      held = decode(held, final)
      head = Uint8Array.from(held.subarray(0, 512))
    }
    tokenizer.buffer = held
    const used = explain(head, () => tokenize(tokenizer, final))
    tokenizer.base += used
    kept.length = 0
    append(kept, held.subarray(used))
    wanted = kept.length * 2
  }
}

/** The first `length` bytes of `room`. */
type Kept = { room: Uint8Array; length: number }

function append(kept: Kept, bytes: Uint8Array): void {
  const length = kept.length + bytes.length
  if (length > kept.room.length) {
    const larger = new Uint8Array(Math.max(length, kept.room.length * 2))
    larger.set(kept.room.subarray(0, kept.length))
    kept.room = larger
  }
  kept.room.set(bytes, kept.length)
  kept.length = length
}

/** A body that is no XML at all gets a sentence that says what it seems to be. */
function explain(head: Uint8Array, run: () => number): number {
  try {
    return run()
  } catch (error) {
    const what = error instanceof FeedRejected && error.code === 'not_xml' ? describeBody(head) : null
    if (what === null || !(error instanceof FeedRejected)) throw error
    throw new FeedRejected('not_xml', error.offset, `${what}. Fetch the Green Button XML instead.`, { cause: error })
  }
}

/** An Atom feed of something else is well-formed too: without one ESPI element in its entries it is not ours. */
function checkVerdict(reader: Reader): void {
  const { entries, resources, espi } = reader.seen
  if (entries > 0 && resources === 0 && !espi)
    throw new FeedRejected(
      'not_green_button',
      0,
      'The body is an Atom feed, but none of its entries holds an ESPI resource. Ask the utility for the Green Button XML.',
    )
}
