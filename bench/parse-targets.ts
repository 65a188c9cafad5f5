import type { ExtractorName } from './extractors.ts'
import type { Results } from './measure.ts'

/** Results by feed: `pge-20` is PG&E's shape with 20 usage points. */
export type ResultsByFeed = ReadonlyMap<string, Results>

type Target = { what: string; limit: number; most: boolean; measured: (results: ResultsByFeed) => number }

const TARGETS: Target[] = [
  atLeast(35, 'times cityssm, pge-20', 'cityssm', 'ours'),
  atLeast(4, 'times saxes, pge-20', 'saxes', 'ours'),
  atLeast(0.45, 'of the floor, both from memory, pge-20', 'floor from memory', 'ours from memory'),
  atLeast(0.3, 'of the floor, both from memory, sce-20', 'floor from memory', 'ours from memory', 'sce-20'),
  atMostMemory('pge-20'),
  atMostMemory('sce-20'),
  atMostMemory('pge-200'),
  {
    what: "of cityssm's first pass over 10 MB in a fresh process, pge-1",
    limit: 0.08,
    most: true,
    measured: (results) =>
      (results.get('pge-1')?.get('ours')?.firstSeconds ?? NaN) /
      (results.get('pge-1')?.get('cityssm')?.firstSeconds ?? NaN),
  },
]

function atLeast(limit: number, what: string, other: ExtractorName, ours: ExtractorName, feed = 'pge-20'): Target {
  const seconds = (results: ResultsByFeed, name: ExtractorName): number =>
    results.get(feed)?.get(name)?.bestSeconds ?? NaN
  return { what, limit, most: false, measured: (results) => seconds(results, other) / seconds(results, ours) }
}

function atMostMemory(feed: string): Target {
  const measured = (results: ResultsByFeed): number => results.get(feed)?.get('ours')?.peakMemoryMb ?? NaN
  return { what: `MB of memory, the whole process, ${feed}`, limit: 120, most: true, measured }
}

/** A line for each target: `reached 71.3 times cityssm, pge-20 (at least 35)`. */
export function judgeTargets(results: ResultsByFeed): string[] {
  return TARGETS.map(({ what, limit, most, measured }) => {
    const value = measured(results)
    const reached = most ? value <= limit : value >= limit
    const verdict = Number.isNaN(value) ? 'unmeasured' : reached ? 'reached' : 'missed'
    return `${verdict} ${Number(value.toPrecision(3))} ${what} (at ${most ? 'most' : 'least'} ${limit})`
  })
}
