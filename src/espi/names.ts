import { FeedRejected } from './errors.ts'
import { isNameCharacter } from './xml-characters.ts'

/** More distinct names than any ESPI document has; a document of endless new names is an attack on memory. */
const MAX_NAMES = 4096

/**
 * Names as small integers, found by their bytes, so that a name met before costs no string.
 * prefix and local are ids within `texts`; prefix 0 is none.
 */
export type Names = {
  /** The name that came after each name the last time: documents repeat themselves, so a guess saves the look-up. */
  following: Int16Array
  slots: Int32Array
  hashes: Int32Array
  bytes: Uint8Array[]
  /** The same bytes four at a time, the last four overlapping: comparing words is measured to be twice as fast. */
  words: Int32Array[]
  prefix: number[]
  local: number[]
  texts: string[]
  textIds: Map<string, number>
}

/** An empty table that knows `known` as texts 1, 2, 3, …; text 0 is the empty string. */
export function createNames(known: readonly string[]): Names {
  const texts = ['', ...known]
  return {
    following: new Int16Array(MAX_NAMES).fill(-1),
    slots: new Int32Array(MAX_NAMES * 2).fill(-1),
    hashes: new Int32Array(MAX_NAMES),
    bytes: [],
    words: [],
    prefix: [],
    local: [],
    texts,
    textIds: new Map(texts.map((text, id) => [text, id])),
  }
}

/** The id of the name in `bytes[start, end)` whose hash is given; new names are split at their colon and kept. */
export function intern(
  names: Names,
  source: Uint8Array,
  start: number,
  end: number,
  hash: number,
  base: number,
): number {
  const { slots, hashes, bytes } = names
  const mask = slots.length - 1
  let slot = (hash ^ (hash >>> 15)) & mask
  for (let id = slots[slot] ?? -1; id >= 0; id = slots[slot] ?? -1) {
    if (hashes[id] === hash && equal(bytes[id], source, start, end)) return id
    slot = (slot + 1) & mask
  }
  const id = bytes.length
  if (id >= MAX_NAMES) throw new FeedRejected('too_many_names', base + start, TOO_MANY)
  slots[slot] = id
  hashes[id] = hash
  const own = Uint8Array.from(source.subarray(start, end)) // slice of a Buffer is no copy, and its memory may be given back
  bytes.push(own)
  names.words.push(toWords(own))
  split(names, decoder.decode(source.subarray(start, end)), base + start)
  return id
}

/** A name may begin with U+FEFF, which a decoder takes for a byte order mark otherwise. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const TOO_MANY = `The document uses more than ${MAX_NAMES} different names, far more than ESPI has. Ask the utility for a valid feed.`

/** True when `source[start, end)` is exactly `known`. */
export function equal(known: Uint8Array | undefined, source: Uint8Array, start: number, end: number): boolean {
  if (known === undefined || known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== source[start + i]) return false
  return true
}

function toWords(name: Uint8Array): Int32Array {
  if (name.length < 4) return new Int32Array()
  const view = new DataView(name.buffer, name.byteOffset, name.length)
  const words = new Int32Array(Math.ceil(name.length / 4))
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(Math.min(i * 4, name.length - 4), true)
  return words
}

/** True when `at` (with room enough before the end of the view) holds exactly the bytes of this name. */
export function matches(names: Names, id: number, view: DataView, at: number): boolean {
  const words = names.words[id]
  const bytes = names.bytes[id]
  if (words === undefined || bytes === undefined) return false
  const last = words.length - 1
  for (let i = 0; i < last; i++) if (view.getInt32(at + i * 4, true) !== words[i]) return false
  if (last >= 0) return view.getInt32(at + bytes.length - 4, true) === words[last]
  for (let i = 0; i < bytes.length; i++) if (view.getUint8(at + i) !== bytes[i]) return false
  return true
}

/** Namespaces in XML 1.0, section 4: at most one colon, with a name on both sides. */
function split(names: Names, name: string, offset: number): void {
  const colon = name.indexOf(':')
  const local = name.slice(colon + 1)
  if (colon === 0 || local.includes(':') || !beginsName(local))
    throw new FeedRejected(
      'not_well_formed',
      offset,
      'A name has a colon in the wrong place. Ask the utility for valid XML.',
    )
  names.prefix.push(colon < 0 ? 0 : textId(names, name.slice(0, colon)))
  names.local.push(textId(names, local))
}

/** The part after a colon must begin as a name does; the part before was checked when the name was read. */
function beginsName(local: string): boolean {
  const code = local.codePointAt(0) ?? 0
  return code < 0x80 ? /^[A-Za-z_]/.test(local) : isNameCharacter(code, true)
}

/** The id of a text, new or known. */
export function textId(names: Names, text: string): number {
  const known = names.textIds.get(text)
  if (known !== undefined) return known
  const id = names.texts.length
  names.texts.push(text)
  names.textIds.set(text, id)
  return id
}
