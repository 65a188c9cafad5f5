import { epochSeconds } from '../src/units/epoch-seconds.ts'
import type { Entry } from '../src/espi/entry.ts'
import { parse, parseBytes } from '../src/espi/parse.ts'
import { entryBelow } from '../src/espi/write/entry-below.ts'
import { writeFeed, type WrittenEntry } from '../src/espi/write/write-feed.ts'
import { generateFeed } from './generated-feeds.ts'

/**
 * How fast `src/espi/write` writes a usage feed of a year of 20 usage points, beside `parse` of the same bytes; and that the
 * memory of writing does not grow with the feed. Processor time of the fastest pass, collecting garbage included.
 * Throws when what is read back has other readings than what was written.
 */
export async function benchWrite(args: readonly string[]): Promise<void> {
  const rounds = args.includes('--full') ? 9 : 3
  const { entries } = parseBytes(Buffer.from([...generateFeed('pge', { points: 1, days: 365 })].join('')))
  const expected = countReadings(entries) * POINTS
  const write = await fastest(rounds, async () => countBytes(usageFeed(entries, POINTS)))
  const before = process.resourceUsage().maxRSS
  await countBytes(usageFeed(entries, POINTS * 10))
  const grown = (process.resourceUsage().maxRSS - before) / 1000
  const pieces: Uint8Array[] = []
  for await (const piece of usageFeed(entries, POINTS)) pieces.push(piece)
  const megabytes = pieces.reduce((sum, { length }) => sum + length, 0) / 1e6
  const read = await fastest(rounds, async () => {
    let found = 0
    for await (const entry of parse(piecesOf(pieces))) found += countReadings([entry])
    if (found !== expected) throw new Error(`${expected} readings were written, ${found} read`)
  })
  console.log(`\n${POINTS} usage points, 365 days, ${expected} readings, ${megabytes.toFixed(1)} MB`)
  console.table({ write: row(write, megabytes, expected), parse: row(read, megabytes, expected) })
  console.log(`a feed of ten times that size added ${grown.toFixed(0)} MB to the peak of memory`)
}

const POINTS = 20
const BASE = 'https://proxy.example/DataCustodian/espi/1_1/resource'
const at = epochSeconds(1_767_312_000)
const about = { title: 'Energy', published: at, updated: at }

/** The entries of one usage point, over and over under other addresses, made as they are asked for. */
function usageFeed(entries: readonly Entry[], points: number): AsyncGenerator<Uint8Array> {
  const self = `${BASE}/Batch/Subscription/1`
  return writeFeed({ side: 'usage', id: null, title: 'Usage', updated: at, self }, under(entries, points))
}

function* under(entries: readonly Entry[], points: number): Generator<WrittenEntry> {
  for (let id = 0; id < points; id++) {
    const point = `${BASE}/Subscription/1/UsagePoint/${id}`
    for (const [index, { content }] of entries.entries()) {
      if (content === null) continue
      const { kind } = content
      const parent =
        kind === 'UsagePoint' ? `${BASE}/Subscription/1` : kind === 'IntervalBlock' ? `${point}/MeterReading/1` : point
      const holds = kind === 'UsagePoint' ? (['MeterReading', 'UsageSummary'] as const) : []
      yield entryBelow({ parent, id: String(kind === 'UsagePoint' ? id : index), holds }, content, about)
    }
  }
}

async function countBytes(feed: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const { length } of feed) bytes += length
  return bytes
}

function countReadings(entries: readonly Entry[]): number {
  let count = 0
  for (const { content } of entries) if (content?.kind === 'IntervalBlock') count += content.value.count
  return count
}

async function* piecesOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** Seconds of the processor. */
async function fastest(rounds: number, work: () => Promise<unknown>): Promise<number> {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const began = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(began)
    best = Math.min(best, (user + system) / 1e6)
  }
  return best
}

const row = (seconds: number, megabytes: number, readings: number): object => ({
  'MB/s': Math.round(megabytes / seconds),
  'readings/s': Math.round(readings / seconds),
})
