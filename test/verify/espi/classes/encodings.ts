import { addToLeaf } from '../edit.ts'
import { accepted, type Making, type MalformedClass, rejected, variant } from '../malformed-class.ts'

const ENCODING = rejected('bad_encoding')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

/** A sound feed with these bytes in a text, an attribute, a comment, or between two entries, by turns. */
function withBytes({ feed, random, n }: Making, piece: readonly number[]): Uint8Array {
  const mark = '@@@'
  const text = variant(n, [
    () => addToLeaf(feed, random, 'tariffProfile', mark),
    () => addToLeaf(feed, random, 'title', mark),
    () => `${feed}<!--${mark}-->`,
    () => feed.replace(/(?=<(\w+:)?link)/, mark),
    () => feed.replace(/href="/, `title="${mark}" href="`),
  ])()
  const at = Buffer.from(text).indexOf(mark)
  const bytes = Buffer.from(text)
  return new Uint8Array(
    Buffer.concat([bytes.subarray(0, at), Uint8Array.from(piece), bytes.subarray(at + mark.length)]),
  )
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const declare = (feed: string, encoding: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>${feed.replace(/^<\?.*?\?>/, '')}`
const utf32 = (text: string, big: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(text.length * 4))
  for (let i = 0; i < text.length; i++) view.setUint32(i * 4, text.charCodeAt(i), !big)
  return new Uint8Array(view.buffer)
}

const bad = (name: string, sequences: readonly [readonly number[], ...(readonly number[])[]]): MalformedClass => ({
  name,
  verdict: ENCODING,
  make: (making) => withBytes(making, variant(making.n, sequences)),
})

/** Bytes that are no UTF-8, and encodings that are something else than they say. */
export const ENCODINGS: MalformedClass[] = [
  bad('overlong UTF-8', [
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0xaf],
    [0xf0, 0x80, 0x80, 0xbc],
    [0xc0, 0xbc],
  ]),
  bad('surrogates in UTF-8 (CESU-8)', [
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x8c],
  ]),
  bad('lone continuation byte', [[0x80], [0xbf], [0x41, 0x80], [0xc3, 0xa9, 0xa9]]),
  bad('UTF-8 sequence that is cut short', [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x94], [0xe2]]),
  bad('UTF-8 beyond the last character', [
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
  ]),
  bad('bytes that UTF-8 never has', [[0xfe], [0xff], [0xff, 0xfe], [0xfe, 0xff]]),
  bad('windows-1252 in UTF-8', [[0x93, 0x78, 0x94], [0xe9], [0x80], [0xa9], [0xb0]]),
  bad('Shift JIS in UTF-8', [
    [0x83, 0x65, 0x83, 0x58],
    [0x93, 0xfa, 0x96, 0x7b],
  ]),
  {
    name: 'windows-1252 or Latin-1 declared',
    verdict: ENCODING,
    saxes: 'saxes gets a string and believes no declaration',
    make: ({ feed, n }) => bytesOf(declare(feed, variant(n, ['windows-1252', 'ISO-8859-1', 'latin1', 'iso-8859-15']))),
  },
  {
    name: 'encoding that we do not read, or that nobody knows',
    verdict: ENCODING,
    saxes: 'saxes gets a string and believes no declaration',
    make: ({ feed, n }) =>
      bytesOf(declare(feed, variant(n, ['UTF-7', 'UTF-32', 'Shift_JIS', 'EBCDIC-CP-US', 'x-made-up', 'ucs-4']))),
  },
  { name: 'UTF-8 with a byte order mark', verdict: accepted, make: ({ feed }) => bytesOf(`\uFEFF${feed}`) },
  {
    name: 'two byte order marks',
    saxes: 'saxes drops a mark, and so does the decoder before it',
    verdict: rejected('not_xml'),
    make: ({ feed }) => bytesOf(`\uFEFF\uFEFF${feed}`),
  },
  {
    name: 'UTF-16 little endian with a mark',
    verdict: accepted,
    make: ({ feed }) => new Uint8Array(utf16(`\uFEFF${declare(feed, 'UTF-16')}`)),
  },
  {
    name: 'UTF-16 big endian with a mark',
    verdict: accepted,
    make: ({ feed }) => new Uint8Array(utf16(`\uFEFF${declare(feed, 'UTF-16')}`).swap16()),
  },
  { name: 'UTF-16 little endian without a mark', verdict: accepted, make: ({ feed }) => new Uint8Array(utf16(feed)) },
  {
    name: 'UTF-16 big endian without a mark',
    verdict: accepted,
    make: ({ feed }) => new Uint8Array(utf16(feed).swap16()),
  },
  {
    name: 'UTF-16 with half a character at its end',
    verdict: rejected('not_well_formed'),
    make: ({ feed, n }) =>
      new Uint8Array(Buffer.concat([utf16(`\uFEFF${feed}`), Uint8Array.of(variant(n, [0x20, 0x0a, 0x3c]))])),
  },
  {
    name: 'UTF-16 with a lone surrogate',
    verdict: ENCODING,
    make: ({ feed, random, n }) =>
      new Uint8Array(
        utf16(`\uFEFF${addToLeaf(feed, random, 'title', variant(n, ['\ud83d', '\udd0c', '\ud83dx', '\udd0c\ud83d']))}`),
      ),
  },
  {
    name: 'UTF-16 with the mark of the other byte order',
    verdict: rejected('not_xml'),
    make: ({ feed, n }) =>
      new Uint8Array(
        Buffer.concat([
          n % 2 === 0 ? Uint8Array.of(0xfe, 0xff) : Uint8Array.of(0xff, 0xfe),
          n % 2 === 0 ? utf16(feed) : utf16(feed).swap16(),
        ]),
      ),
  },
  {
    name: 'UTF-8 that calls itself UTF-16',
    verdict: accepted,
    make: ({ feed, n }) => bytesOf(declare(feed, variant(n, ['utf-16', 'UTF-16LE', 'UTF-16BE']))),
  },
  {
    name: 'UTF-16 that calls itself UTF-8',
    verdict: accepted,
    make: ({ feed }) => new Uint8Array(utf16(`\uFEFF${declare(feed, 'UTF-8')}`)),
  },
  {
    name: 'UTF-8 that goes on as UTF-16',
    verdict: rejected('not_well_formed'),
    make: ({ feed, random }) => {
      const text = addToLeaf(feed, random, 'tariffProfile', '@@@')
      const [head = '', tail = ''] = text.split('@@@')
      return new Uint8Array(Buffer.concat([Buffer.from(head), utf16(tail)]))
    },
  },
  {
    name: 'UTF-32 with a mark',
    verdict: rejected('not_xml'),
    make: ({ feed, n }) => utf32(`\uFEFF${feed}`, n % 2 === 0),
  },
  {
    name: 'UTF-32 without a mark',
    verdict: rejected('not_xml'),
    make: ({ feed }) => utf32(feed, true),
  },
  {
    name: 'EBCDIC',
    verdict: rejected('not_xml'),
    make: ({ random }) =>
      Uint8Array.from([0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40, ...Array.from({ length: 40 }, () => 0x81 + random.int(9))]),
  },
  {
    name: 'body that is escaped as if it were text',
    verdict: rejected('not_xml'),
    make: ({ feed, n }) => (n % 2 === 0 ? feed.replaceAll('<', '&lt;') : JSON.stringify(feed)),
  },
]
