import { COLUMNS } from './readings.ts'
import { ALIASES, RESOURCES } from './resources.ts'
import { FIRST_KNOWN } from './tokenizer-state.ts'

/** Columns that describe a reading; a text in them that is no number is passed over. */
export const DESCRIBING: ReadonlySet<string> = new Set(['quality', 'tou', 'tier', 'cpp'])

/** What to do with an element: the tables of resources.ts, compiled so that one array access by name id finds it. */
export type Plan = {
  key: string
  type: PlanType
  list: boolean
  shape: Shape | null
  column: number
}
export type Shape = { plans: (Plan | undefined)[]; template: Record<string, unknown>; lists: string[] }

export const TEXT_LEAF = 0
export const INTEGER_LEAF = 1
export const DECIMAL_LEAF = 2
export const COLUMN_LEAF = 3
export const OBJECT = 4
export const GROUP = 5
export const ROW = 6
export const BLOCK_PERIOD = 7
export const FEED = 8
export const ENTRY = 9
export const LINK = 10
export const CONTENT = 11
export const RESOURCE = 12
type PlanType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12

const nothing: Plan = { key: '', type: GROUP, list: false, shape: null, column: -1 }

const ATOM_NAMES = [
  'feed',
  'entry',
  'id',
  'title',
  'published',
  'updated',
  'link',
  'content',
  'rel',
  'href',
  'IntervalBlock',
]
const READING_NAMES = [
  'interval',
  'IntervalReading',
  'cost',
  'ReadingQuality',
  'quality',
  'timePeriod',
  'consumptionTier',
]

/** Every local name we know, in the order of their text ids from FIRST_KNOWN on. */
export const KNOWN_NAMES = [
  ...new Set([...ATOM_NAMES, ...READING_NAMES, ...allNames(RESOURCES), ...Object.keys(ALIASES)]),
]
const ids = new Map(KNOWN_NAMES.map((name, index) => [name, index + FIRST_KNOWN]))

/** The text id of a known name. */
export function nameId(name: string): number {
  const id = ids.get(name)
  if (id === undefined) throw new RangeError(`not a known name: ${name}`)
  return id
}

/** What may stand in `content`, or at the root of a document. */
export const CONTENT_SHAPE: Shape = { plans: empty(), template: {}, lists: [] }
for (const [name, fields] of Object.entries(RESOURCES)) addResource(name, compile(fields))
for (const [alias, name] of Object.entries(ALIASES))
  CONTENT_SHAPE.plans[nameId(alias)] ??= CONTENT_SHAPE.plans[nameId(name)]
addResource('IntervalBlock', intervalBlock())

const text = (key: string): Plan => ({ ...nothing, type: TEXT_LEAF, key })
const link: Plan = { ...nothing, type: LINK }
const content: Plan = { ...nothing, type: CONTENT, shape: CONTENT_SHAPE }
const entry: Plan = {
  ...nothing,
  type: ENTRY,
  shape: group({
    id: text('id'),
    title: text('title'),
    published: text('published'),
    updated: text('updated'),
    link,
    content,
  }),
}
const feed: Plan = {
  ...nothing,
  type: FEED,
  shape: group({ id: text('id'), title: text('title'), updated: text('updated'), link, entry }),
}
for (const shape of [CONTENT_SHAPE, feed.shape]) if (shape) shape.plans[nameId('feed')] = feed
CONTENT_SHAPE.plans[nameId('entry')] = entry

function addResource(key: string, shape: Shape): void {
  CONTENT_SHAPE.plans[nameId(key)] = { ...nothing, type: RESOURCE, key, shape }
}

function allNames(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, field]: [string, unknown]) => {
    const child: unknown = Array.isArray(field) ? field[0] : field
    return typeof child === 'object' && child !== null ? [name, ...allNames(child)] : [name]
  })
}

function compile(fields: object): Shape {
  const shape: Shape = { plans: empty(), template: {}, lists: [] }
  for (const [key, field] of Object.entries(fields) as [string, unknown][]) {
    const list = Array.isArray(field)
    const child: unknown = Array.isArray(field) ? field[0] : field
    const object = typeof child === 'object' && child !== null ? child : null
    const leaf = child === 'text' ? TEXT_LEAF : child === 'integer' ? INTEGER_LEAF : DECIMAL_LEAF
    const plan: Plan = { key, list, column: -1, type: object ? OBJECT : leaf, shape: object ? compile(object) : null }
    shape.plans[nameId(key)] = plan
    shape.template[key] = null
    if (list) shape.lists.push(key)
  }
  for (const [alias, name] of Object.entries(ALIASES)) {
    const plan = ids.has(name) ? shape.plans[nameId(name)] : undefined
    if (plan !== undefined) shape.plans[nameId(alias)] ??= plan
  }
  return shape
}

function empty(): (Plan | undefined)[] {
  return Array.from<Plan | undefined>({ length: KNOWN_NAMES.length + FIRST_KNOWN }).fill(undefined)
}

function intervalBlock(): Shape {
  const period = compile({ duration: 'integer', start: 'integer', uom: 'integer', currency: 'integer' })
  const reading = group({
    cost: column('cost'),
    ReadingQuality: { ...nothing, type: GROUP, shape: group({ quality: column('quality') }) },
    timePeriod: { ...nothing, type: GROUP, shape: group({ duration: column('duration'), start: column('start') }) },
    value: column('value'),
    consumptionTier: column('tier'),
    tou: column('tou'),
    cpp: column('cpp'),
    powerOfTenMultiplier: column('multiplier'),
  })
  return group({
    interval: { ...nothing, type: BLOCK_PERIOD, shape: period },
    IntervalReading: { ...nothing, type: ROW, shape: reading },
  })
}

function column(name: (typeof COLUMNS)[number]): Plan {
  return { ...nothing, type: COLUMN_LEAF, key: name, column: COLUMNS.indexOf(name) }
}

function group(plans: Record<string, Plan>): Shape {
  const shape: Shape = { plans: empty(), template: {}, lists: [] }
  for (const [name, plan] of Object.entries(plans)) shape.plans[nameId(name)] = { ...plan, key: name }
  return shape
}
