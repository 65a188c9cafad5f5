/** A growing run of bytes; `takeBytes` hands them over and begins anew. */
export type ByteWriter = { bytes: Uint8Array; length: number }

export function createByteWriter(): ByteWriter {
  return { bytes: room(), length: 0 }
}

/** About so many bytes are handed over at a time. */
export const CHUNK = 65_536

/** More than most entries need beyond a chunk. Not zeroed: what was not written is never handed over. */
const room = (): Uint8Array => Buffer.allocUnsafeSlow(CHUNK + 16_384)

/** The bytes written so far; the writer does not touch them again. */
export function takeBytes(writer: ByteWriter): Uint8Array {
  const taken = writer.bytes.subarray(0, writer.length)
  writer.bytes = room()
  writer.length = 0
  return taken
}

/** Makes room for so many bytes more. */
export function reserve(writer: ByteWriter, more: number): void {
  const wanted = writer.length + more
  if (wanted <= writer.bytes.length) return
  const grown = Buffer.allocUnsafeSlow(Math.max(wanted, writer.bytes.length * 2))
  grown.set(writer.bytes.subarray(0, writer.length))
  writer.bytes = grown
}

const encoder = new TextEncoder()

/** Markup with its text escaped already. */
export function writeMarkup(writer: ByteWriter, markup: string): void {
  reserve(writer, markup.length * 3)
  writer.length += encoder.encodeInto(markup, writer.bytes.subarray(writer.length)).written
}
