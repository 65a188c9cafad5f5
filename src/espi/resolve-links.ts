import type { Content, ContentKind, Entry } from './entry.ts'
import { comparable, lastSegment, segmentAfter } from './href.ts'
import type { Readings } from './readings.ts'
import type { Wire } from './resources.ts'

/** How a child was tied to its parent, from the standard's own rule to the weakest fall-back. */
export type LinkRule =
  | 'standard' // child.up is among parent.related
  | 'address' // the same, when host, case and slashes are ignored
  | 'parent-self' // child.up names the parent itself
  | 'child-self' // parent.related names the child itself
  | 'path' // the child's address begins with the parent's
  | 'nested' // the child stood inside the parent
  | 'only' // there is one candidate
  | 'order' // the nearest before it in the document
  | 'none'

type Of<K extends ContentKind> = Entry & { content: Extract<Content, { kind: K }> }

export type Reading = {
  /** null when the feed has blocks but no MeterReading for them. */
  entry: Of<'MeterReading'> | null
  href: string | null
  type: Wire<'ReadingType'> | null
  typeHref: string | null
  blocks: { entry: Entry; readings: Readings }[]
}
export type Summary = { entry: Entry; kind: 'UsageSummary' | 'ElectricPowerUsageSummary'; value: Wire<'UsageSummary'> }

/** The key of a usage point that no address names. */
export const UNNAMED = 'unnamed'

/** One usage point with everything that hangs on it. key: the last part of its address. */
export type UsagePointTree = {
  key: string
  href: string | null
  entry: Of<'UsagePoint'> | null
  readings: Reading[]
  summaries: Summary[]
}

/** The tree of a feed; rules: how many children each rule tied; ambiguous: ReadingTypes that share an address but differ. */
export type LinkedFeed = { usagePoints: UsagePointTree[]; rules: Map<LinkRule, number>; ambiguous: number }

/**
 * Ties the flat entries of a feed into trees: UsagePoint, its MeterReadings with ReadingType and IntervalBlocks, its summaries.
 * Works in two passes, as a child may come before its parent. Source: ESPI (NAESB REQ.21) link rules, then fall-backs in the
 * order of LinkRule.
 */
export function resolveLinks(entries: readonly Entry[]): LinkedFeed {
  const rules = new Map<LinkRule, number>()
  const count = (rule: LinkRule): void => void rules.set(rule, (rules.get(rule) ?? 0) + 1)
  const points = uniqueBySelf(ofKind(entries, 'UsagePoint'))
  const meterReadings = uniqueBySelf(ofKind(entries, 'MeterReading'))
  const trees = new Map<string, UsagePointTree>()
  const byPoint = new Map(points.map((entry) => [entry, plant(trees, entry)]))
  const pointOf = parentFinder(points, entries)
  const treeOf = (child: Entry): UsagePointTree => {
    const { parent, rule } = pointOf(child)
    count(rule)
    return (parent === null ? undefined : byPoint.get(parent)) ?? synthetic(trees, child)
  }
  const types = typeFinder(entries)
  const readings = new Map<Entry, Reading>()
  for (const entry of meterReadings) {
    const reading: Reading = { entry, href: entry.self, ...types.of(entry, count), blocks: [] }
    readings.set(entry, reading)
    treeOf(entry).readings.push(reading)
  }
  const readingOf = parentFinder(meterReadings, entries)
  const looseReadings = new Map<string, Reading>()
  for (const entry of entries) {
    if (entry.content?.kind === 'IntervalBlock') {
      const { parent, rule } = readingOf(entry)
      count(rule)
      const reading =
        (parent === null ? undefined : readings.get(parent)) ??
        loose(looseReadings, treeOf(entry), entry, () => types.of(entry, count))
      reading.blocks.push({ entry, readings: entry.content.value })
    } else if (entry.content?.kind === 'UsageSummary' || entry.content?.kind === 'ElectricPowerUsageSummary')
      treeOf(entry).summaries.push({ entry, ...entry.content })
  }
  return { usagePoints: [...trees.values()], rules, ambiguous: types.ambiguous }
}

function ofKind<K extends ContentKind>(entries: readonly Entry[], kind: K): Of<K>[] {
  return entries.filter((entry): entry is Of<K> => entry.content?.kind === kind)
}

/** SCE sends the same MeterReading twice; entries without address are all kept. */
function uniqueBySelf<T extends Entry>(entries: readonly T[]): T[] {
  const seen = new Set<string>()
  return entries.filter(({ self }) => {
    if (self === null) return true
    const known = seen.has(self)
    seen.add(self)
    return !known
  })
}

/** Two usage points of one key (a feed that repeats itself) are one. */
function plant(trees: Map<string, UsagePointTree>, entry: Of<'UsagePoint'>): UsagePointTree {
  const key = segmentAfter(entry.self, 'UsagePoint') ?? lastSegment(entry.self) ?? UNNAMED
  const known = trees.get(key)
  if (known !== undefined) return known
  const made: UsagePointTree = { key, href: entry.self, entry, readings: [], summaries: [] }
  trees.set(key, made)
  return made
}

/** A usage point that the feed does not hold, known only from the address of what hangs on it. */
function synthetic(trees: Map<string, UsagePointTree>, child: Entry): UsagePointTree {
  const href = child.self ?? child.up
  const key = segmentAfter(child.self, 'UsagePoint') ?? segmentAfter(child.up, 'UsagePoint') ?? UNNAMED
  const known = trees.get(key)
  if (known !== undefined) return known
  const made: UsagePointTree = {
    key,
    href: href === null ? null : upTo(href, 'UsagePoint'),
    entry: null,
    readings: [],
    summaries: [],
  }
  trees.set(key, made)
  return made
}

/** The address up to and with the segment after `name`. */
function upTo(href: string, name: string): string | null {
  const parts = href.split('/')
  const at = parts.lastIndexOf(name)
  return at < 0 || at + 1 >= parts.length ? null : parts.slice(0, at + 2).join('/')
}

/** Blocks without a MeterReading are put together by the address they hang under. */
function loose(known: Map<string, Reading>, parent: UsagePointTree, block: Entry, make: () => Typed): Reading {
  const href = upTo(block.up ?? block.self ?? '', 'MeterReading') ?? block.up
  const key = `${parent.key} ${href ?? ''}`
  const found = known.get(key)
  if (found !== undefined) return found
  const made: Reading = { entry: null, href, ...make(), blocks: [] }
  known.set(key, made)
  parent.readings.push(made)
  return made
}

type Found<T> = { parent: T | null; rule: LinkRule }

/** A function that finds the parent of a child among `parents`, by the rules in their order. */
function parentFinder<T extends Entry>(parents: readonly T[], entries: readonly Entry[]): (child: Entry) => Found<T> {
  const related = index(parents, (parent) => parent.related)
  const relatedLoose = index(parents, (parent) => parent.related.map(comparable))
  const self = index(parents, (parent) => (parent.self === null ? [] : [comparable(parent.self)]))
  const position = new Map(entries.map((entry, at) => [entry, at]))
  return (child) => {
    // Nearly all are tied so; what the other rules look at takes as long as all else here.
    const standard = child.up === null ? undefined : related.get(child.up)
    if (standard !== undefined) return { parent: standard, rule: 'standard' }
    const up = child.up === null ? null : comparable(child.up)
    const own = child.self === null ? null : comparable(child.self)
    const tries: [LinkRule, T | undefined][] = [
      ['address', up === null ? undefined : relatedLoose.get(up)],
      ['parent-self', up === null ? undefined : self.get(up)],
      ['child-self', own === null ? undefined : relatedLoose.get(own)],
      ['path', byPath(self, own) ?? byPath(self, up)],
      ['only', parents.length === 1 ? parents[0] : undefined],
      ['order', lastBefore(parents, position, child)],
    ]
    for (const [rule, parent] of tries) if (parent !== undefined) return { parent, rule }
    return { parent: null, rule: 'none' }
  }
}

function index<T>(items: readonly T[], keys: (item: T) => string[]): Map<string, T> {
  const map = new Map<string, T>()
  for (const item of items) for (const key of keys(item)) if (!map.has(key)) map.set(key, item)
  return map
}

/** Steps that a child lies below its parent at most; an address of thousands of steps is an attack on time. */
const MAX_STEPS = 8

/** The parent whose own address is the longest beginning of this one. */
function byPath<T>(self: Map<string, T>, href: string | null): T | undefined {
  let end = href?.lastIndexOf('/') ?? -1
  for (let step = 0; step < MAX_STEPS && end > 0; step++) {
    const found = self.get(href?.slice(0, end) ?? '')
    if (found !== undefined) return found
    end = href?.lastIndexOf('/', end - 1) ?? -1
  }
  return undefined
}

/**
 * The nearest parent before the child (parents stand in document order). Only for a child whose address names no usage point:
 * what belongs to one that is not here must not be given to another.
 */
function lastBefore<T extends Entry>(parents: readonly T[], position: Map<Entry, number>, child: Entry): T | undefined {
  if (segmentAfter(child.self ?? child.up, 'UsagePoint') !== null) return undefined
  return nearest(parents, position, position.get(child) ?? -1)
}

function nearest<T extends Entry>(parents: readonly T[], position: Map<Entry, number>, at: number): T | undefined {
  let low = 0
  let high = parents.length
  while (low < high) {
    const middle = (low + high) >> 1
    const parent = parents[middle]
    if (parent !== undefined && (position.get(parent) ?? 0) < at) low = middle + 1
    else high = middle
  }
  return parents[low - 1] ?? parents[0]
}

type Typed = { type: Wire<'ReadingType'> | null; typeHref: string | null }
type TypeFinder = { of: (entry: Entry, count: (rule: LinkRule) => void) => Typed; ambiguous: number }

/** Finds the ReadingType of a MeterReading: by its related links, inside it, the only one, or the nearest before it. */
function typeFinder(entries: readonly Entry[]): TypeFinder {
  const all = ofKind(entries, 'ReadingType')
  const exact = index(all, ({ self }) => (self === null ? [] : [self]))
  const near = index(all, ({ self }) => (self === null ? [] : [comparable(self)]))
  const different = all.filter(({ self, content }) => {
    const first = self === null ? undefined : exact.get(self)
    return first !== undefined && JSON.stringify(first.content.value) !== JSON.stringify(content.value)
  })
  const position = new Map(entries.map((entry, at) => [entry, at]))
  const of: TypeFinder['of'] = (entry, count) => {
    const nested = entry.content?.kind === 'MeterReading' ? entry.content.value.ReadingType : null
    const tries: [LinkRule, Of<'ReadingType'> | undefined][] = [
      ['standard', first(entry.related, (href) => exact.get(href))],
      ['address', first(entry.related, (href) => near.get(comparable(href)))],
      ['only', nested === null && all.length === 1 ? all[0] : undefined],
      ['order', nested === null ? nearest(all, position, position.get(entry) ?? -1) : undefined],
    ]
    for (const [rule, found] of tries) {
      if (found === undefined) continue
      count(rule)
      return { type: found.content.value, typeHref: found.self }
    }
    count(nested === null ? 'none' : 'nested')
    return { type: nested, typeHref: null }
  }
  return { of, ambiguous: different.length }
}

function first<T>(hrefs: readonly string[], find: (href: string) => T | undefined): T | undefined {
  for (const href of hrefs) {
    const found = find(href)
    if (found !== undefined) return found
  }
  return undefined
}
