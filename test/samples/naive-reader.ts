import { SaxesParser } from 'saxes'

/**
 * A second opinion on a Green Button file: a plain tree from saxes and sums by BigInt. It shares no code with src/, so that one
 * mistake cannot hide on both sides; it is slow and trusts its input.
 */
export type Node = { local: string; attributes: Record<string, string>; text: string; children: Node[] }

export type Figures = {
  entries: number
  resources: Record<string, number>
  series: { readings: number; sum: string; cost: string | null }[]
  bills: {
    start: number | null
    end: number | null
    total: string | null
    consumption: string | null
    lines: number
    sum: string
  }[]
  start: number | null
  end: number | null
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
  const groups = new Map<string, Node[]>()
  const bills: Figures['bills'] = []
  for (const { entry, node } of held) {
    const name = node.local === 'statement' ? 'Statement' : node.local
    if (!RESOURCES.has(name)) continue
    resources[name] = (resources[name] ?? 0) + 1
    if (name === 'IntervalBlock') {
      const key = entry === null ? '' : (link(entry, 'up') ?? '').replace(/\/IntervalBlock\/?$/, '')
      groups.set(key, [...(groups.get(key) ?? []), node])
    }
    if (name === 'UsageSummary' || name === 'ElectricPowerUsageSummary') bills.push(readBill(node))
  }
  const readings = [...groups.values()].map((blocks) => blocks.flatMap((block) => children(block, 'IntervalReading')))
  resources['IntervalReading'] = readings.flat().length
  const periods = readings
    .flat()
    .flatMap((reading) => children(reading, 'timePeriod'))
    .flatMap((period) => {
      const start = number(period, 'start')
      return start === null ? [] : [{ start, end: start + (number(period, 'duration') ?? 0) }]
    })
  return {
    entries: entries.length,
    resources,
    series: readings.map((list) => ({
      readings: list.length,
      sum: sum(list.map((reading) => value(reading, 'value'))) ?? '0',
      cost: sum(list.map((reading) => value(reading, 'cost'))),
    })),
    bills,
    start: periods.length > 0 ? periods.reduce((least, { start }) => Math.min(least, start), Infinity) : null,
    end: periods.length > 0 ? periods.reduce((most, { end }) => Math.max(most, end), -Infinity) : null,
  }
}

function readBill(node: Node): Figures['bills'][number] {
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

const link = (entry: Node, rel: string): string | undefined =>
  children(entry, 'link').find(({ attributes }) => attributes['rel'] === rel)?.attributes['href']

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
