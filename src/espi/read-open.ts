import { isContentKind } from './entry.ts'
import { FeedRejected } from './errors.ts'
import { type Draft, newDraft, type Reader } from './reader.ts'
import { beginBlock, beginTrace, breakTrace } from './reading-template.ts'
import { addRow } from './readings.ts'
import * as plans from './shapes.ts'
import type { Plan, Shape } from './shapes.ts'
import { attributeValue } from './tokenizer-attributes.ts'

/** Elements of one entry besides readings; more is no bill but an attack on memory. */
const MAX_ELEMENTS = 200_000
/** Different unknown names kept per entry. */
const MAX_UNKNOWN = 50

/** Entries and feeds of one body: a few bytes of the body each, a few hundred of memory. */
const MAX_ENTRIES = 500_000
/** The last of the namespaces whose elements we read: none at all, Atom, ESPI, ESPI customer. */
const OURS = 3

/** Takes the start of an element: goes into it when the table knows it, past it when not. */
export function readOpen(r: Reader, namespace: number, local: number, start: number): void {
  if (r.skip > 0) {
    r.skip++
    return
  }
  const plan = r.leaf === null && namespace <= OURS ? r.shape.plans[local] : undefined
  if (plan === undefined) {
    if (r.height === 0) refuseRoot(r, local, start)
    if (namespace === 2 || namespace === 3) r.seen.espi = true
    countUnknown(r, r.tokenizer?.names.texts[local] ?? '')
    r.skip = 1
    breakTrace(r.trace)
  } else if (plan.type <= plans.COLUMN_LEAF) {
    r.leaf = plan
    r.leafStart = -1
    r.leafText = ''
    if (plan.list) countElement(r)
  } else if (plan.type === plans.ROW) {
    addRow(r.readings)
    beginTrace(r.trace)
    push(r, plan, plan.shape, NO_OBJECT)
  } else if (plan.type === plans.GROUP) push(r, plan, plan.shape, NO_OBJECT)
  else openContainer(r, plan, namespace, local, start)
}

/** Stands in frames whose elements become columns. */
const NO_OBJECT: Record<string, unknown> = Object.freeze({})

function push(r: Reader, plan: Plan, shape: Shape | null, object: Record<string, unknown>): void {
  const next = shape ?? plans.CONTENT_SHAPE
  const at = r.height++
  r.planStack[at] = plan
  r.shapeStack[at] = next
  r.objectStack[at] = object
  r.shape = next
}

function openContainer(r: Reader, plan: Plan, namespace: number, local: number, start: number): void {
  breakTrace(r.trace)
  if (r.height === 0) openRoot(r, plan, namespace, local, start)
  if (plan.type === plans.OBJECT || plan.type === plans.BLOCK_PERIOD) {
    countElement(r)
    push(r, plan, plan.shape, create(plan.shape))
  } else if (plan.type === plans.LINK) {
    readLink(r)
    r.skip = 1
  } else if (plan.type === plans.ENTRY || plan.type === plans.FEED) {
    keepReadings(r)
    if (++r.seen.drafts > MAX_ENTRIES)
      throw new FeedRejected(
        'too_large',
        (r.tokenizer?.base ?? 0) + start,
        `The body has more than ${MAX_ENTRIES} entries. Ask the utility for a valid feed.`,
      )
    const draft = newDraft((r.tokenizer?.base ?? 0) + start)
    r.drafts.push(draft)
    push(r, plan, plan.shape, draft.texts)
  } else if (plan.type === plans.CONTENT) push(r, plan, plan.shape, NO_OBJECT)
  else openResource(r, plan)
}

function openResource(r: Reader, plan: Plan): void {
  r.seen.resources++
  countElement(r)
  r.resource = isContentKind(plan.key) ? plan.key : null
  if (plan.key === 'IntervalBlock') {
    const from = r.readings.row + 1
    beginBlock(r.trace)
    r.readings.blocks.push({ start: null, duration: null, uom: null, currency: null, from, to: from })
    push(r, plan, plan.shape, NO_OBJECT)
  } else push(r, plan, plan.shape, create(plan.shape))
}

/** A fresh object with everything missing. */
function create(shape: Shape | null): Record<string, unknown> {
  const object = { ...shape?.template }
  for (const key of shape?.lists ?? []) object[key] = []
  return object
}

/** Blocks read so far belong to the entry that is open, not to one nested in it. */
export function keepReadings(r: Reader): void {
  const draft = r.drafts.at(-1)
  if (r.readings.blocks.length > 0 && draft !== undefined)
    draft.contents.push({ kind: 'IntervalBlock', value: r.take(r.readings) })
}

/** A bare resource is an entry without links; a root that is neither Atom nor ESPI is some other document. */
function openRoot(r: Reader, plan: Plan, namespace: number, local: number, start: number): void {
  const atom = plan.type === plans.FEED || plan.type === plans.ENTRY
  if (atom ? namespace > 1 : namespace !== 2 && namespace !== 3) refuseRoot(r, local, start)
  if (plan.type === plans.RESOURCE) r.drafts.push(newDraft((r.tokenizer?.base ?? 0) + start, true))
}

function refuseRoot(r: Reader, local: number, start: number): never {
  const name = (r.tokenizer?.names.texts[local] ?? '').toLowerCase()
  const what =
    name === 'html' ? 'The body is an HTML page, often a login or maintenance page' : 'The body is XML of another kind'
  throw new FeedRejected(
    'not_green_button',
    (r.tokenizer?.base ?? 0) + start,
    `${what}: its root is neither an Atom feed or entry nor an ESPI resource. Fetch it again, or ask the utility for the Green Button XML.`,
  )
}

function readLink(r: Reader): void {
  const t = r.tokenizer
  const draft = r.drafts.at(-1)
  if (t === null || draft === undefined) return
  let rel = ''
  let href: string | null = null
  for (let i = 0; i < t.attributes.count; i++) {
    if (t.attributes.namespace[i] !== 0) continue
    const name = t.names.local[t.attributes.name[i] ?? 0]
    if (name === REL) rel = attributeValue(t, i).trim()
    else if (name === HREF) href = attributeValue(t, i).trim()
  }
  if (href !== null) addLink(r, draft, rel, href)
}

const REL = plans.nameId('rel')
const HREF = plans.nameId('href')

/** SCE repeats links; the first self and up count. */
function addLink(r: Reader, draft: Draft, rel: string, href: string): void {
  countElement(r)
  if (rel === 'self') draft.self ??= href
  else if (rel === 'up') draft.up ??= href
  else if (rel === 'related' && draft.related.length < 1000 && !draft.related.includes(href)) draft.related.push(href)
}

function countElement(r: Reader): void {
  const draft = r.drafts.at(-1)
  if (draft === undefined) return
  draft.elements++
  if (draft.elements > MAX_ELEMENTS)
    throw new FeedRejected(
      'too_large',
      draft.startOffset,
      `One entry has more than ${MAX_ELEMENTS} elements besides readings. Ask the utility for a valid feed.`,
    )
}

/** Counts an element, or the text of one, that says nothing we know. */
export function countUnknown(r: Reader, element: string): void {
  const draft = r.drafts.at(-1)
  if (r.resource === null || draft === undefined) return
  const name = `${r.resource}/${element}`
  draft.unknown ??= new Map()
  if (draft.unknown.has(name) || draft.unknown.size < MAX_UNKNOWN)
    draft.unknown.set(name, (draft.unknown.get(name) ?? 0) + 1)
}
