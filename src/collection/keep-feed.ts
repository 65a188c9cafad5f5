import { FeedRejected } from '../espi/errors.ts'
import type { StorableFeed } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  insertRawFeed,
  type PackedFeed,
  packRawFeed,
  placeRawFeed,
  type RawFeedPlace,
  saveRawFeed,
  setOutcome,
} from '../storage/raw-feeds.ts'
import type { Envelope } from '../storage/secrets.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import { decodeParsed, type Decoding } from '../utilities/decode.ts'
import { CLASSES_OF, type PlannedWindow } from './plan-windows.ts'
import type { ReadFeed } from './read-feed.ts'

type KeepDeps = { db: Db; envelope: Envelope; now: () => Date }
type ToKeep = { read: ReadFeed; window: PlannedWindow; mediaType: string; lease: Lease }

/** Keeps one raw feed under a lease. */
export type Keeper = {
  /** Hashes and compresses it, once: the rest takes no time. */
  pack(): Promise<PackedFeed>
  /** In a transaction of its own. Returns its uid. */
  alone(): Promise<Uid>
  /** In one that passes the gate. */
  place(tx: Tx): Promise<RawFeedPlace>
  save(tx: Tx, place: RawFeedPlace, outcome: object): Promise<void>
}

export function keeperOf(
  { db, envelope, now }: KeepDeps,
  authorizationUid: Uid,
  { read, window: { product, resource }, mediaType, lease }: ToKeep,
): Keeper {
  const { wire: body, coding } = read.body
  const raw = { product, resource, mediaType, body, ...(coding === 'gzip' ? { inflatedSize: read.size } : {}) }
  let packing: Promise<PackedFeed> | null = null
  const pack = (): Promise<PackedFeed> => (packing ??= packRawFeed(raw))
  return {
    pack,
    alone: async () =>
      await db.operator(async (tx) => {
        await enterWrite(tx, authorizationUid, { dataClass: CLASSES_OF[product], fence: lease, now: now() })
        return (await saveRawFeed(tx, authorizationUid, raw, { envelope, now: now() })).rawFeedUid
      }),
    place: async (tx) => await placeRawFeed(tx, authorizationUid, await pack(), now()),
    async save(tx, place, outcome) {
      if (!place.isNew) await setOutcome(tx, authorizationUid, place.rawFeedUid, outcome)
      else await insertRawFeed(tx, authorizationUid, place, await pack(), { envelope, now: now(), outcome })
    },
  }
}

/** From so many bytes on (inflated), decoding takes longer than a transaction. */
const LARGE = 2_000_000

/**
 * Decodes a feed. It is kept whatever becomes of decoding, so that a better decoder can replay it; where it may not be kept,
 * since lease or consent ended, nothing else counts. A large one is kept at once, as the database works beside us; a small
 * one, such as a day of readings, later with what it brings, in one transaction (kept: null).
 */
export async function keepAndDecode(
  { feed, size }: ReadFeed,
  decoding: Decoding,
  keeper: Keeper,
): Promise<{ decoded: StorableFeed; kept: Uid | null }> {
  const decode = (): Promise<StorableFeed> =>
    feed instanceof FeedRejected ? Promise.reject(feed) : decodeParsed(feed, decoding)
  const isLarge = size >= LARGE
  const [early, decoded] = await Promise.allSettled([isLarge ? keeper.alone() : null, decode()])
  if (early.status === 'rejected') throw early.reason
  if (decoded.status === 'fulfilled') return { decoded: decoded.value, kept: early.value }
  if (!isLarge) await keeper.alone()
  throw decoded.reason
}
