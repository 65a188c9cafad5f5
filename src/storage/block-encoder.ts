import { constants, createZstdCompress } from 'node:zlib'

import { type Columns, writeBlock, ZSTD_PARAMS } from './series-block.ts'

/** Packs blocks, one at a time; to be closed. */
export type BlockEncoder = { encode: (columns: Columns) => Promise<Buffer>; close: () => void }

/**
 * Packs many blocks, each to the very bytes of encodeBlock. zstd works on another thread, with one context for all of them: making
 * one for each is measured to take a third of all packing. Other work gets its turn between two blocks.
 */
export function openBlockEncoder(): BlockEncoder {
  // Every write ends a frame.
  const stream = createZstdCompress({ params: ZSTD_PARAMS, flush: constants.ZSTD_e_end })
  let packed: Buffer[] = []
  stream.on('data', (piece: Buffer) => packed.push(piece))
  stream.on('error', () => undefined) // told to the write
  return {
    encode: (columns) =>
      new Promise((resolve, reject) => {
        const { version, bytes } = writeBlock(columns)
        packed = [Buffer.of(version)]
        stream.write(bytes, (error) => {
          if (error) reject(error)
          else resolve(Buffer.concat(packed))
        })
      }),
    close: () => stream.destroy(),
  }
}
