/** Tables and checks for the characters of XML 1.0 (fifth edition), over UTF-8 bytes. */

/** Byte classes of text: 0 goes on, 1 needs a look (`<`, `&`, `]`, CR), 2 begins a sequence, 3 is forbidden. */
export const TEXT = classes((b) => (b === 0x3c || b === 0x26 || b === 0x5d || b === 0x0d ? 1 : 0))

/** The same inside an attribute value: quotes, `<`, `&` and the blanks that are normalized. */
export const ATTRIBUTE = classes((b) =>
  b === 0x22 || b === 0x27 || b === 0x3c || b === 0x26 || b === 0x09 || b === 0x0a || b === 0x0d ? 1 : 0,
)

/** Inside comments, CDATA and declarations only the forbidden bytes and sequences matter. */
export const RAW = classes(() => 0)

/** 1: may begin a name, 2: may follow, 3: begins a UTF-8 sequence (to be decoded and judged), 0: ends the name. */
export const NAME = Uint8Array.from({ length: 256 }, (_, b) => {
  if (b >= 0x80) return 3
  if ((b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b === 0x5f || b === 0x3a) return 1
  return (b >= 0x30 && b <= 0x39) || b === 0x2d || b === 0x2e ? 2 : 0
})

export const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x0d

function classes(special: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, b) => {
    if (b >= 0x80) return 2
    if (b < 0x20 && b !== 0x09 && b !== 0x0a && b !== 0x0d) return 3
    return special(b)
  })
}

/**
 * Length of the UTF-8 sequence at `at` (RFC 3629: shortest form, no surrogates), or 0 when it is cut off by `end`, or -1
 * when it is invalid or one of the two characters above the ASCII range that XML forbids (U+FFFE, U+FFFF).
 */
export function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0xc2 ? -1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : -1
  if (length < 0) return -1
  if (at + 1 >= end) return 0
  const second = bytes[at + 1] ?? 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return -1
  for (let i = 2; i < length; i++) {
    if (at + i >= end) return 0
    if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return -1
  }
  return first === 0xef && second === 0xbf && (bytes[at + 2] ?? 0) >= 0xbe ? -1 : length
}

/** The code point of a valid sequence of `length` bytes. */
export function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  let code = (bytes[at] ?? 0) & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f)
  return code
}

/** Char of XML 1.0 section 2.2, for character references. */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
}

/** NameStartChar above the ASCII range (XML 1.0 section 2.3), as pairs of first and last. */
const NAME_STARTS = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00, 0x2fef,
  0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
]
/** What a NameChar may be besides. */
const NAME_MORE = [0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040]

export function isNameCharacter(code: number, first: boolean): boolean {
  return within(NAME_STARTS, code) || (!first && within(NAME_MORE, code))
}

function within(ranges: number[], code: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (code >= (ranges[i] ?? 0) && code <= (ranges[i + 1] ?? 0)) return true
  }
  return false
}
