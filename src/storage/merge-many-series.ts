import { setImmediate as nextTurn } from 'node:timers/promises'

import { channelKey, type Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { monthOf, monthStart } from '../units/local-days.ts'
import { findReaching, saveBeneath } from './beneath.ts'
import type { Tx } from './db.ts'
import { settleIntervals } from './intervals.ts'
import { findChains, isLink, mergeAcrossMonths } from './merge-across-months.ts'
import { positionOf, sliceColumns, type Sourced } from './merge-columns.ts'
import { EMPTY, type Merged, mergeLayers } from './merge-layers.ts'
import { appendToBlocks, type Following, mayFollow } from './series-append.ts'
import { hashColumns, rememberTold } from './series-told.ts'
import { type BlockKey, findBlocks, type KnownBlock, packBlocks, saveBlocks, type ToSave } from './series-rows.ts'
import { sideBySide } from './side-by-side.ts'
import { enterWrite } from './write-gate.ts'

/** added and changed count readings; outside counts those before the consent's history, which were dropped. */
export type SeriesMerge = { added: number; changed: number; outside: number }

/**
 * historyStart: what enterWrite told, of a caller that has passed the gate in this transaction. later: numbers of feeds that
 * the utility wrote after this one and that came before it.
 */
export type MergeOptions = {
  zone: string
  source: Uid
  now: Date
  historyStart?: number
  later?: ReadonlySet<number> | undefined
}

/** Blocks of one statement, and their readings: between statements other work gets its turn, and packing these takes 20 ms. */
const BLOCKS_AT_ONCE = 512
export const READINGS_AT_ONCE = 150_000

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
  const batches = batchesOf(parts)
  for (const batch of batches) {
    const { merged, following } = await mergeParts(tx, authorizationUid, batch, options)
    const toSave = merged.filter(({ isShown, isNew }) => isShown || isNew)
    const packed = await packBlocks(toSave)
    const beneath = merged.filter(({ hasBeneath }) => hasBeneath)
    touched.push(...toSave.filter(({ isShown }) => isShown), ...following)
    await sideBySide(
      appendToBlocks(tx, authorizationUid, following, options),
      saveBlocks(tx, authorizationUid, packed, now),
      saveBeneath(tx, authorizationUid, beneath),
      batch === batches.at(-1) ? settleIntervals(tx, authorizationUid, touched, now) : null,
    )
    for (const { place, added, changed } of [...toSave, ...following].flatMap(({ gained }) => gained)) {
      const result = results[place]
      if (!result) continue
      result.added += added
      result.changed += changed
    }
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

/** Parts in order, in batches of one statement each; a part of many readings is a batch of its own. */
function batchesOf(parts: readonly Part[]): Part[][] {
  const batches: Part[][] = []
  let room = 0
  for (const part of parts) {
    const readings = part.columns.start.length
    const last = batches.at(-1)
    if (last && last.length < BLOCKS_AT_ONCE && readings <= room) last.push(part)
    else {
      batches.push([part])
      room = READINGS_AT_ONCE
    }
    room -= readings
  }
  return batches
}

type Gained = { place: number; added: number; changed: number }
type Pending = ToSave & { gained: Gained[]; isShown: boolean }

/** Merges parts into their blocks, in memory, and returns the blocks that changed, and what only follows its block. */
async function mergeParts(
  tx: Tx,
  authorizationUid: Uid,
  parts: readonly Part[],
  { source, zone, later }: MergeOptions,
): Promise<{ merged: Pending[]; following: (Following & { gained: Gained[] })[] }> {
  const hashed = await hashParts(parts, zone)
  const measured = [...new Set(hashed.flatMap((part) => (arePoints(part) ? [] : [part.meterUid])))]
  const [found, reaching] = await sideBySide(
    findBlocks(tx, authorizationUid, hashed, source),
    findReaching(tx, authorizationUid, measured),
  )
  const news = hashed.flatMap((part, at) => (found[at] === 'told' ? [] : [{ ...part, known: found[at] ?? null }]))
  const following: (Following & { gained: Gained[] })[] = []
  const feed = Number(source)
  const pending = new Map<string, Pending>()
  const chains = findChains(reaching, { told: news.filter((part) => !arePoints(part)), zone })
  for (const chain of chains) {
    const told = news.filter((part) => isLink(chain, part))
    for (const month of await mergeAcrossMonths(tx, authorizationUid, chain, { told, feed, zone, later })) {
      const own = told.find((part) => part.month === month.month)
      const key = { meterUid: chain.meterUid, channel: chain.channel, month: month.month }
      const hash = own?.hash ?? null
      if (!month.merged.isSame)
        pending.set(nameOf(key), pend(key, { ...month, hash, place: (own ?? told[0])?.place ?? -1 }))
    }
  }
  for (const { columns, hash, place, known, ...key } of news) {
    if (chains.some((chain) => isLink(chain, key))) continue
    if (known !== null && 'sources' in known) {
      const gained = [{ place, added: columns.start.length, changed: 0 }]
      following.push({ ...key, columns, hash, sources: known.sources, gained })
      continue
    }
    const earlier = pending.get(nameOf(key)) // two names of one meter in one feed
    const before = (earlier ?? known)?.sourced ?? EMPTY
    const merged = mergeLayers(before, columns, feed, { arePoints: arePoints(key), later })
    if (!merged.isSame) pending.set(nameOf(key), pend(key, { known, earlier, merged, hash, place, reach: null }))
  }
  return { merged: [...pending.values()], following }
}

/** Hashes of so many readings take a millisecond or two; then other work gets its turn. */
const READINGS_A_TURN = 50_000

async function hashParts(parts: readonly Part[], zone: string): Promise<(Part & { hash: Buffer; follows: boolean })[]> {
  const hashed: (Part & { hash: Buffer; follows: boolean })[] = []
  const times = Map.groupBy(parts, nameOf)
  let readings = 0
  for (const part of parts) {
    readings += part.columns.start.length
    if (readings > READINGS_A_TURN) {
      await nextTurn()
      readings = 0
    }
    // Two names of one meter in one feed are merged with each other.
    const follows = times.get(nameOf(part))?.length === 1 && mayFollow(part, zone)
    hashed.push({ ...part, hash: hashColumns(part.columns), follows })
  }
  return hashed
}

const nameOf = ({ meterUid, month, channel }: BlockKey): string => `${meterUid} ${month} ${channel}`
const arePoints = ({ channel }: BlockKey): boolean => channel.split('/')[2] === 'register'

type Change = {
  known: KnownBlock | null
  earlier?: Pending | undefined
  merged: Merged
  hash: Buffer | null
  place: number
  reach: number | null
}

function pend(key: BlockKey, { known, earlier, merged, hash, place, reach }: Change): Pending {
  const { added, changed } = merged
  return {
    ...key,
    sourced: merged,
    told: rememberTold((earlier ?? known)?.told ?? [], hash, merged),
    reach,
    isChanged: known !== null && (changed > 0 || (earlier?.isChanged ?? false)),
    isNew: known === null,
    isShown: added + changed > 0 || (earlier?.isShown ?? false),
    hasBeneath:
      merged.beneath !== null || reach !== null || (known !== null && (known.sourced.beneath ?? known.reach) !== null),
    gained: [...(earlier?.gained ?? []), { place, added, changed }],
  }
}
