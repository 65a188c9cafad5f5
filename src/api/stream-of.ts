import { Readable } from 'node:stream'

/** Bytes of a piece: more than a stream takes before it holds back (64 kB), which is what makes its memory free again. */
const PIECE = 262_144
/** Most answers are no longer. */
const FIRST = 8192

/**
 * An answer from parts that are made as the client takes them: no more than one piece is made ahead, and a client that goes away
 * ends the generator. A part is copied at once: its maker may use its memory again when the next is asked for. The pieces, too,
 * are good for a moment only: for a stream to pipe to that holds back as node:stream has it.
 */
export function streamOf(parts: AsyncIterable<string | Uint8Array>): Readable {
  return Readable.from(inPieces(parts), { objectMode: false, highWaterMark: 1 })
}

/**
 * Pieces of one size in two places, in turn, since new memory for each costs as much as writing it. Whoever takes them holds back
 * after each, until it is gone; the next is then sent and the one behind it asked for, whose place is that of the one that is gone.
 */
async function* inPieces(parts: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const places: Uint8Array[] = []
  let piece: Uint8Array = Buffer.allocUnsafe(FIRST)
  let [length, turn] = [0, 0]
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    for (let from = 0; from < bytes.length;) {
      const some = bytes.subarray(from, from + piece.length - length)
      piece.set(some, length)
      from += some.length
      length += some.length
      if (length < piece.length) break
      yield piece
      piece = places[turn] ??= Buffer.allocUnsafeSlow(PIECE)
      ;[length, turn] = [0, 1 - turn]
    }
  }
  if (length > 0) yield piece.subarray(0, length)
}
