import { FeedRejected } from './errors.ts'

/**
 * Bytes of a body as UTF-8 without byte order mark (XML 1.0 appendix F). skipped: bytes that stood before. UTF-16 is
 * recognized by its mark or by its first `<`; a lone surrogate is refused.
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

function utf16(encoding: string, skipped: number): BodyDecoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  const encoder = new TextEncoder()
  const drop = dropFirst(skipped)
  const decode = (chunk: Uint8Array, final: boolean): Uint8Array => {
    try {
      return encoder.encode(decoder.decode(drop(chunk), { stream: !final }))
    } catch (cause) {
      throw new FeedRejected(
        'bad_encoding',
        0,
        'The body begins as UTF-16 but is none. Ask the utility for valid XML.',
        { cause },
      )
    }
  }
  return { decode, skipped: 0, utf16: true }
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
