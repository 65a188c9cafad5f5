import { crc32 } from 'node:zlib'

const SIZE_LIMIT = 128 * 1024
const SIDE_LIMIT = 2000
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** What is needed to show the image. Texts, times, profiles, animations and what follows the end are dropped. */
const KEPT = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])
const MOLD = /^data:image\/png;base64,([A-Za-z0-9+/]+={0,2})$/

/**
 * A logo from its data: address: a PNG, put together anew from the chunks that make the picture, so that nothing else comes
 * with it. null: something else, broken, or larger than 2000 by 2000 pixels or 128 KiB. PNG, third edition, 5.
 */
export function readLogo(address: string): Buffer | null {
  const bytes = Buffer.from(MOLD.exec(address)?.[1] ?? '', 'base64')
  if (bytes.length > SIZE_LIMIT || !bytes.subarray(0, 8).equals(SIGNATURE)) return null
  const chunks = readChunks(bytes)
  const header = chunks?.[0]
  if (!chunks || header?.type !== 'IHDR' || chunks.at(-1)?.type !== 'IEND' || header.bytes.length !== 25) return null
  const [width, height] = [header.bytes.readUInt32BE(8), header.bytes.readUInt32BE(12)]
  if (width < 1 || height < 1 || width > SIDE_LIMIT || height > SIDE_LIMIT) return null
  if (!chunks.some(({ type }) => type === 'IDAT')) return null
  return Buffer.concat([SIGNATURE, ...chunks.filter(({ type }) => KEPT.has(type)).map((chunk) => chunk.bytes)])
}

/** The chunks up to IEND, whole as they stand; null where one is cut off or does not keep to its checksum. */
function readChunks(bytes: Buffer): { type: string; bytes: Buffer }[] | null {
  const chunks: { type: string; bytes: Buffer }[] = []
  for (let at = SIGNATURE.length; chunks.at(-1)?.type !== 'IEND';) {
    if (at + 12 > bytes.length) return null
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return null
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, end) })
    at = end
  }
  return chunks
}
