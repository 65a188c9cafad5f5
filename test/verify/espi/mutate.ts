import { gzipSync } from 'node:zlib'

import type { Body } from './malformed-class.ts'
import { createRandom, type Random } from './random.ts'
import { smallFeed } from './small-feed.ts'

/** Small feeds of both shapes, made once: the documents that are damaged. */
const SOUND = Array.from({ length: 64 }, (_, seed) =>
  smallFeed(createRandom(seed), seed % 2 === 0 ? 'pge' : 'sce', 2 + (seed % 5)),
)

const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '-0',
  '4096',
  '9007199254740991',
  '-9007199254740993',
  '99999999999999999999',
  '1e9',
  '0.5',
  '-0.00000001',
  '253402300799',
  '1778655600000',
  'NaN',
  '日',
  '&#48;',
  '<![CDATA[7]]>',
  ' 12 ',
  '+3',
  '72',
  '119',
  '2147483648',
  '1.',
  '9'.repeat(70),
] as const
const PIECES = [
  '<',
  '>',
  '/',
  '"',
  "'",
  '&',
  ';',
  '=',
  ' ',
  ':',
  'x',
  '!',
  '-',
  ']',
  '[',
  '#',
  '?',
  'é',
  '🔌',
  '\0',
  '\n',
  '\\n',
  '\uFEFF',
  'xmlns',
  'xmlns=""',
  ' xmlns:ns0="urn:x"',
  '&amp;',
  '&x;',
  '&#x110000;',
  ']]>',
  '<![CDATA[',
  '-->',
  '<!--',
  '<?x?>',
  '<?xml version="1.0"?>',
  '<!DOCTYPE a>',
  '</',
  '/>',
  '<x/>',
  '<entry>',
  '</entry>',
  '<content>',
  '<IntervalReading>',
  '<UsagePoint xmlns="http://naesb.org/espi"/>',
  '<x xmlns="">',
  '<feed xmlns="http://www.w3.org/2005/Atom"/>',
  '{}',
  'PK',
] as const
const NAMES = [
  'value',
  'start',
  'duration',
  'IntervalBlock',
  'IntervalReading',
  'timePeriod',
  'interval',
  'entry',
  'feed',
  'content',
  'link',
  'uom',
  'cost',
  'UsageSummary',
  'ReadingType',
  'x',
  '__proto__',
] as const

type Mutation = (text: string, random: Random) => string

const splice = (text: string, at: number, cut: number, piece: string): string =>
  text.slice(0, at) + piece + text.slice(at + cut)
/** A match at or after a random place, or the first one. */
function near(text: string, random: Random, pattern: RegExp): { index: number; 0: string } | null {
  pattern.lastIndex = random.int(text.length)
  return pattern.exec(text) ?? null
}

/** Damage that knows what an element, a number and an address is: mostly still XML. */
const MEANING: readonly [Mutation, ...Mutation[]] = [
  (text, random) => {
    const found = near(text, random, />-?\d+</g)
    return found === null ? text : splice(text, found.index + 1, found[0].length - 2, random.pick(VALUES))
  },
  (text, random) => {
    const found = near(text, random, /[a-zA-Z]+(?=[ >/])/g)
    return found === null ? text : splice(text, found.index, found[0].length, random.pick(NAMES))
  },
  (text, random) => {
    // An element goes, comes twice, or moves.
    const found = near(text, random, /<((?:\w+:)?\w+)(?: [^<>]*)?>[^<>]*<\/\1>/g)
    if (found === null) return text
    const gone = splice(text, found.index, found[0].length, '')
    return random.pick([
      gone,
      splice(text, found.index, 0, found[0]),
      splice(gone, random.int(gone.length), 0, found[0]),
    ])
  },
  (text, random) => {
    const found = near(text, random, /<((?:\w+:)?(?:entry|IntervalReading|content))[ >][\s\S]*?<\/\1>/g)
    if (found === null) return text
    return random.pick([
      splice(text, found.index, found[0].length, ''),
      splice(text, found.index, 0, found[0]),
      splice(text, random.int(text.length), 0, found[0]),
    ])
  },
  (text, random) => {
    const found = near(text, random, /"[^"]*"/g)
    return found === null
      ? text
      : splice(
          text,
          found.index + 1,
          found[0].length - 2,
          random.pick([
            '',
            'self',
            'up',
            'related',
            '/',
            'x'.repeat(300),
            '../UsagePoint/1',
            'http://naesb.org/espi',
            'http://www.w3.org/2005/Atom',
          ]),
        )
  },
]

/** Damage to the text. */
const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (text, random) => splice(text, random.int(text.length + 1), random.int(4), random.pick(PIECES)),
  (text, random) => splice(text, random.int(text.length + 1), 0, random.pick(PIECES)),
  (text, random) => splice(text, random.int(text.length), 1 + random.int(60), ''),
  (text, random) => text.slice(0, random.int(text.length)),
  (text, random) => text.slice(random.int(text.length)),
  (text, random) =>
    splice(text, random.int(text.length), 0, (random.pick(SOUND) ?? '').slice(random.int(400), 400 + random.int(2000))),
  (text, random) =>
    splice(
      text,
      random.int(text.length),
      0,
      random.pick(['<x>', '<entry><content>', ' ', '\n', '<a b="', ']']).repeat(1 + random.int(80)),
    ),
]

/** Document of this seed: a sound feed with one to three faults, now and then in another encoding, with faults in its bytes, or compressed. */
export function mutatedBody(seed: number): Body {
  const random = createRandom(seed)
  let text = random.pick(SOUND) ?? ''
  for (let i = 1 + random.int(3); i > 0; i--)
    text = (random.once(2) ? random.pick(MEANING) : random.pick(MUTATIONS))(text, random)
  let bytes: Uint8Array = random.once(16)
    ? new Uint8Array(Buffer.from(`${random.pick(['\uFEFF', ''])}${text}`, 'utf16le'))
    : new Uint8Array(Buffer.from(text))
  if (random.once(6)) bytes = mutateBytes(bytes, random)
  if (!random.once(16)) return { bytes }
  const packed = new Uint8Array(gzipSync(bytes, { level: 1 }))
  return { bytes: random.once(2) ? mutateBytes(packed, random) : packed, coding: 'gzip' }
}

function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const made = Uint8Array.from(bytes)
  for (let i = 1 + random.int(3); i > 0 && made.length > 0; i--) {
    const at = random.int(made.length)
    const kind = random.int(4)
    if (kind === 0) made[at] = random.int(256)
    else if (kind === 1) made[at] = (made[at] ?? 0) ^ (1 << random.int(8))
    else if (kind === 2) made.copyWithin(at, random.int(made.length), random.int(made.length))
    else made.fill(random.pick([0, 0x20, 0xff, 0x3c]), at, at + random.int(8))
  }
  return random.once(4) ? made.subarray(0, random.int(made.length + 1)) : made
}
