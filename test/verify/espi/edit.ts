import type { Random } from './random.ts'

/** Edits of a feed's text by the local names of its elements, whatever their prefix. */

type Match = { index: number; text: string; prefix: string }

function find(text: string, random: Random, pattern: RegExp): Match {
  const found = [...text.matchAll(pattern)]
  const match = random.pick(found)
  if (match === undefined) throw new Error(`the feed has no ${pattern.source}`)
  return { index: match.index, text: match[0], prefix: match[1] ?? '' }
}

const splice = (text: string, at: number, cut: number, piece: string): string =>
  text.slice(0, at) + piece + text.slice(at + cut)

const leafOf = (local: string): RegExp => new RegExp(`<((?:\\w+:)?)${local}(?: [^<>]*)?>[^<>]*</\\1${local}>`, 'g')

/** One leaf of this name gets another text. */
export function setLeaf(text: string, random: Random, local: string, value: string): string {
  const { index, text: leaf } = find(text, random, leafOf(local))
  const from = leaf.indexOf('>') + 1
  return splice(text, index + from, leaf.lastIndexOf('<') - from, value)
}

/** A piece right before the end tag of one leaf. */
export function addToLeaf(text: string, random: Random, local: string, piece: string): string {
  const { index, text: leaf } = find(text, random, leafOf(local))
  return splice(text, index + leaf.lastIndexOf('<'), 0, piece)
}

/** One leaf becomes something else; `prefix` is the one it had, with its colon. */
export function replaceLeaf(
  text: string,
  random: Random,
  local: string,
  make: (prefix: string, leaf: string) => string,
): string {
  const { index, text: leaf, prefix } = find(text, random, leafOf(local))
  return splice(text, index, leaf.length, make(prefix, leaf))
}

/** A piece inside a start tag, before its end. */
export function addToTag(text: string, random: Random, local: string, piece: string): string {
  const { index, text: tag } = find(text, random, new RegExp(`<((?:\\w+:)?)${local}(?=[ />])[^<>]*?(?=/?>)`, 'g'))
  return splice(text, index + tag.length, 0, piece)
}

/** A whole element with everything in it becomes something else. */
export function replaceElement(
  text: string,
  random: Random,
  local: string,
  make: (element: string, prefix: string) => string,
): string {
  const pattern = new RegExp(`<((?:\\w+:)?)${local}(?: [^<>]*)?>[\\s\\S]*?</\\1${local}>`, 'g')
  const { index, text: element, prefix } = find(text, random, pattern)
  return splice(text, index, element.length, make(element, prefix))
}

/** The entry that holds a resource of this kind becomes something else. */
export function replaceEntry(text: string, kind: string, make: (entry: string, prefix: string) => string): string {
  for (const { 0: entry, 1: prefix = '', index } of text.matchAll(/<((?:\w+:)?)entry>[\s\S]*?<\/\1entry>/g))
    if (new RegExp(`<(?:\\w+:)?${kind}[ >]`).test(entry)) return splice(text, index, entry.length, make(entry, prefix))
  throw new Error(`the feed has no entry with ${kind}`)
}

/** A piece between two entries. */
export function addBetweenEntries(text: string, random: Random, piece: string): string {
  return splice(text, find(text, random, /<((?:\w+:)?)entry>/g).index, 0, piece)
}

/** A piece right after the start tag of the root. */
export function addToRoot(text: string, piece: string): string {
  const at = text.indexOf('>', text.indexOf('feed')) + 1
  return splice(text, at, 0, piece)
}

/** Every leaf of this name gets another text. */
export function setAll(text: string, local: string, value: (old: string, index: number) => string): string {
  let index = 0
  return text.replace(leafOf(local), (leaf) => {
    const from = leaf.indexOf('>') + 1
    const to = leaf.lastIndexOf('<')
    return leaf.slice(0, from) + value(leaf.slice(from, to), index++) + leaf.slice(to)
  })
}
