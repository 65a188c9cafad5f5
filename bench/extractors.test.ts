import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { EXTRACTORS, type Found } from './extractors.ts'
import { generateFeed } from './generated-feeds.ts'
import { checkSums, measureAll, summarize } from './measure.ts'
import { judgeTargets } from './parse-targets.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gbp-bench-test-'))
const shapes = ['pge', 'sce'] as const
const fileOf = (shape: string): string => path.join(folder, `${shape}.xml`)
const textOf = (shape: 'pge' | 'sce'): string => [...generateFeed(shape, { points: 2, days: 31 })].join('')

beforeAll(() => {
  for (const shape of shapes) writeFileSync(fileOf(shape), textOf(shape))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** By expressions over the text, so by none of the readers. */
function expected(text: string): Found {
  const readings = text.match(/<(?:ns0:)?IntervalReading>.*?<\/(?:ns0:)?IntervalReading>/gs) ?? []
  const sum = (name: string): number =>
    readings.reduce((total, one) => total + Number(new RegExp(`[<:]${name}>(\\d+)<`).exec(one)?.[1]), 0)
  return {
    readings: readings.length,
    value: sum('value'),
    start: sum('start'),
    duration: sum('duration'),
    quality: sum('quality'),
  }
}

describe('everything that is measured reads every reading', () => {
  it.each(shapes.flatMap((shape) => Object.keys(EXTRACTORS).map((name) => [shape, name])))(
    '%s, %s',
    async (shape, name) => {
      const [, load] = Object.entries(EXTRACTORS).find(([other]) => other === name) ?? []
      const { found } = (await (await load?.())?.(fileOf(shape))) ?? { found: null }
      const sums = expected(textOf(shape === 'pge' ? 'pge' : 'sce'))
      // Decoded qualities are ranks, not codes.
      if (name === 'decode whole') sums.quality = found?.quality ?? NaN
      expect(found).toEqual(name.startsWith('floor') ? null : sums)
    },
  )
})

it('an extractor is measured in a process of its own', () => {
  const results = measureAll(fileOf('pge'), new Map([['ours', { rounds: 1, passes: 1 }]]))
  expect(results.get('ours')?.found).toEqual(expected(textOf('pge')))
  expect(results.get('ours')?.peakMemoryMb).toBeGreaterThan(10)
})

const process = (seconds: number[], found: Found | null = null) => ({
  seconds,
  loadSeconds: 1,
  peakMemoryMb: 90,
  found,
})
const found = { readings: 1, value: 2, start: 3, duration: 4, quality: 5 }

it('the fastest pass, the fastest first pass and the largest process count', () => {
  const other = { ...process([5, 1, 3]), peakMemoryMb: 100 }
  expect(summarize([process([4, 2]), other])).toMatchObject({
    bestSeconds: 1,
    medianSeconds: 3,
    firstSeconds: 4,
    peakMemoryMb: 100,
  })
})

it('different sums end the run', () => {
  const results = new Map([
    ['ours', summarize([process([1], found)])],
    ['floor', summarize([process([1])])],
    ['saxes', summarize([process([1], { ...found, quality: 6 })])],
  ] as const)
  expect(() => checkSums(results, ['readings', 'value'])).not.toThrow()
  expect(() => checkSums(results, ['quality'])).toThrow('saxes found quality 6, ours 5')
  expect(() => checkSums(new Map(), ['readings'])).toThrow('no readings')
})

it('a target is reached or missed, or was not measured', () => {
  const batch = new Map([
    ['ours', summarize([process([1])])],
    ['cityssm', summarize([process([35])])],
    ['saxes', summarize([process([3.9])])],
  ] as const)
  const lines = judgeTargets(new Map([['pge-20', batch]]))
  expect(lines[0]).toBe('reached 35 times cityssm, pge-20 (at least 35)')
  expect(lines[1]).toBe('missed 3.9 times saxes, pge-20 (at least 4)')
  expect(lines[2]).toMatch(/^unmeasured NaN of the floor/)
  expect(lines).toContain('reached 90 MB of memory, the whole process, pge-20 (at most 120)')
})
