import { Readable } from 'node:stream'

/** Pieces below this are put together: each write to a socket costs more than copying so many bytes. */
const SMALL = 8192

/**
 * An answer from pieces that are made as the client takes them: no more than one is made ahead, and a client that goes away
 * ends the generator.
 */
export function streamOf(pieces: AsyncIterable<string | Uint8Array>): Readable {
  return Readable.from(joinSmall(pieces), { objectMode: false, highWaterMark: 1 })
}

async function* joinSmall(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let small: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (bytes.length < SMALL) {
      small.push(bytes)
      length += bytes.length
      if (length < SMALL) continue
    }
    if (length > 0) yield Buffer.concat(small)
    ;[small, length] = [[], 0]
    if (bytes.length >= SMALL) yield bytes
  }
  if (length > 0) yield Buffer.concat(small)
}
