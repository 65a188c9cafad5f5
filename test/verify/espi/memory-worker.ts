import { generateFeed } from '../../../bench/generated-feeds.ts'
import { parse } from '../../../src/espi/parse.ts'
import { decodeFeed, decodingOf } from '../../../src/utilities/decode.ts'
import { pge } from '../../../src/utilities/pge/definition.ts'

/** What was read. */
type Read = { bytes: number; readings: number }

/** Bytes of one day of one usage point. */
const DAY = 26_500
/**
 * `memory-worker.ts whole|streamed MEGABYTES`: makes a PG&E-shaped feed of about this size and reads it; prints what it took.
 * whole: as an import does, the body in one piece to our words. streamed: entry by entry.
 */
const [how = 'whole', size = '20'] = process.argv.slice(2)
const days = Math.ceil((Number(size) * 1e6) / DAY / 20)
const pieces = (): Generator<string> => generateFeed('pge', { points: 20, days })

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (const piece of pieces()) yield Buffer.from(piece)
}

/** The body in one piece of memory, as it comes from the wire. */
function whole(): Uint8Array {
  let length = 0
  for (const piece of pieces()) length += piece.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces()) {
    bytes.set(Buffer.from(piece), at)
    at += piece.length
  }
  return bytes
}

async function readStreamed(): Promise<Read> {
  let readings = 0
  let bytes = 0
  for await (const entry of parse(chunks())) {
    if (entry.content?.kind === 'IntervalBlock') readings += entry.content.value.count
    bytes = entry.endOffset
  }
  return { bytes, readings }
}

function decodeWhole(body: Uint8Array): Read {
  const { series } = decodeFeed(body, decodingOf(pge))
  return { bytes: body.length, readings: series.reduce((sum, { start }) => sum + start.length, 0) }
}

const body = how === 'whole' ? whole() : new Uint8Array()
const before = process.memoryUsage.rss()
const begin = performance.now()
const read = body.length > 0 ? decodeWhole(body) : await readStreamed()
const seconds = (performance.now() - begin) / 1000
console.log(JSON.stringify({ ...read, before, peak: process.resourceUsage().maxRSS * 1024, seconds }))
