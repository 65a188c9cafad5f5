import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { ByteReader, ByteWriter } from './bytes.ts'
import { joinColumns } from './join-columns.ts'
import { type Columns, readPayload, writePayload } from './series-payload.ts'

export type { Columns } from './series-payload.ts'

const BYTES_LIMIT = 1_000_000_000
/** The first byte of a tail, where a block has its version. */
const TAIL = 0x80
const CHECKSUM_BYTES = 4

/** The least that zlib takes to write into. */
const SMALLEST = 64

/** How the bytes behind the version are compressed. */
const ZSTD_PARAMS = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 }

/**
 * Packs the readings of one channel and month. docs/series-block.md describes every byte; about 1.2 bytes a reading.
 * In: columns of one length, ascending by start, starts unique, values and costs safe integers (a cost may be NaN).
 * Throws RangeError on anything else. decodeBlock is the exact inverse.
 */
export function encodeBlock(columns: Columns): Buffer {
  const { version, bytes } = writePayload(columns)
  // Told the size, zstd takes tables that fit it. Here and now: waking another thread for a month costs as much as packing it.
  const sized = { pledgedSrcSize: bytes.length, chunkSize: Math.max(SMALLEST, bytes.length) }
  const packed = zstdCompressSync(bytes, { params: ZSTD_PARAMS, ...sized })
  return Buffer.concat([Buffer.of(version), packed])
}

/**
 * Readings that follow those of a block, as they are kept until the block is packed again: not compressed, since a day is packed and
 * unpacked in a tenth of the time that way and its month is left alone. In: as for encodeBlock.
 */
export function encodeTail(columns: Columns): Buffer {
  const { version, bytes } = writePayload(columns)
  const size = new ByteWriter()
  size.varint(bytes.length)
  const checksum = Buffer.alloc(CHECKSUM_BYTES)
  checksum.writeUInt32LE(crc32(bytes, version))
  return Buffer.concat([Buffer.of(TAIL | version), size.finish(), bytes, checksum])
}

/**
 * Unpacks a block, with the tails that stand before it: BLOCK of series-channel.ts puts them there. Throws RangeError on a version or
 * bytes that are not ours.
 */
export function decodeBlock(block: Uint8Array): Columns {
  const tails: Columns[] = []
  let rest = block
  while ((rest[0] ?? 0) >= TAIL) rest = readTail(rest, tails)
  const bytes = zstdDecompressSync(rest.subarray(1), { maxOutputLength: BYTES_LIMIT })
  const columns = readPayload(rest[0], bytes)
  return tails.length === 0 ? columns : joinColumns([columns, ...tails])
}

/** Reads one tail and returns what follows it. */
function readTail(rest: Uint8Array, tails: Columns[]): Uint8Array {
  const version = (rest[0] ?? 0) - TAIL
  const reader = new ByteReader(rest.subarray(1))
  const bytes = reader.bytes(reader.varint())
  const checksum = reader.bytes(CHECKSUM_BYTES)
  if (Buffer.from(checksum).readUInt32LE() !== crc32(bytes, version))
    throw new RangeError('a tail has other bytes than it had')
  tails.push(readPayload(version, bytes))
  return reader.bytes(reader.left)
}
