import { ATOM_FAULTS } from './classes/atom.ts'
import { BODIES } from './classes/bodies.ts'
import { CAPPED } from './classes/caps.ts'
import { CHARACTERS } from './classes/characters.ts'
import { CODINGS } from './classes/codings.ts'
import { CUT } from './classes/cut.ts'
import { DECLARATIONS } from './classes/declarations.ts'
import { ENCODINGS } from './classes/encodings.ts'
import { NAMESPACES } from './classes/namespaces.ts'
import { STRUCTURE } from './classes/structure.ts'
import { VALUES } from './classes/values.ts'
import { TAGS } from './classes/well-formedness.ts'
import type { Body, MalformedClass } from './malformed-class.ts'
import { createRandom } from './random.ts'
import { smallFeed } from './small-feed.ts'

/** Every class of the corpus, by group. */
export const GROUPS: Readonly<Record<string, readonly MalformedClass[]>> = {
  'tags and attributes': TAGS,
  'characters and references': CHARACTERS,
  namespaces: NAMESPACES,
  'declarations and entities': DECLARATIONS,
  encodings: ENCODINGS,
  'content codings': CODINGS,
  caps: CAPPED,
  'truncated bodies': CUT,
  'bodies that are no feed': BODIES,
  'Atom entries and links': ATOM_FAULTS,
  'ESPI resources': STRUCTURE,
  'ESPI values': VALUES,
}

/** Document `n` of a class: always the same bytes. */
export function makeDocument(one: MalformedClass, n: number): Body {
  const random = createRandom(seedOf(one.name) + n)
  const feed = smallFeed(random, n % 2 === 0 ? 'pge' : 'sce')
  const made = one.make({ random, n, feed })
  if (typeof made === 'string') return { bytes: new Uint8Array(Buffer.from(made)) }
  return made instanceof Uint8Array ? { bytes: made } : made
}

/** A number from the name, so that a new class changes no other one's documents. */
function seedOf(name: string): number {
  let seed = 7
  for (const character of name) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return seed
}
