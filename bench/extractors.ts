import { closeSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** What an extractor found; equal for all who read readings, so that no one is fast by reading less. */
export type Found = { readings: number; value: number; start: number; duration: number }

/** One pass over a file. seconds: without loading the code, and for the floor in memory without reading the file. */
export type Extractor = (file: string) => Promise<{ seconds: number; found: Found | null }>

/** Each loads its code when asked for, so that a process holds only what it measures. */
export const EXTRACTORS: Record<string, () => Promise<Extractor>> = {
  ours: loadOurs,
  saxes: loadSaxes,
  cityssm: loadCityssm,
  floor: async () => countStreamed,
  'floor in memory': async () => countInMemory,
}

const nothingFound = (): Found => ({ readings: 0, value: 0, start: 0, duration: 0 })
const seconds = (since: bigint): number => Number(process.hrtime.bigint() - since) / 1e9

async function loadOurs(): Promise<Extractor> {
  const { parse } = await import('../src/espi/parse.ts')
  return async (file) => {
    const began = process.hrtime.bigint()
    const found = nothingFound()
    for await (const { content } of parse(readChunks(file))) {
      if (content?.kind !== 'IntervalBlock') continue
      const { count, value, start, duration } = content.value
      found.readings += count
      for (let i = 0; i < count; i++) {
        found.value += value[i] ?? 0
        found.start += start[i] ?? 0
        found.duration += duration[i] ?? 0
      }
    }
    return { seconds: seconds(began), found }
  }
}

/** The file in pieces; each is new memory, as pieces from a network are. Read at once: waiting is not what is measured. */
async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  const handle = openSync(file, 'r')
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK)
      const length = readSync(handle, chunk)
      if (length === 0) return
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(handle)
  }
}

const CHUNK = 65_536

async function loadSaxes(): Promise<Extractor> {
  const { SaxesParser } = await import('saxes')
  return async (file) => {
    const began = process.hrtime.bigint()
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
      else if (inside && (local === 'value' || local === 'start' || local === 'duration')) found[local] += Number(text)
    })
    const decoder = new TextDecoder()
    for await (const chunk of readChunks(file)) parser.write(decoder.decode(chunk, { stream: true }))
    parser.close()
    return { seconds: seconds(began), found }
  }
}

type PeerReading = { value?: number; timePeriod?: { start?: number; duration?: number } }
type PeerEntry = { content?: { IntervalBlock?: { IntervalReading?: PeerReading[] }[] } }
type Peer = { default: { atomToGreenButtonJson: (xml: string) => Promise<{ entries: PeerEntry[] }> } }

/** By a name that the type checker does not follow: the package ships sources that do not pass our rules. */
const PEER = import.meta.resolve('@cityssm/green-button-parser')

async function loadCityssm(): Promise<Extractor> {
  const peer: Peer = await import(PEER)
  return async (file) => {
    const began = process.hrtime.bigint()
    const found = nothingFound()
    const { entries } = await peer.default.atomToGreenButtonJson(await readFile(file, 'utf8'))
    for (const { content } of entries) {
      for (const { value, timePeriod } of (content?.IntervalBlock ?? []).flatMap(
        (block) => block.IntervalReading ?? [],
      )) {
        found.readings++
        found.value += value ?? 0
        found.start += timePeriod?.start ?? 0
        found.duration += timePeriod?.duration ?? 0
      }
    }
    return { seconds: seconds(began), found }
  }
}

/** The yardstick: the same pieces, and a loop that does no more than look at every byte. */
async function countStreamed(file: string): Promise<{ seconds: number; found: null }> {
  const began = process.hrtime.bigint()
  let count = 0
  for await (const chunk of readChunks(file)) count += countMarkup(chunk)
  if (count === 0) throw new Error('a file without markup')
  return { seconds: seconds(began), found: null }
}

/** The same loop over bytes that are in memory already. */
async function countInMemory(file: string): Promise<{ seconds: number; found: null }> {
  const bytes = new Uint8Array(await readFile(file))
  const began = process.hrtime.bigint()
  if (countMarkup(bytes) === 0) throw new Error('a file without markup')
  return { seconds: seconds(began), found: null }
}

function countMarkup(bytes: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x3c) count++
  return count
}
