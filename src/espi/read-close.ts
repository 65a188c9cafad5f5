import { parseExact } from '../units/exact.ts'
import { decodeText } from './decode-text.ts'
import { type Entry, isContent } from './entry.ts'
import { parseInstant } from './parse-instant.ts'
import { countUnknown, keepReadings } from './read-open.ts'
import type { Draft, Reader } from './reader.ts'
import { breakTrace, endTrace, traceNumber } from './reading-template.ts'
import { setNumber, setOdd, takeReadings } from './readings.ts'
import * as plans from './shapes.ts'
import type { Plan } from './shapes.ts'

/** Takes a run of text; only leaves have any that counts. */
export function readText(r: Reader, start: number, end: number, flags: number): void {
  if (r.leaf === null || r.skip > 0) return
  if (flags === 0 && r.leafStart < 0 && r.leafText === '') {
    r.leafStart = start
    r.leafEnd = end
    return
  }
  keepText(r)
  r.leafText += decodeText(bufferOf(r), start, end, flags, false)
}

/** The bytes of an open leaf are about to go: keep them as a string. */
export function keepText(r: Reader): void {
  if (r.leafStart < 0) return
  r.leafText += decodeText(bufferOf(r), r.leafStart, r.leafEnd, 0, false)
  r.leafStart = -1
}

const NO_BYTES = new Uint8Array()
const bufferOf = (r: Reader): Uint8Array => r.tokenizer?.buffer ?? NO_BYTES

/** Takes the end of an element. */
export function readClose(r: Reader, end: number): void {
  if (r.skip > 0) {
    r.skip--
    return
  }
  const { leaf } = r
  if (leaf !== null) {
    if (leaf.type === plans.COLUMN_LEAF) closeColumn(r, leaf)
    else closeLeaf(r, leaf)
    r.leaf = null
    return
  }
  if (r.height === 0) return
  const at = --r.height
  r.shape = r.shapeStack[at - 1] ?? plans.CONTENT_SHAPE
  const plan = r.planStack[at]
  if (plan === undefined || plan.type === plans.GROUP) return
  if (plan.type === plans.ROW) {
    endTrace(r, end)
    return
  }
  closeContainer(r, plan, r.objectStack[at] ?? {}, end)
}

/** The hot path: a plain whole number goes from bytes to its column without a string. */
function closeColumn(r: Reader, leaf: Plan): void {
  const { leafStart } = r
  if (leafStart >= 0) {
    const value = wholeNumber(bufferOf(r), leafStart, r.leafEnd)
    if (!Number.isNaN(value)) {
      setNumber(r.readings, leaf.column, value)
      traceNumber(r.trace, leafStart, r.leafEnd, leaf.column)
      return
    }
    keepText(r)
  }
  const text = r.leafText.trim()
  if (text !== '') breakTrace(r.trace)
  if (text === '' || setOdd(r.readings, leaf.column, text)) return
  // Codes only describe a reading (a quality in words): without them it is still one. Times and numbers are the reading.
  if (plans.DESCRIBING.has(leaf.key)) countUnknown(r, leaf.key)
  else notANumber(r, `IntervalReading ${leaf.key}`)
}

/** A whole number of up to 15 digits, blanks around it allowed; NaN for anything else. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let stop = end
  while (at < stop && (bytes[at] ?? 0) <= 0x20) at++
  while (stop > at && (bytes[stop - 1] ?? 0) <= 0x20) stop--
  const negative = bytes[at] === 0x2d
  if (negative) at++
  if (at >= stop || stop - at > 15) return NaN
  let value = 0
  for (; at < stop; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return negative && value !== 0 ? -value : value
}

function closeLeaf(r: Reader, leaf: Plan): void {
  keepText(r)
  const text = r.leafText.trim()
  const object = r.objectStack[r.height - 1]
  if (text === '' || object === undefined) return
  if (leaf.type === plans.TEXT_LEAF) set(object, leaf, text)
  else if (leaf.type === plans.DECIMAL_LEAF) {
    if (parseExact(text) === null) notANumber(r, leaf.key)
    else set(object, leaf, text)
  } else {
    const number = parseExact(text)
    const value = Number(text)
    if (number === null || !Number.isInteger(value)) notANumber(r, leaf.key)
    else if (Number.isSafeInteger(value)) set(object, leaf, value)
    else problem(r, 'number_out_of_range', `${leaf.key} is beyond what a moment, code or count can be`)
  }
}

function set(object: Record<string, unknown>, leaf: { key: string; list: boolean }, value: unknown): void {
  const list = leaf.list ? object[leaf.key] : null
  if (Array.isArray(list)) list.push(value)
  else object[leaf.key] = value
}

function notANumber(r: Reader, name: string): void {
  problem(r, 'not_a_number', `${name} is not a number, or not a whole one where ESPI wants that`)
}

function problem(r: Reader, code: 'not_a_number' | 'number_out_of_range', what: string): void {
  const draft = r.drafts.at(-1)
  if (draft === undefined || r.resource === null) return
  draft.problem ??= {
    code,
    kind: r.resource,
    readings: null,
    message: `${what}; the entry was left out and the rest of the feed was kept. Ask the utility to send it again.`,
  }
}

function closeContainer(r: Reader, plan: Plan, object: Record<string, unknown>, end: number): void {
  const parent = r.objectStack[r.height - 1]
  if (plan.type === plans.OBJECT) {
    if (parent !== undefined) set(parent, plan, object)
  } else if (plan.type === plans.BLOCK_PERIOD) Object.assign(r.readings.blocks.at(-1) ?? {}, object)
  else if (plan.type === plans.RESOURCE) closeResource(r, plan, object, end)
  else if (plan.type === plans.ENTRY) emit(r, end)
  else if (plan.type === plans.FEED) closeFeed(r)
}

function closeResource(r: Reader, plan: Plan, object: Record<string, unknown>, end: number): void {
  const block = r.readings.blocks.at(-1)
  if (plan.key === 'IntervalBlock') {
    if (block !== undefined) block.to = r.readings.row + 1
  } else if (r.resource !== null) r.drafts.at(-1)?.contents.push({ kind: r.resource, value: object })
  r.resource = null
  if (r.height === 0) emit(r, end) // a bare resource at the root
}

function emit(r: Reader, end: number): void {
  const draft = r.drafts.at(-1)
  if (draft === undefined) return
  if (draft.problem === null) keepReadings(r)
  else if (r.readings.blocks.length > 0) draft.problem.readings = takeReadings(r.readings)
  r.drafts.pop()
  r.seen.entries++
  const entry = finishEntry(draft, (r.tokenizer?.base ?? 0) + end)
  const contents = draft.problem === null ? draft.contents : []
  if (contents.length === 0) r.entries.push(entry)
  for (const content of contents) if (isContent(content)) r.entries.push({ ...entry, content })
}

function finishEntry(draft: Draft, endOffset: number): Entry {
  return {
    id: text(draft, 'id'),
    title: text(draft, 'title'),
    published: instant(draft, 'published'),
    updated: instant(draft, 'updated'),
    self: draft.self,
    up: draft.up,
    related: draft.related,
    bare: draft.bare,
    startOffset: draft.startOffset,
    endOffset,
    content: null,
    problem: draft.problem,
    unknown: [...(draft.unknown ?? [])].map(([name, count]) => ({ name, count })),
  }
}

function text(draft: Draft, name: string): string | null {
  const value = draft.texts[name]
  return typeof value === 'string' ? value : null
}

function instant(draft: Draft, name: string): Entry['updated'] {
  const value = text(draft, name)
  return value === null ? null : parseInstant(value)
}

function closeFeed(r: Reader): void {
  const draft = r.drafts.pop()
  if (draft !== undefined)
    r.heads.push({
      id: text(draft, 'id'),
      title: text(draft, 'title'),
      updated: instant(draft, 'updated'),
      self: draft.self,
    })
}
