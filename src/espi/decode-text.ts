import { referenceCode } from './tokenizer-references.ts'
import { CDATA, HAS_REFERENCES, HAS_RETURNS } from './tokenizer-state.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The string of `bytes[start, end)`: references replaced, line ends made `\n` (XML 1.0 section 2.11), and in an attribute
 * every blank a space (section 3.3.3). flags say what is needed; the bytes were checked before.
 */
export function decodeText(bytes: Uint8Array, start: number, end: number, flags: number, attribute: boolean): string {
  let text = end - start < 48 ? shortText(bytes, start, end) : decoder.decode(bytes.subarray(start, end))
  if (flags & (HAS_RETURNS | CDATA))
    text = attribute ? text.replace(/\r\n|[\r\n\t]/g, ' ') : text.replace(/\r\n?/g, '\n')
  if (flags & HAS_REFERENCES)
    text = text.replace(/&([^;]+);/g, (_, name: string) => String.fromCodePoint(Math.max(0, referenceCode(name))))
  return text
}

/** For short ASCII the call into the decoder costs more than the text. */
function shortText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}
