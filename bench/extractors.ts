import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { chunksOf, readChunks } from './chunks.ts'

/** What an extractor found; equal for all who read readings, so that no one is fast by reading less. */
export type Found = { readings: number; value: number; start: number; duration: number; quality: number }

/**
 * One pass over a file. seconds: of processor time of the main thread, so that other work on the machine counts little and a
 * peer read once is not compared with luck; without loading the code, and from memory without reading the file.
 */
export type Extractor = (file: string) => Promise<{ seconds: number; found: Found | null }>

/** Each loads its code when asked for, so that a process holds only what it measures. */
export const EXTRACTORS = {
  ours: () => loadOurs(readChunks),
  saxes: loadSaxes,
  cityssm: loadCityssm,
  floor: async () => countMarkup(readChunks),
  'ours from memory': () => loadOurs(held),
  'floor from memory': async () => countMarkup(held),
  'parse whole': loadParseWhole,
  'decode whole': loadDecodeWhole,
} satisfies Record<string, () => Promise<Extractor>>
export type ExtractorName = keyof typeof EXTRACTORS

type Source = (file: string) => AsyncIterable<Uint8Array>

const nothingFound = (): Found => ({ readings: 0, value: 0, start: 0, duration: 0, quality: 0 })
const seconds = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

let heldFile: { file: string; bytes: Uint8Array } | null = null

/** The same pieces as from the file, of one buffer that is in memory before the clock starts. */
function held(file: string): AsyncIterable<Uint8Array> {
  return chunksOf(bytesOf(file))
}

function bytesOf(file: string): Uint8Array {
  if (heldFile?.file !== file) heldFile = { file, bytes: new Uint8Array(readFileSync(file)) }
  return heldFile.bytes
}

async function loadOurs(source: Source): Promise<Extractor> {
  const { parse } = await import('../src/espi/parse.ts')
  return async (file) => {
    const chunks = source(file)
    const began = seconds()
    const found = nothingFound()
    for await (const { content } of parse(chunks))
      if (content?.kind === 'IntervalBlock') addColumns(found, content.value)
    return { seconds: seconds() - began, found }
  }
}

type Columns = Record<'value' | 'start' | 'duration', ArrayLike<number>> & { quality: ArrayLike<number> | null }

function addColumns(found: Found, { value, start, duration, quality }: Columns): void {
  const count = value.length
  found.readings += count
  for (let i = 0; i < count; i++) {
    found.value += value[i] ?? 0
    found.start += start[i] ?? 0
    found.duration += duration[i] ?? 0
    found.quality += quality?.[i] ?? 0
  }
}

async function loadSaxes(): Promise<Extractor> {
  const { SaxesParser } = await import('saxes')
  return async (file) => {
    const began = seconds()
    const found = nothingFound()
    const parser = new SaxesParser({ xmlns: true })
    let text = ''
    let inside = false
    parser.on('opentag', ({ local }) => {
      text = ''
      if (local === 'IntervalReading') {
        found.readings++
        inside = true
      }
    })
    parser.on('text', (more) => {
      text += more
    })
    parser.on('closetag', ({ local }) => {
      if (local === 'IntervalReading') inside = false
      else if (inside && (local === 'value' || local === 'start' || local === 'duration' || local === 'quality'))
        found[local] += Number(text)
    })
    const decoder = new TextDecoder()
    for await (const chunk of readChunks(file)) parser.write(decoder.decode(chunk, { stream: true }))
    parser.close()
    return { seconds: seconds() - began, found }
  }
}

type PeerReading = {
  value?: number
  timePeriod?: { start?: number; duration?: number }
  ReadingQuality?: { quality?: number }[]
}
type PeerEntry = { content?: { IntervalBlock?: { IntervalReading?: PeerReading[] }[] } }
type Peer = { default: { atomToGreenButtonJson: (xml: string) => Promise<{ entries: PeerEntry[] }> } }

/** By a name that the type checker does not follow: the package ships sources that do not pass our rules. */
const PEER = import.meta.resolve('@cityssm/green-button-parser')

async function loadCityssm(): Promise<Extractor> {
  const peer: Peer = await import(PEER)
  return async (file) => {
    const began = seconds()
    const found = nothingFound()
    const { entries } = await peer.default.atomToGreenButtonJson(await readFile(file, 'utf8'))
    for (const { content } of entries)
      for (const block of content?.IntervalBlock ?? [])
        for (const { value, timePeriod, ReadingQuality } of block.IntervalReading ?? []) {
          found.readings++
          found.value += value ?? 0
          found.start += timePeriod?.start ?? 0
          found.duration += timePeriod?.duration ?? 0
          for (const { quality } of ReadingQuality ?? []) found.quality += quality ?? 0
        }
    return { seconds: seconds() - began, found }
  }
}

/** The yardstick: the same pieces from the same source, and a loop that does no more than look at every byte. */
function countMarkup(source: Source): Extractor {
  return async (file) => {
    const chunks = source(file)
    const began = seconds()
    let count = 0
    for await (const chunk of chunks) count += countLess(chunk)
    if (count === 0) throw new Error('a file without markup')
    return { seconds: seconds() - began, found: null }
  }
}

/** The end in a constant: asking for the length each time is measured to fall to a sixth of the speed after ten passes. */
function countLess(bytes: Uint8Array): number {
  const end = bytes.length
  let count = 0
  for (let i = 0; i < end; i++) if (bytes[i] === 0x3c) count++
  return count
}

/** A whole body at once, as collection has it, to entries. */
async function loadParseWhole(): Promise<Extractor> {
  const { parseBytes } = await import('../src/espi/parse.ts')
  return async (file) => {
    const bytes = bytesOf(file)
    const began = seconds()
    const { entries } = parseBytes(bytes)
    const took = seconds() - began
    const found = nothingFound()
    for (const { content } of entries) if (content?.kind === 'IntervalBlock') addColumns(found, content.value)
    return { seconds: took, found }
  }
}

/** The same body to the series, bills and meters that collection stores. Qualities are ranks there: their sum is another. */
async function loadDecodeWhole(): Promise<Extractor> {
  const [{ decodeFeed, decodingOf }, { pge }] = await Promise.all([
    import('../src/utilities/decode.ts'),
    import('../src/utilities/pge/definition.ts'),
  ])
  const decoding = decodingOf(pge)
  return async (file) => {
    const bytes = bytesOf(file)
    const began = seconds()
    const { series } = decodeFeed(bytes, decoding)
    const took = seconds() - began
    const found = nothingFound()
    for (const columns of series) addColumns(found, columns)
    return { seconds: took, found }
  }
}
