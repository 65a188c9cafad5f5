import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'

import { accepted, type Body, type Making, type MalformedClass, rejected, variant } from '../malformed-class.ts'
import { smallFeed } from '../small-feed.ts'

const BROKEN = rejected('broken_gzip')
const gzip = (bytes: Uint8Array, coding = 'gzip'): Body => ({ bytes: new Uint8Array(bytes), coding })
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const flip = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))

/** A compressed feed with one bit turned at a place counted from its end. */
const flippedFromEnd = ({ feed, random }: Making, first: number, count: number): Body => {
  const bytes = gzipSync(feed)
  return gzip(flip(bytes, bytes.length - first - random.int(count), random.int(8)))
}

/** The header of a gzip member with fields of RFC 1952 that hardly anybody writes, before the compressed feed. */
function header(flags: number, fields: readonly number[], feed: string): Body {
  const member = gzipSync(feed)
  return gzip(join(Uint8Array.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...fields]), member.subarray(10)))
}

/** Feeds one after another until this many bytes: as compressible as real ones. */
function long({ random }: Making, bytes: number): string {
  let text = ''
  while (text.length < bytes) text += smallFeed(random, 'pge', 40)
  return text
}

/** What a Content-Encoding may do to us. */
export const CODINGS: MalformedClass[] = [
  {
    name: 'gzip that is sound',
    verdict: accepted,
    make: ({ feed, n }) => gzip(gzipSync(feed), variant(n, ['gzip', 'x-gzip', 'GZIP', ' gzip '])),
  },
  { name: 'gzip header cut off', verdict: BROKEN, make: ({ feed, n }) => gzip(gzipSync(feed).subarray(0, 1 + n)) },
  {
    name: 'gzip data cut off',
    verdict: BROKEN,
    make: ({ feed, random }) => {
      const bytes = gzipSync(feed)
      return gzip(bytes.subarray(0, 11 + random.int(bytes.length - 20)))
    },
  },
  {
    name: 'gzip trailer cut off',
    verdict: BROKEN,
    make: ({ feed, n }) => gzip(gzipSync(feed).subarray(0, -1 - (n % 8))),
  },
  { name: 'gzip with a wrong checksum', verdict: BROKEN, make: (making) => flippedFromEnd(making, 5, 4) },
  { name: 'gzip with a wrong length', verdict: BROKEN, make: (making) => flippedFromEnd(making, 1, 4) },
  {
    name: 'gzip with a bit turned in its data',
    verdict: BROKEN,
    make: ({ feed, random }) => {
      const bytes = gzipSync(feed)
      return gzip(flip(bytes, 30 + random.int(bytes.length - 40), random.int(8)))
    },
  },
  {
    name: 'gzip with a wrong method or reserved flags',
    verdict: BROKEN,
    make: ({ feed, n }) =>
      gzip(
        variant(n, [
          flip(gzipSync(feed), 2, 0),
          flip(gzipSync(feed), 3, 7),
          flip(gzipSync(feed), 3, 5),
          flip(gzipSync(feed), 0, 1),
        ]),
      ),
  },
  {
    name: 'gzip with the optional fields of its header',
    verdict: accepted,
    make: ({ feed, n }) =>
      variant(n, [
        header(4, [4, 0, 1, 2, 3, 4], feed),
        header(8, [0x61, 0], feed),
        header(16, [0x62, 0x63, 0], feed),
        header(1, [], feed),
      ]),
  },
  {
    name: 'gzip with text after it',
    verdict: BROKEN,
    make: ({ feed, n }) =>
      gzip(join(gzipSync(feed), Buffer.from(variant(n, ['x', '\r\n', '<a/>', 'garbage that is longer'])))),
  },
  {
    name: 'gzip with zeros after it',
    verdict: accepted,
    make: ({ feed, n }) => gzip(join(gzipSync(feed), new Uint8Array(1 + n * 40))),
  },
  {
    name: 'gzip of several members',
    verdict: accepted,
    make: ({ feed, random, n }) => {
      const at = 1 + random.int(feed.length - 1)
      return gzip(
        join(gzipSync(feed.slice(0, at)), n % 2 === 0 ? gzipSync('') : new Uint8Array(), gzipSync(feed.slice(at))),
      )
    },
  },
  {
    name: 'gzip whose second member is broken',
    verdict: BROKEN,
    make: ({ feed, n }) => gzip(join(gzipSync(feed), gzipSync(feed).subarray(0, 3 + n * 9))),
  },
  {
    name: 'gzip that nobody announced',
    verdict: rejected('not_xml'),
    make: ({ feed }) => ({ bytes: new Uint8Array(gzipSync(feed)) }),
  },
  {
    name: 'gzip within gzip, announced once',
    verdict: rejected('not_xml'),
    make: ({ feed }) => gzip(gzipSync(gzipSync(feed))),
  },
  {
    name: 'two codings announced',
    verdict: rejected('content_coding'),
    make: ({ feed, n }) =>
      gzip(gzipSync(gzipSync(feed)), variant(n, ['gzip, gzip', 'gzip,identity', 'identity, gzip'])),
  },
  {
    name: 'coding that we did not ask for',
    verdict: rejected('content_coding'),
    make: ({ feed, n }) => ({
      bytes: new Uint8Array(deflateSync(feed)),
      coding: variant(n, ['deflate', 'br', 'zstd', 'compress', 'utf-8', 'aws-chunked']),
    }),
  },
  {
    name: 'deflate that claims to be gzip',
    verdict: BROKEN,
    make: ({ feed, n }) => gzip(n % 2 === 0 ? deflateSync(feed) : deflateRawSync(feed)),
  },
  { name: 'plain XML that claims to be gzip', verdict: BROKEN, make: ({ feed }) => gzip(Buffer.from(feed)) },
  {
    name: 'gzip of nothing',
    verdict: rejected('not_xml'),
    make: ({ n }) => gzip(gzipSync(variant(n, ['', ' ', '\n\n']))),
  },
  {
    name: 'gzip bomb by its ratio',
    verdict: rejected('inflation_ratio'),
    make: ({ feed, n }) => gzip(gzipSync(feed + ' '.repeat(2_000_000 + n * 100_000))),
  },
  {
    name: 'gzip bomb within a sound feed',
    verdict: rejected('inflation_ratio'),
    make: ({ feed, n }) => gzip(gzipSync(`${feed}<!--${'0'.repeat(2_000_000 + n)}-->`)),
  },
  {
    name: 'gzip bomb by its size',
    verdict: rejected('too_large'),
    make: (making) => ({ ...gzip(gzipSync(long(making, 4_200_000), { level: 1 })), tight: true }),
  },
  {
    name: 'body too large on the wire',
    verdict: rejected('too_large'),
    make: (making) => ({ bytes: new Uint8Array(Buffer.from(long(making, 1_100_000))), tight: true }),
  },
]
