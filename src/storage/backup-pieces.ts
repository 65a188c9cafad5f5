import { randomBytes } from 'node:crypto'
import { type Duplex, pipeline, Readable } from 'node:stream'

import { contextOf, type Envelope } from './secrets.ts'

/** A file is not a backup of ours, was cut, or was changed. */
export class BackupUnreadable extends Error {
  readonly code = 'backup_unreadable'
}

const MAGIC = Buffer.from('green-button-proxy backup 1\n')
const ID_BYTES = 16
const PIECE = 1 << 20

/**
 * Seals a stream of bytes in pieces of 1 MiB: the magic line, an id of this backup, then each piece as its length
 * (4 bytes, big endian) and the envelope's record. A piece is bound to its backup, its place and whether it is the last,
 * so that none can be moved, left out or cut off unseen.
 */
export async function* sealPieces(source: AsyncIterable<Uint8Array>, envelope: Envelope): AsyncGenerator<Buffer> {
  const id = randomBytes(ID_BYTES)
  yield Buffer.concat([MAGIC, id])
  let no = 0
  let piece: Buffer | null = null
  for await (const next of inPieces(source)) {
    if (piece !== null) yield sealed(piece, false)
    piece = next
  }
  yield sealed(piece ?? Buffer.alloc(0), true)

  function sealed(bytes: Buffer, isLast: boolean): Buffer {
    const record = envelope.seal(bytes, placeOf(id, no++, isLast))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(record.length)
    return Buffer.concat([length, record])
  }
}

/** What sealPieces took. Throws BackupUnreadable at another file or a cut one, SecretUnreadable where key or bytes differ. */
export async function* openPieces(source: AsyncIterable<Uint8Array>, envelope: Envelope): AsyncGenerator<Buffer> {
  const input = readerOf(source)
  const head = await input.take(MAGIC.length + ID_BYTES)
  if (!head?.subarray(0, MAGIC.length).equals(MAGIC)) throw new BackupUnreadable('This file is not a backup.')
  const id = head.subarray(MAGIC.length)
  for (let no = 0; ; no++) {
    const length = await input.take(4)
    const record = length && (await input.take(length.readUInt32BE()))
    if (!record) throw new BackupUnreadable('This backup is cut off: it is not whole.')
    const isLast = await input.isEnd()
    yield envelope.open(record, placeOf(id, no, isLast))
    if (isLast) return
  }
}

function placeOf(id: Buffer, no: number, isLast: boolean): string {
  return contextOf('backup', isLast ? 'last' : 'piece', String(no), id.toString('hex'))
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const input = readerOf(source)
  while (!(await input.isEnd())) yield await input.upTo(PIECE)
}

/** The bytes of a source after a transformation; an error of either is thrown to whoever reads. */
export function through(source: AsyncIterable<Uint8Array>, transformation: Duplex): AsyncIterable<Buffer> {
  pipeline(Readable.from(source), transformation, () => undefined) // destroys it with the error, which its reader gets
  return transformation
}

/** Takes exact numbers of bytes from a stream. */
export type ByteReader = {
  /** So many bytes; null where the stream ends before. */
  take(bytes: number): Promise<Buffer | null>
  /** So many bytes, or what is left. */
  upTo(bytes: number): Promise<Buffer>
  isEnd(): Promise<boolean>
}

export function readerOf(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let size = 0
  const fill = async (bytes: number): Promise<boolean> => {
    while (size < bytes) {
      const next = await iterator.next()
      if (next.done === true) return false
      held.push(next.value)
      size += next.value.length
    }
    return true
  }
  const cut = (bytes: number): Buffer => {
    const all = Buffer.concat(held)
    held = all.length > bytes ? [all.subarray(bytes)] : []
    size = all.length - Math.min(bytes, all.length)
    return all.subarray(0, bytes)
  }
  return {
    take: async (bytes) => ((await fill(bytes)) ? cut(bytes) : null),
    upTo: async (bytes) => ((await fill(bytes)) ? cut(bytes) : cut(size)),
    isEnd: async () => !(await fill(1)),
  }
}
