import type { Entry } from '../espi/entry.ts'
import { parse } from '../espi/parse.ts'
import { type Readings, sumColumn } from '../espi/readings.ts'
import type { Exact } from '../units/exact.ts'

/** Readings kept whole, so that they can be looked at for faults and drawn; beyond, only their times and sums are. */
const MOST_WHOLE = 1_000_000

type Sums = { value: Exact | null; cost: Exact | null }

/**
 * A body read once, from beginning to end. whole: the readings are all there; else only their times, and nothing but counts,
 * times and sums can be told. sums: of each entry with blocks, over its readings as sent.
 */
export type Contents = { entries: Entry[]; sums: Map<Entry, Sums>; whole: boolean }

/**
 * Reads a body as it comes. Memory does not hold the body: it holds the entries and, beyond a million readings, 16 bytes for each.
 * Throws what parse and the source throw.
 */
export async function readContents(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  mostWhole = MOST_WHOLE,
): Promise<Contents> {
  const contents: Contents = { entries: [], sums: new Map(), whole: true }
  let readings = 0
  for await (const entry of parse(source)) {
    const read = readingsOf(entry)
    readings += read?.count ?? 0
    if (contents.whole && readings > mostWhole) dropValues(contents)
    const kept = contents.whole ? entry : withoutValues(entry)
    if (read !== null) contents.sums.set(kept, { value: sumColumn(read, 'value'), cost: sumColumn(read, 'cost') })
    contents.entries.push(kept)
  }
  return contents
}

/** The readings of an entry, also of one that was left out. */
export function readingsOf({ content, problem }: Entry): Readings | null {
  return content?.kind === 'IntervalBlock' ? content.value : (problem?.readings ?? null)
}

function dropValues(contents: Contents): void {
  contents.whole = false
  const { sums } = contents
  contents.sums = new Map()
  contents.entries = contents.entries.map((entry) => {
    const kept = withoutValues(entry)
    const known = sums.get(entry)
    if (known !== undefined) contents.sums.set(kept, known)
    return kept
  })
}

const NOTHING = new Float64Array()

function withoutValues(entry: Entry): Entry {
  const { content, problem } = entry
  if (content?.kind === 'IntervalBlock')
    return { ...entry, content: { kind: 'IntervalBlock', value: timesOf(content.value) } }
  return problem?.readings ? { ...entry, problem: { ...problem, readings: timesOf(problem.readings) } } : entry
}

function timesOf({ count, blocks, start, duration }: Readings): Readings {
  return {
    count,
    blocks,
    start,
    duration,
    value: NOTHING,
    cost: null,
    quality: null,
    tou: null,
    tier: null,
    cpp: null,
    multiplier: null,
    odd: { value: new Map(), cost: new Map() },
  }
}
