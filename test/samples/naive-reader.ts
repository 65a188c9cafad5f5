import { SaxesParser } from 'saxes'

/**
 * A second opinion on a Green Button file: a plain tree from saxes and sums by BigInt. It shares no code with src/, so that one
 * mistake cannot hide on both sides; it is slow and trusts its input.
 */
export type Node = { local: string; attributes: Record<string, string>; text: string; children: Node[] }

type Times = { start: number | null; end: number | null; gaps: number; overlaps: number; repeated: number }

export type SeriesFigures = {
  point: string | null
  type: string | null
  /** uom, powerOfTenMultiplier, flowDirection, commodity, intervalLength */
  codes: (number | null)[]
  readings: number
  sum: string
  cost: string | null
} & Times

export type BillFigures = {
  point: string | null
  start: number | null
  end: number | null
  total: string | null
  consumption: string | null
  lines: number
  sum: string
}

export type Figures = {
  entries: number
  resources: Record<string, number>
  series: SeriesFigures[]
  bills: BillFigures[]
}

/** Null when saxes finds it malformed or its root is nothing of ours. */
export function readFigures(text: string): Figures | null {
  try {
    const roots = splitDocuments(text).map(readTree)
    return roots.length > 0 && roots.every(isOurs) ? count(roots) : null
  } catch {
    return null
  }
}

const RESOURCES = new Set(
  'UsagePoint MeterReading ReadingType IntervalBlock UsageSummary ElectricPowerUsageSummary ElectricPowerQualitySummary LocalTimeParameters ProgramIdMappings ServiceStatus BatchList Authorization ApplicationInformation Customer CustomerAccount CustomerAgreement ServiceLocation ServiceSupplier Meter EndDevice ProgramDateIdMappings Statement'.split(
    ' ',
  ),
)

function splitDocuments(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/(?=<\?xml )/)
    .map((part) => part.replace(/^(<\?xml [^>]*>)\\n/, '$1').trim())
    .filter((part) => part !== '')
}

function readTree(text: string): Node {
  const top: Node = { local: '', attributes: {}, text: '', children: [] }
  const stack = [top]
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ local, attributes }) => {
    const node: Node = { local, attributes: {}, text: '', children: [] }
    for (const { name, value } of Object.values(attributes)) node.attributes[name] = value
    stack.at(-1)?.children.push(node)
    stack.push(node)
  })
  parser.on('closetag', () => void stack.pop())
  parser.on('text', (piece) => {
    const node = stack.at(-1)
    if (node !== undefined) node.text += piece
  })
  parser.write(text).close()
  const root = top.children[0]
  if (root === undefined) throw new Error('no root')
  return root
}

const isOurs = ({ local }: Node): boolean => local === 'feed' || local === 'entry' || RESOURCES.has(local)

function count(roots: Node[]): Figures {
  const entries = roots.flatMap((root) =>
    root.local === 'feed' ? all(root, 'entry') : root.local === 'entry' ? [root] : [],
  )
  const bare = roots.filter(({ local }) => RESOURCES.has(local))
  const held = [
    ...entries.flatMap((entry) =>
      children(entry, 'content').flatMap((content) => content.children.map((node) => ({ entry, node }))),
    ),
    ...bare.map((node) => ({ entry: null, node })),
  ]
  const resources: Record<string, number> = { IntervalReading: 0 }
  for (const name of RESOURCES) resources[name] = 0
  const known = held
    .map(({ entry, node }) => ({ entry, node, name: node.local === 'statement' ? 'Statement' : node.local }))
    .filter(({ name }) => RESOURCES.has(name))
  for (const { name, node } of known) {
    resources[name] = (resources[name] ?? 0) + 1
    if (name === 'IntervalBlock')
      resources['IntervalReading'] = (resources['IntervalReading'] ?? 0) + children(node, 'IntervalReading').length
  }
  const bills = known.filter(({ name }) => name === 'UsageSummary' || name === 'ElectricPowerUsageSummary')
  return {
    entries: entries.length,
    resources,
    series: readSeries(known),
    bills: bills.map(({ entry, node }) => ({ point: pointOf(known, entry), ...readBill(node) })),
  }
}

type Held = { entry: Node | null; node: Node; name: string }

/** Blocks by usage point and reading type. */
function readSeries(known: Held[]): SeriesFigures[] {
  const groups = new Map<string, { point: string | null; type: Held | undefined; blocks: Node[] }>()
  for (const { entry, node, name } of known) {
    if (name !== 'IntervalBlock') continue
    const reading = parentOf(known, 'MeterReading', entry)
    const type = typeOf(known, reading?.entry ?? entry, reading?.node)
    const point = pointOf(known, reading?.entry ?? entry)
    const key = [point, type === undefined ? reading?.entry && link(reading.entry, 'self') : selfOf(type)].join(' ')
    const group = groups.get(key) ?? { point, type, blocks: [] }
    group.blocks.push(node)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ point, type, blocks }) => {
    const readings = blocks.flatMap((block) => children(block, 'IntervalReading'))
    const code = (field: string): number | null => (type === undefined ? null : number(type.node, field))
    return {
      point,
      type: type === undefined ? null : selfOf(type),
      codes: ['uom', 'powerOfTenMultiplier', 'flowDirection', 'commodity', 'intervalLength'].map(code),
      readings: readings.length,
      sum: sum(readings.map((reading) => value(reading, 'value'))) ?? '0',
      cost: sum(readings.map((reading) => value(reading, 'cost'))),
      ...times(readings, code('intervalLength') ?? 0),
    }
  })
}

const selfOf = ({ entry }: Held): string | null => (entry === null ? null : (link(entry, 'self') ?? null))
const rest = (href: string): string => href.replace(/^.*\/resource\//, '').replace(/\/+$/, '')

/** The standard's link first (up is one of the parent's related), then the address, then the only one there is. */
function parentOf(known: Held[], name: string, child: Node | null): Held | undefined {
  const parents = known.filter((one) => one.name === name)
  const ups = child === null ? [] : links(child, 'up').map(rest)
  const selves = child === null ? [] : links(child, 'self').map(rest)
  return (
    parents.find(({ entry }) => entry && links(entry, 'related').some((href) => ups.includes(rest(href)))) ??
    parents.find((one) => [...selves, ...ups].some((href) => `${href}/`.startsWith(`${rest(selfOf(one) ?? '?')}/`))) ??
    (parents.length === 1 ? parents[0] : undefined)
  )
}

function pointOf(known: Held[], child: Node | null): string | null {
  const point = parentOf(known, 'UsagePoint', child)
  return point === undefined ? null : selfOf(point)
}

function typeOf(known: Held[], entry: Node | null, reading: Node | undefined): Held | undefined {
  const nested = reading === undefined ? undefined : children(reading, 'ReadingType')[0]
  if (nested !== undefined) return { entry: null, node: nested, name: 'ReadingType' }
  const types = known.filter(({ name }) => name === 'ReadingType')
  const related = entry === null ? [] : links(entry, 'related').map(rest)
  return types.find((one) => related.includes(rest(selfOf(one) ?? '?'))) ?? (types.length === 1 ? types[0] : undefined)
}

/** Second by second in order of the starts: what begins again, what begins before all before it has ended, what begins later. */
function times(readings: Node[], length: number): Times {
  const spans = readings
    .flatMap((reading) => children(reading, 'timePeriod'))
    .flatMap((period) => {
      const start = number(period, 'start')
      return start === null || !Number.isInteger(start) ? [] : [[start, start + (number(period, 'duration') ?? length)]]
    })
    .map(([start = 0, end = 0]) => ({ start, end }))
    .sort((a, b) => (a.start === b.start ? a.end - b.end : a.start - b.start))
  const result: Times = { start: spans[0]?.start ?? null, end: null, gaps: 0, overlaps: 0, repeated: 0 }
  for (const [index, { start, end }] of spans.entries()) {
    const before = spans[index - 1]
    if (before !== undefined && result.end !== null) {
      if (before.start === start) result.repeated += 1
      else if (start < result.end) result.overlaps += 1
      else if (start > result.end && before.end > before.start) result.gaps += 1
    }
    result.end = result.end === null || end > result.end ? end : result.end
  }
  return result
}

function readBill(node: Node): Omit<BillFigures, 'point'> {
  const period = children(node, 'billingPeriod')[0]
  const start = period === undefined ? null : number(period, 'start')
  const duration = period === undefined ? null : number(period, 'duration')
  const lines = children(node, 'costAdditionalDetailLastPeriod')
  const consumption = children(node, 'overallConsumptionLastPeriod')[0]
  return {
    start,
    end: start === null || duration === null ? null : start + duration,
    total: value(node, 'billLastPeriod'),
    consumption: consumption === undefined ? null : value(consumption, 'value'),
    lines: lines.length,
    sum: sum(lines.map((line) => value(line, 'amount'))) ?? '0',
  }
}

function all(node: Node, local: string): Node[] {
  return node.children.flatMap((child) => [...(child.local === local ? [child] : []), ...all(child, local)])
}

const children = (node: Node, local: string): Node[] => node.children.filter((child) => child.local === local)

const links = (entry: Node, rel: string): string[] =>
  children(entry, 'link').flatMap(({ attributes }) => (attributes['rel'] === rel ? [attributes['href'] ?? ''] : []))
const link = (entry: Node, rel: string): string | undefined => links(entry, rel)[0]

function value(node: Node, local: string): string | null {
  const text = children(node, local).at(-1)?.text.trim()
  return text === undefined || text === '' ? null : text
}

function number(node: Node, local: string): number | null {
  const text = value(node, local)
  return text === null ? null : Number(text)
}

/** Exact: everything in units of 1e-12. */
function sum(texts: (string | null)[]): string | null {
  const given = texts.filter((text) => text !== null)
  if (given.length === 0) return null
  const total = given.reduce((running, text) => {
    const [whole = '', fraction = ''] = text.replace('-', '').split('.')
    const units = BigInt(whole + fraction.padEnd(12, '0'))
    return running + (text.startsWith('-') ? -units : units)
  }, 0n)
  const digits = String(total < 0n ? -total : total).padStart(13, '0')
  const rest = digits.slice(-12).replace(/0+$/, '')
  return (total < 0n ? '-' : '') + digits.slice(0, -12) + (rest === '' ? '' : `.${rest}`)
}
