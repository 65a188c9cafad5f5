import { type Making, type MalformedClass, rejected } from '../malformed-class.ts'

const TRUNCATED = rejected('truncated')

/** A feed that ends somewhere inside a match of this pattern, after its first `from` characters. */
const within =
  (pattern: RegExp, from = 1) =>
  ({ feed, random }: Making): string => {
    const match = random.pick([...feed.matchAll(pattern)])
    if (match === undefined) throw new Error(`the feed has no ${pattern.source}`)
    return feed.slice(0, match.index + from + random.int(Math.max(1, match[0].length - from)))
  }

const cut = (name: string, make: (making: Making) => string | Uint8Array): MalformedClass => ({
  name,
  verdict: TRUNCATED,
  make,
})

/** A connection that broke, at every kind of place. */
export const CUT: MalformedClass[] = [
  cut('cut in the name of a start tag', within(/<(?:\w+:)?[a-zA-Z]+/g)),
  cut('cut in the name of an end tag', within(/<\/(?:\w+:)?[a-zA-Z]+>/g)),
  cut('cut in an attribute', within(/ (?:rel|href)="[^"]*"/g)),
  cut('cut in a number', within(/>\d+</g)),
  cut('cut in a text', within(/>[A-Z][a-z]+</g)),
  cut('cut between two entries', ({ feed, random }) => {
    const ends = [...feed.matchAll(/<\/(?:\w+:)?entry>/g)]
    return feed.slice(0, (random.pick(ends)?.index ?? 0) + (ends[0]?.[0].length ?? 0))
  }),
  cut('cut right before the end', ({ feed, n }) => feed.trimEnd().slice(0, -1 - n)),
  cut('cut in a comment', ({ feed, n }) => `${feed.trimEnd()}<!-- a comment that is cut`.slice(0, -n || undefined)),
  cut('cut in CDATA', ({ feed, n }) => `${feed.slice(0, feed.lastIndexOf('</'))}<![CDATA[ x ]]>`.slice(0, -1 - n)),
  cut('cut in a reference', ({ feed, n }) =>
    `${feed.slice(0, feed.lastIndexOf('</'))}&#x1F50C;`.slice(0, -1 - (n % 9)),
  ),
  cut('cut in the declaration', ({ n }) => '<?xml version="1.0" encoding="UTF-8"?>'.slice(0, 6 + n * 3)),
  cut('cut in a character', ({ feed, n }) => {
    const bytes = Buffer.from(`${feed.slice(0, feed.lastIndexOf('</'))}\u{1F50C}`)
    return new Uint8Array(bytes.subarray(0, bytes.length - 1 - (n % 3)))
  }),
  {
    name: 'cut, and zeros instead',
    verdict: rejected('bad_encoding'),
    make: ({ feed, random }) => {
      const bytes = new Uint8Array(Buffer.from(feed))
      const from = bytes.indexOf(0x3e, bytes.length - 200 - random.int(300)) + 1
      return bytes.fill(0, from)
    },
  },
  {
    name: 'zeros after the end',
    verdict: rejected('not_well_formed'),
    make: ({ feed, n }) => feed + '\0'.repeat(n + 1),
  },
  {
    name: 'a piece in the middle missing',
    verdict: rejected('not_well_formed'),
    make: ({ feed, random }) => {
      const from = feed.lastIndexOf('ReadingType>') - 300 - random.int(50)
      return feed.slice(0, from) + feed.slice(feed.lastIndexOf('UsageSummary>') - random.int(80))
    },
  },
]
