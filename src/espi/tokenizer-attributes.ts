import { equal } from './names.ts'
import { checkReference } from './tokenizer-references.ts'
import { checkSequence, internName, scanName } from './tokenizer-scan.ts'
import { CAPS, HAS_REFERENCES, HAS_RETURNS, refuse, type Tokenizer } from './tokenizer-state.ts'
import { decodeText } from './decode-text.ts'
import { ATTRIBUTE, isBlank } from './xml-characters.ts'

/**
 * Reads the attributes of a start tag from `at` (right after the name) and binds the namespaces they declare.
 * Returns the position of the closing `>` or `/`, or -1 when the tag is cut off. Source: XML 1.0 section 3.1 and
 * Namespaces in XML 1.0 sections 3, 5 and 6.3.
 */
export function readAttributes(t: Tokenizer, at: number, end: number): number {
  const { buffer, attributes } = t
  let next = at
  for (;;) {
    const before = next
    while (next < end && isBlank(buffer[next])) next++
    if (next >= end) return -1
    if (buffer[next] === 0x3e || buffer[next] === 0x2f) break
    if (next === before)
      refuse(t, next, 'not_well_formed', 'A blank is missing before an attribute. Ask the utility for valid XML.')
    const nameEnd = scanName(t, next, end)
    if (nameEnd >= end) return -1
    const start = readEquals(t, nameEnd, end)
    if (start < 0) return -1
    const stop = readValue(t, start + 1, end, buffer[start] ?? 0)
    if (stop < 0) return -1
    if (attributes.count >= CAPS.attributes)
      refuse(
        t,
        next,
        'too_many_attributes',
        `An element has more than ${CAPS.attributes} attributes. Ask the utility for a valid feed.`,
      )
    attributes.name[attributes.count] = internName(t, next, nameEnd)
    attributes.start[attributes.count] = start + 1
    attributes.end[attributes.count] = stop
    attributes.count++
    next = stop + 1
  }
  if (attributes.count > 0) resolve(t, at)
  return next
}

/** Position of the opening quote after `=`. */
function readEquals(t: Tokenizer, at: number, end: number): number {
  const { buffer } = t
  let next = at
  while (next < end && isBlank(buffer[next])) next++
  if (next >= end) return -1
  if (buffer[next] !== 0x3d)
    refuse(t, next, 'not_well_formed', 'An attribute has no value. Ask the utility for valid XML.')
  next++
  while (next < end && isBlank(buffer[next])) next++
  if (next >= end) return -1
  if (buffer[next] !== 0x22 && buffer[next] !== 0x27)
    refuse(t, next, 'not_well_formed', 'An attribute value has no quotes. Ask the utility for valid XML.')
  return next
}

/** Position of the closing quote; notes in the flags of the attribute what its text needs. */
function readValue(t: Tokenizer, at: number, end: number, quote: number): number {
  const { buffer } = t
  let flags = 0
  let next = at
  for (;;) {
    while (next < end && ATTRIBUTE[buffer[next] ?? 0] === 0) next++
    if (next >= end) return -1
    const byte = buffer[next] ?? 0
    if (byte === quote) break
    if (byte === 0x3c)
      refuse(t, next, 'not_well_formed', 'An attribute value holds "<". Ask the utility for valid XML.')
    if (byte === 0x26) {
      next = checkReference(t, next, end)
      if (next < 0) return -1
      flags |= HAS_REFERENCES
    } else if (byte >= 0x80 || byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte === 0x0b || byte === 0x0c) {
      const length = checkSequence(t, next, end)
      if (length === 0) return -1
      next += length
    } else {
      if (byte < 0x20) flags |= HAS_RETURNS
      next++
    }
  }
  if (t.attributes.count < CAPS.attributes) t.attributes.flags[t.attributes.count] = flags
  return next
}

/** The value of attribute `index` of the start tag being reported, as text. */
export function attributeValue(t: Tokenizer, index: number): string {
  const { start, end, flags } = t.attributes
  const text = decodeText(t.buffer, start[index] ?? 0, end[index] ?? 0, flags[index] ?? 0, true)
  return text
}

const XML = 1
const XMLNS = 2
const XML_NAMESPACE = 4
const XMLNS_NAMESPACE = 5

/** Binds the xmlns attributes first, then gives every attribute its namespace and refuses repeated ones. */
function resolve(t: Tokenizer, at: number): void {
  const { attributes, names } = t
  for (let i = 0; i < attributes.count; i++) {
    const name = attributes.name[i] ?? 0
    const prefix = names.prefix[name] ?? 0
    const local = names.local[name] ?? 0
    if (prefix === XMLNS) bind(t, local, i)
    else if (prefix === 0 && local === XMLNS) bind(t, 0, i)
  }
  for (let i = 0; i < attributes.count; i++) {
    const prefix = names.prefix[attributes.name[i] ?? 0] ?? 0
    const namespace = prefix === 0 ? 0 : (t.bindings[prefix] ?? -1)
    if (namespace < 0)
      refuse(
        t,
        at,
        'unbound_prefix',
        'An attribute has a prefix that no xmlns attribute declares. Ask the utility for valid XML.',
      )
    attributes.namespace[i] = namespace
    for (let j = 0; j < i; j++)
      if (same(t, i, j))
        refuse(t, at, 'not_well_formed', 'An attribute stands twice in one tag. Ask the utility for valid XML.')
  }
}

function same(t: Tokenizer, a: number, b: number): boolean {
  const { attributes, names } = t
  if (attributes.name[a] === attributes.name[b]) return true
  return (
    attributes.namespace[a] !== 0 &&
    attributes.namespace[a] === attributes.namespace[b] &&
    names.local[attributes.name[a] ?? 0] === names.local[attributes.name[b] ?? 0]
  )
}

function bind(t: Tokenizer, prefix: number, index: number): void {
  const at = t.attributes.start[index] ?? 0
  const namespace = findNamespace(t, index) ?? namespaceId(t, attributeValue(t, index).trim(), at)
  const reserved =
    namespace === XMLNS_NAMESPACE || prefix === XMLNS || (namespace === XML_NAMESPACE) !== (prefix === XML)
  if (reserved || (namespace === 0 && prefix !== 0))
    refuse(
      t,
      at,
      'not_well_formed',
      'An xmlns attribute binds what XML reserves, or a prefix to nothing. Ask the utility for valid XML.',
    )
  t.undo.push(prefix, t.bindings[prefix] ?? -1)
  t.bindings[prefix] = namespace
}

/** By its bytes, without a string; some feeds declare a namespace in every tag. Bytes with references are not what they say. */
function findNamespace(t: Tokenizer, index: number): number | null {
  const { start, end, flags } = t.attributes
  if (flags[index] !== 0) return null
  for (let id = 0; id < t.namespaceBytes.length; id++)
    if (equal(t.namespaceBytes[id], t.buffer, start[index] ?? 0, end[index] ?? 0)) return id
  return null
}

function namespaceId(t: Tokenizer, uri: string, at: number): number {
  const known = t.namespaces.indexOf(uri)
  if (known >= 0) return known
  if (t.namespaces.length >= CAPS.nameBytes)
    refuse(
      t,
      at,
      'too_many_names',
      `The document declares more than ${CAPS.nameBytes} namespaces. Ask the utility for a valid feed.`,
    )
  t.namespaceBytes.push(new TextEncoder().encode(uri))
  return t.namespaces.push(uri) - 1
}
