import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Entry, WireFeed } from '../espi/entry.ts'
import { unfoldedBytes, unfoldReadings } from '../espi/fold-readings.ts'
import { lastSegment } from '../espi/href.ts'
import { parseFolded } from '../espi/parse.ts'
import type { Readings } from '../espi/readings.ts'
import type { Reading, UsagePointTree } from '../espi/resolve-links.ts'
import type { DecodedFeed, Warning } from '../model/decoded-feed.ts'
import { type FoldedSeries, foldSeries } from '../model/folded-series.ts'
import { type Handling, normalizeInSteps } from '../normalize/normalize-feed.ts'
import type { NormalizeOptions } from '../normalize/options.ts'
import { ROW_BYTES } from '../normalize/read-rows.ts'
import { createRoom, emptyRoom } from '../units/folded-column.ts'
import type { Utility } from './contract.ts'
import type { Repair } from './repair.ts'
import { repairsOf } from './repairs.ts'

/** How one utility's feeds are to be read. */
export type Decoding = NormalizeOptions & { repairs: readonly Repair[] }

/** The decoding that a utility's definition says. fileQuality: ESPI quality that a kind of bulk file stands for. */
export function decodingOf(utility: Utility, fileQuality: number | null = null): Decoding {
  return {
    timezone: utility.timezone,
    currency: utility.currency,
    billPeriod: utility.espi.billPeriod,
    defaultQuality: fileQuality,
    repairs: repairsOf(utility),
  }
}

/** The ESPI quality that the kind of a bulk file stands for, by the tag in its name; null where it stands for none. */
export function fileQualityOf({ espi }: Utility, address: string): number | null {
  const name = lastSegment(address) ?? ''
  return espi.fileKinds.find(({ tag }) => name.includes(`_${tag}_`))?.quality ?? null
}

/** A bulk file's place among the files of its utility, to be compared as text, by the date, time and number in its name; null where it has none. */
export function fileOrderOf({ espi }: Utility, address: string): string | null {
  const name = lastSegment(address) ?? ''
  if (espi.fileNamePattern === null || !new RegExp(espi.fileNamePattern, 'u').test(name)) return null
  const [, written, number] = /_(\d{8}_\d{6})_(\d+)\./u.exec(name) ?? []
  return written === undefined || number === undefined ? null : `${written}_${number.padStart(6, '0')}`
}

/**
 * One feed from bytes to our words: parse, mend the utility's known faults, normalize. Pure, so a raw feed can be replayed.
 * Throws FeedRejected when the body cannot be read; a single bad entry is quarantined instead.
 */
export function decodeFeed(bytes: Uint8Array, decoding: Decoding): DecodedFeed {
  const steps = decodeInSteps(parseFolded(bytes), decoding, { close: (series) => series, room: createRoom })
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** How long decoding works on before other work of the process gets its turn. */
const TURN_MS = 10

/**
 * The same from a feed that is parsed already, a usage point at a time: a large one leaves other work its turn, and only the
 * readings of one usage point are open at a time.
 */
export async function decodeParsed(parsed: WireFeed, decoding: Decoding): Promise<DecodedFeed<FoldedSeries>> {
  // One for all series: a day of one is a hundredth of a piece of it.
  const aside = createRoom()
  const rows = createRoom()
  const steps = decodeInSteps(parsed, decoding, {
    close: (series) => foldSeries(series, aside),
    room(tree) {
      // The series of the usage point before are put aside by now.
      emptyRoom(rows, ROW_BYTES * readingsOf(tree).reduce((sum, { count }) => sum + count, 0))
      return rows
    },
  })
  let began = performance.now()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    if (performance.now() - began < TURN_MS) continue
    await nextTurn()
    began = performance.now()
  }
}

/** Repairs see the feed with its readings put aside, then the blocks of each MeterReading as they are opened. */
function* decodeInSteps<S>(
  parsed: WireFeed,
  decoding: Decoding,
  { close, room: roomFor }: Pick<Handling<S>, 'close' | 'room'>,
): Generator<undefined, DecodedFeed<S>, undefined> {
  const repaired = new Map<string, Warning>()
  const mend = (entries: Entry[]): Entry[] => {
    const { feed, warnings } = repairFeed({ heads: parsed.heads, entries }, decoding.repairs)
    for (const warning of warnings)
      repaired.set(warning.code, { ...warning, count: warning.count + (repaired.get(warning.code)?.count ?? 0) })
    return feed.entries
  }
  const room = createRoom()
  const open = (tree: UsagePointTree): UsagePointTree => {
    // Those of the usage point before have become series by now.
    emptyRoom(room, bytesOf(tree))
    const blocksOf = ({ blocks }: Reading): Reading['blocks'] =>
      blocksIn(mend(blocks.map(({ entry, readings }) => withReadings(entry, unfoldReadings(readings, room)))))
    return { ...tree, readings: tree.readings.map((reading) => ({ ...reading, blocks: blocksOf(reading) })) }
  }
  const feed = { heads: parsed.heads, entries: mend(parsed.entries) }
  const decoded = yield* normalizeInSteps(feed, decoding, { open, close, room: roomFor })
  const warnings = decoding.repairs.flatMap(({ name }) => repaired.get(codeOf(name)) ?? [])
  return { ...decoded, warnings: [...warnings, ...decoded.warnings] }
}

const bytesOf = (tree: UsagePointTree): number =>
  readingsOf(tree).reduce((sum, readings) => sum + unfoldedBytes(readings), 0)

const readingsOf = ({ readings }: UsagePointTree): Readings[] =>
  readings.flatMap(({ blocks }) => blocks.map((block) => block.readings))

const withReadings = (entry: Entry, value: Readings): Entry => ({ ...entry, content: { kind: 'IntervalBlock', value } })

function blocksIn(entries: readonly Entry[]): Reading['blocks'] {
  return entries.flatMap((entry) =>
    entry.content?.kind === 'IntervalBlock' ? [{ entry, readings: entry.content.value }] : [],
  )
}

const codeOf = (repair: string): string => `repaired_${repair}`

/** Runs repairs one after another; each that changed something becomes a warning `repaired_{name}`. */
export function repairFeed(feed: WireFeed, repairs: readonly Repair[]): { feed: WireFeed; warnings: Warning[] } {
  const warnings: Warning[] = []
  let mended = feed
  for (const { name, describe, repair } of repairs) {
    const { feed: next, changed } = repair(mended)
    mended = next
    if (changed > 0) warnings.push({ code: codeOf(name), count: changed, message: describe })
  }
  return { feed: mended, warnings }
}
