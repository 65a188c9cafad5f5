/**
 * Bytes of a body as UTF-8 without byte order mark (XML 1.0 appendix F). skipped: bytes that stood before. UTF-16 is
 * recognized by its mark or by its first `<`; a lone surrogate becomes a byte that is refused.
 */
export type BodyDecoder = { decode: (chunk: Uint8Array, final: boolean) => Uint8Array; skipped: number; utf16: boolean }

/** A decoder for a body that begins with these bytes (at least four, unless it is shorter). */
export function createBodyDecoder(head: Uint8Array): BodyDecoder {
  const [a, b, c] = head
  if (a === 0xef && b === 0xbb && c === 0xbf) return { decode: dropFirst(3), skipped: 3, utf16: false }
  if (a === 0xff && b === 0xfe) return utf16('utf-16le', 2)
  if (a === 0xfe && b === 0xff) return utf16('utf-16be', 2)
  if (a === 0x3c && b === 0x00) return utf16('utf-16le', 0)
  if (a === 0x00 && b === 0x3c) return utf16('utf-16be', 0)
  return { decode: (chunk) => chunk, skipped: 0, utf16: false }
}

function dropFirst(count: number): (chunk: Uint8Array) => Uint8Array {
  let left = count
  return (chunk) => {
    const rest = chunk.subarray(left)
    left -= Math.min(left, chunk.length)
    return rest
  }
}

function utf16(encoding: 'utf-16le' | 'utf-16be', skipped: number): BodyDecoder {
  const drop = dropFirst(skipped)
  /** Bytes of a character that is cut off. */
  let rest: Uint8Array = new Uint8Array()
  const decode = (chunk: Uint8Array, final: boolean): Uint8Array => {
    const bytes = Buffer.concat([rest, drop(chunk)])
    const units = bytes.subarray(0, bytes.length & ~1)
    if (encoding === 'utf-16be') units.swap16()
    const text = units.toString('utf16le')
    const split = !final && /[\ud800-\udbff]$/.test(text) ? 1 : 0
    rest = Uint8Array.from(units.subarray(units.length - split * 2))
    if (encoding === 'utf-16be') Buffer.from(rest.buffer).swap16()
    rest = Uint8Array.from([...rest, ...bytes.subarray(units.length)])
    return toUtf8(split === 0 ? text : text.slice(0, -1), final && rest.length > 0)
  }
  return { decode, skipped: 0, utf16: true }
}

/** What is no character becomes a byte that UTF-8 never has, so that the tokenizer refuses it at its place. */
function toUtf8(text: string, broken: boolean): Uint8Array {
  const lone = text.isWellFormed() ? -1 : text.search(/\p{Surrogate}/u)
  if (lone < 0 && !broken) return new TextEncoder().encode(text)
  return Uint8Array.from([...new TextEncoder().encode(lone < 0 ? text : text.slice(0, lone)), 0xff])
}

/** What a body that is no XML seems to be, as the beginning of a sentence; null when it begins as XML does. */
export function describeBody(head: Uint8Array): string | null {
  if (head.length === 0) return 'The body is empty'
  if (head[0] === 0x50 && head[1] === 0x4b) return 'The body is a zip archive; unpack it first'
  if (head[0] === 0x1f && head[1] === 0x8b) return 'The body is compressed with gzip; unpack it first'
  if (head[0] === 0x25 && head[1] === 0x50 && head[2] === 0x44) return 'The body is a PDF'
  const text = new TextDecoder().decode(head.subarray(0, 512)).trimStart()
  if (text === '') return 'The body is empty'
  if (text.startsWith('<')) return null
  if (text.startsWith('{') || text.startsWith('[')) return 'The body is JSON, often an error or a token answer'
  if (/^[^\n<]*,[^\n<]*\n/.test(text) || /(?:^|\n)"[^\n]*[",]/.test(text))
    return 'The body is a table of comma-separated values'
  return 'The body is no XML'
}
