import { gzipSync } from 'node:zlib'
import type { Answer } from '../server.ts'
import type { Mode, Whole } from './contract.ts'

const gzipped = (answer: Whole, body: Buffer | string): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'content-encoding': 'gzip' },
  body,
})

type Spoil = (answer: Whole, bytes: number | undefined) => Answer

const mode = (group: 'encoding' | 'gzip', name: string, about: string, spoil: Spoil): Mode => ({
  name,
  group,
  on: ['resource'],
  about,
  after: (answer, { fault }) => spoil(answer, fault.bytes),
})

const flipped = (packed: Buffer, at: number): Buffer => {
  const spoiled = Buffer.from(packed)
  spoiled[at] = (spoiled[at] ?? 0) ^ 0xff
  return spoiled
}

const declared = (body: string, encoding: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>${body.replace(/^<\?xml[^>]*\?>/, '')}`

/** Before the last end tag, so that a reader meets it late. */
const late = (body: string, extra: Buffer): Buffer => {
  const at = body.lastIndexOf('</')
  return Buffer.concat([Buffer.from(body.slice(0, at)), extra, Buffer.from(body.slice(at))])
}

export const encodingModes: readonly Mode[] = [
  mode('gzip', 'gzip-broken', 'says gzip, and is not after the first bytes', (answer) =>
    gzipped(answer, flipped(gzipSync(answer.body), 12)),
  ),
  mode('gzip', 'gzip-plain', 'says gzip and sends plain text', (answer) => gzipped(answer, answer.body)),
  mode('gzip', 'gzip-cut', 'a gzip stream that ends half way, at the right length', (answer) => {
    const packed = gzipSync(answer.body)
    return gzipped(answer, packed.subarray(0, Math.floor(packed.length / 2)))
  }),
  mode('gzip', 'gzip-bad-checksum', 'a gzip stream with a wrong CRC', (answer) => {
    const packed = gzipSync(answer.body)
    return gzipped(answer, flipped(packed, packed.length - 8))
  }),
  mode('gzip', 'gzip-bomb', 'blanks of 200 MB (`bytes`) in a small gzip stream', (answer, bytes = 200_000_000) =>
    gzipped(answer, gzipSync(Buffer.concat([Buffer.from(answer.body), Buffer.alloc(bytes, ' ')]))),
  ),
  mode('gzip', 'gzip-twice', 'gzip within gzip, said once', (answer) =>
    gzipped(answer, gzipSync(gzipSync(answer.body))),
  ),
  mode('gzip', 'gzip-unsaid', 'gzip without Content-Encoding', (answer) => ({
    ...answer,
    body: gzipSync(answer.body),
  })),
  mode('gzip', 'unknown-coding', 'Content-Encoding: x-unheard-of', (answer) => ({
    ...answer,
    headers: { ...answer.headers, 'content-encoding': 'x-unheard-of' },
  })),
  mode('encoding', 'byte-order-mark', 'a byte order mark before the document, which is allowed', (answer) => ({
    ...answer,
    body: `\uFEFF${answer.body}`,
  })),
  mode('encoding', 'utf-16', 'UTF-16 with byte order mark and declaration, which is allowed', (answer) => ({
    ...answer,
    body: Buffer.from(`\uFEFF${declared(answer.body, 'UTF-16')}`, 'utf16le'),
  })),
  mode('encoding', 'latin-1-unsaid', 'ISO-8859-1 bytes in a document that says UTF-8', (answer) => ({
    ...answer,
    body: late(declared(answer.body, 'UTF-8'), Buffer.from([0xe9])),
  })),
  mode('encoding', 'lying-declaration', 'UTF-8 bytes in a document that says UTF-16', (answer) => ({
    ...answer,
    body: declared(answer.body, 'UTF-16'),
  })),
  mode('encoding', 'overlong-utf-8', 'a slash in two bytes', (answer) => ({
    ...answer,
    body: late(answer.body, Buffer.from([0xc0, 0xaf])),
  })),
  mode('encoding', 'nul-byte', 'a NUL among the text', (answer) => ({
    ...answer,
    body: late(answer.body, Buffer.from([0])),
  })),
]
