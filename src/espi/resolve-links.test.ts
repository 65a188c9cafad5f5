import { expect, it } from 'vitest'

import { parseBytes } from './parse.ts'
import { type LinkRule, resolveLinks } from './resolve-links.ts'

const BASE = 'https://u.example/espi/1_1/resource'
const UP = `${BASE}/Subscription/5/UsagePoint/A`

type Part = { kind: string; self?: string; up?: string; related?: string[]; inside?: string }

const point: Part = {
  kind: 'UsagePoint',
  self: UP,
  up: `${BASE}/Subscription/5/UsagePoint`,
  related: [`${UP}/MeterReading`, `${UP}/UsageSummary`],
}
const meter: Part = {
  kind: 'MeterReading',
  self: `${UP}/MeterReading/1`,
  up: `${UP}/MeterReading`,
  related: [`${UP}/MeterReading/1/IntervalBlock`, `${BASE}/ReadingType/7`],
}
const type: Part = { kind: 'ReadingType', self: `${BASE}/ReadingType/7`, inside: '<uom>72</uom>' }
const block: Part = {
  kind: 'IntervalBlock',
  self: `${UP}/MeterReading/1/IntervalBlock/9`,
  up: `${UP}/MeterReading/1/IntervalBlock`,
  inside: '<IntervalReading><value>1</value></IntervalReading>',
}
const summary: Part = { kind: 'UsageSummary', self: `${UP}/UsageSummary/3`, up: `${UP}/UsageSummary` }
const parts = [point, meter, type, block, summary]

function resolve(all: Part[]): { tree: string; rules: LinkRule[] } {
  const link = (rel: string, href: string | undefined): string =>
    href === undefined ? '' : `<link rel="${rel}" href="${href}"/>`
  const entries = all.map(
    ({ kind, self, up, related, inside }) =>
      `<entry>${link('self', self)}${link('up', up)}${(related ?? []).map((href) => link('related', href)).join('')}<content><${kind} xmlns="http://naesb.org/espi">${inside ?? ''}</${kind}></content></entry>`,
  )
  const body = `<feed xmlns="http://www.w3.org/2005/Atom">${entries.join('')}</feed>`
  const linked = resolveLinks(parseBytes(new TextEncoder().encode(body)).entries)
  const tree = linked.usagePoints.map(
    ({ key, readings, summaries }) =>
      `${key}(${readings.map((one) => `${one.type?.uom ?? '?'}:${one.blocks.length}`).join(',')};${summaries.length})`,
  )
  return { tree: tree.join(' '), rules: [...linked.rules.keys()].sort() }
}

const change = (changed: Part): Part[] => parts.map((part) => (part.kind === changed.kind ? changed : part))

it('links as the standard has them need no other rule, in any order', () => {
  for (const order of [parts, parts.toReversed(), [block, summary, type, meter, point]])
    expect(resolve(order)).toEqual({ tree: 'A(72:1;1)', rules: ['standard'] })
})

it.each([
  [
    'relative addresses, other hosts and slashes',
    change({ ...meter, up: '/Subscription/5//UsagePoint/a/MeterReading/' }),
    ['address', 'standard'],
  ],
  [
    'a child whose up names the parent itself',
    change({ ...block, up: `${UP}/MeterReading/1` }),
    ['parent-self', 'standard'],
  ],
  [
    'a parent that names the child itself',
    change({ ...point, related: [meter.self ?? '', summary.self ?? ''] }),
    ['child-self', 'standard'],
  ],
  [
    'no up and no related: by the path',
    change({ kind: 'IntervalBlock', self: block.self ?? '', inside: block.inside ?? '' }),
    ['path', 'standard'],
  ],
  [
    'no addresses at all: the only candidate',
    change({ kind: 'IntervalBlock', inside: block.inside ?? '' }),
    ['only', 'standard'],
  ],
] as const)('%s', (_name, all, rules) => {
  expect(resolve([...all])).toEqual({ tree: 'A(72:1;1)', rules: [...rules] })
})

it('a reading type inside its meter reading counts', () => {
  const nested = {
    ...meter,
    related: [`${UP}/MeterReading/1/IntervalBlock`],
    inside: '<ReadingType><uom>169</uom></ReadingType>',
  }
  expect(resolve([point, nested, block])).toEqual({ tree: 'A(169:1;0)', rules: ['nested', 'standard'] })
})

it('blocks and summaries without their parents are put under the usage point that their path names', () => {
  expect(resolve([block, summary]).tree).toBe('A(?:1;1)')
})

it('what belongs to a usage point that is not in the feed is not given to another', () => {
  const other = {
    ...summary,
    self: summary.self?.replace('/A/', '/B/') ?? '',
    up: summary.up?.replace('/A/', '/B/') ?? '',
  }
  const second = { ...point, self: `${BASE}/Subscription/5/UsagePoint/C`, related: [] }
  expect(resolve([point, second, other]).tree).toBe('A(;0) C(;0) B(;1)')
})

it('a meter reading that comes twice is one', () => {
  expect(resolve([point, meter, meter, type, block]).tree).toBe('A(72:1;0)')
})

it('two reading types under one address that differ are told', () => {
  const entries = [type, { ...type, inside: '<uom>38</uom>' }].map(
    ({ self, inside }) =>
      `<entry><link rel="self" href="${self}"/><content><ReadingType xmlns="http://naesb.org/espi">${inside}</ReadingType></content></entry>`,
  )
  const feed = `<feed xmlns="http://www.w3.org/2005/Atom">${entries.join('')}</feed>`
  expect(resolveLinks(parseBytes(new TextEncoder().encode(feed)).entries).ambiguous).toBe(1)
})
