/** A growing run of bytes; `take` hands them over and begins anew. */
export type ByteWriter = { bytes: Uint8Array; length: number }

export function createByteWriter(): ByteWriter {
  return { bytes: new Uint8Array(65_536), length: 0 }
}

/** The bytes written so far, as a copy of their own. */
export function takeBytes(writer: ByteWriter): Uint8Array {
  const taken = writer.bytes.slice(0, writer.length)
  writer.length = 0
  return taken
}

function reserve(writer: ByteWriter, more: number): void {
  const wanted = writer.length + more
  if (wanted <= writer.bytes.length) return
  const grown = new Uint8Array(Math.max(wanted, writer.bytes.length * 2))
  grown.set(writer.bytes)
  writer.bytes = grown
}

/** Markup that is UTF-8 already. */
export function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  reserve(writer, bytes.length)
  writer.bytes.set(bytes, writer.length)
  writer.length += bytes.length
}

const encoder = new TextEncoder()

export function writeMarkup(writer: ByteWriter, markup: string): void {
  reserve(writer, markup.length * 3)
  writer.length += encoder.encodeInto(markup, writer.bytes.subarray(writer.length)).written
}

/** A whole number in digits. */
export function writeInteger(writer: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError('ESPI has whole numbers only')
  reserve(writer, 20)
  let rest = Math.abs(value)
  let digits = 1
  for (let power = 10; power <= rest; power *= 10) digits++
  if (value < 0) writer.bytes[writer.length++] = 0x2d
  for (let at = writer.length + digits - 1; at >= writer.length; at--) {
    const next = Math.floor(rest / 10)
    writer.bytes[at] = 0x30 + (rest - next * 10)
    rest = next
  }
  writer.length += digits
}

/**
 * Text between tags or in quotes, escaped (XML 1.0 section 2.4). Characters that XML cannot hold (section 2.2: controls, lone
 * surrogates, U+FFFE and U+FFFF) become U+FFFD, so that what a customer typed never breaks a feed.
 */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, '\uFFFD')
    .replace(/[&<>"\r\n\t]/g, (character) => ESCAPES[character] ?? character)
}

// oxlint-disable-next-line no-control-regex -- these are what XML forbids
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
