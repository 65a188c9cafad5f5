import { channelKey, type Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { monthOf, monthStart } from '../units/local-days.ts'
import type { Tx } from './db.ts'
import { recountIntervals, touchIntervals } from './intervals.ts'
import { mergeColumns, positionOf, sliceColumns, type Sourced } from './merge-columns.ts'
import { hashColumns, rememberTold } from './series-told.ts'
import { type BlockKey, findBlocks, saveBlocks, type ToSave } from './series-rows.ts'
import { enterWrite } from './write-gate.ts'

/** added and changed count readings; outside counts those before the consent's history, which were dropped. */
export type SeriesMerge = { added: number; changed: number; outside: number }

/** historyStart: what enterWrite told, of a caller that has passed the gate in this transaction. */
export type MergeOptions = { zone: string; source: Uid; now: Date; historyStart?: number }

/** Blocks of one statement: some megabytes. */
const BLOCKS_AT_ONCE = 512

/**
 * Stores readings of many channels and meters of one authorization, and returns what became of each, in order. `zone` is the
 * utility's: blocks are its calendar months. `source` is the raw feed; which reading stands is told in merge-columns.ts.
 * The number of statements does not grow with the meters. What a block was told before is known by its hash: it is neither
 * read nor written. Readings before the consent's history are dropped and counted. Throws ConsentEnded.
 *
 * No row of a block is locked: the gate holds the authorization's row, so its writers come one after another.
 */
export async function mergeManySeries(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly { meterUid: Uid; series: Series }[],
  options: MergeOptions,
): Promise<SeriesMerge[]> {
  const { zone, now } = options
  const historyStart =
    options.historyStart ?? (await enterWrite(tx, authorizationUid, { dataClass: 'intervals', now })).historyStart
  const results = told.map(({ series }) => ({ added: 0, changed: 0, outside: positionOf(series.start, historyStart) }))
  const parts = told.flatMap(({ meterUid, series }, place) =>
    splitByMonth(series, { meterUid, place, zone, historyStart }),
  )
  const touched: { meterUid: Uid; month: number }[] = []
  for (let from = 0; from < parts.length; from += BLOCKS_AT_ONCE) {
    const toSave = await mergeParts(tx, authorizationUid, parts.slice(from, from + BLOCKS_AT_ONCE), options)
    await saveBlocks(tx, authorizationUid, toSave, now)
    touched.push(...toSave)
    for (const { gained } of toSave) {
      for (const { place, added, changed } of gained) {
        const result = results[place]
        if (!result) continue
        result.added += added
        result.changed += changed
      }
    }
  }
  if (touched.length > 0) {
    await touchIntervals(tx, authorizationUid, touched, now)
    await recountIntervals(tx, authorizationUid, [...new Set(touched.map(({ meterUid }) => meterUid))], now)
  }
  return results
}

/** The readings of one channel in one month, from place `place` of what was told. */
type Part = BlockKey & { place: number; columns: Sourced['columns'] }

/** A series by months of the zone, from the history on. */
export function splitByMonth(
  series: Series,
  { meterUid, place, zone, historyStart }: { meterUid: Uid; place: number; zone: string; historyStart: number },
): Part[] {
  const { usagePoint: _usagePoint, channel, ...columns } = series
  const key = { meterUid, channel: channelKey(channel), place }
  const parts: Part[] = []
  for (let from = positionOf(columns.start, historyStart); from < columns.start.length;) {
    const month = monthOf(columns.start[from] ?? 0, zone)
    const to = positionOf(columns.start, monthStart(month + 1, zone))
    parts.push({ ...key, month, columns: sliceColumns(columns, from, to) })
    from = to
  }
  return parts
}

type Gained = { place: number; added: number; changed: number }
type Pending = ToSave & { gained: Gained[] }

/** Merges parts into their blocks, in memory, and returns the blocks that changed. */
async function mergeParts(
  tx: Tx,
  authorizationUid: Uid,
  parts: readonly Part[],
  { source }: MergeOptions,
): Promise<Pending[]> {
  const hashed = parts.map((part) => ({ ...part, hash: hashColumns(part.columns) }))
  const found = await findBlocks(tx, authorizationUid, hashed)
  const pending = new Map<string, Pending>()
  for (const [at, { columns, hash, place, ...key }] of hashed.entries()) {
    const name = `${key.meterUid} ${key.month} ${key.channel}`
    const earlier = pending.get(name) // two names of one meter in one feed
    const known = earlier ?? found[at]
    if (known === 'told') continue
    const merged = mergeColumns(known?.sourced ?? EMPTY, columns, Number(source))
    if (merged.isSame) continue
    pending.set(name, {
      ...key,
      sourced: merged,
      told: rememberTold(known?.told ?? [], hash, merged),
      isChanged: found[at] !== null && (merged.changed > 0 || (earlier?.isChanged ?? false)),
      gained: [...(earlier?.gained ?? []), { place, added: merged.added, changed: merged.changed }],
    })
  }
  return [...pending.values()]
}

const EMPTY: Sourced = {
  columns: {
    exponent: Infinity,
    start: new Float64Array(),
    duration: new Uint32Array(),
    value: new Float64Array(),
    quality: new Uint8Array(),
    cost: null,
    tou: null,
    currency: null,
  },
  source: new Float64Array(),
}
