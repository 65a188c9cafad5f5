import { FeedRejected } from '../espi/errors.ts'
import type { StorableFeed } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  insertRawFeed,
  type NewRawFeed,
  type PackedFeed,
  packRawFeed,
  placeRawFeed,
  type RawFeedPlace,
  saveRawFeed,
  setOutcome,
  setSize,
} from '../storage/raw-feeds.ts'
import type { Envelope } from '../storage/secrets.ts'
import { sideBySide } from '../storage/side-by-side.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import { decodeParsed, type Decoding } from '../utilities/decode.ts'
import type { WireBody } from '../utilities/inflate.ts'
import { CLASSES_OF, type PlannedWindow } from './plan-windows.ts'
import type { ReadFeed } from './read-feed.ts'

type KeepDeps = { db: Db; envelope: Envelope; now: () => Date }
type ToKeep = { body: WireBody; window: PlannedWindow; mediaType: string; lease: Lease }

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
  { body, size, window: { product, resource }, mediaType, lease }: ToKeep & { size: number },
): Keeper {
  const raw = { product, resource, mediaType, ...bytesOf(body, size) }
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

/** size: inflated. */
function bytesOf({ wire, coding }: WireBody, size: number): Pick<NewRawFeed, 'body' | 'inflatedSize'> {
  return { body: wire, ...(coding === 'gzip' && { inflatedSize: size }) }
}

/** From so many bytes on the wire, some megabytes inflated, a body is written while it is being read. */
const LARGE = 65_536

export const isLarge = ({ wire }: WireBody): boolean => wire.length >= LARGE

/** A feed that is written already, in a transaction that waits to be told whether it may stay. One of the two is due. */
export type Ahead = {
  /** It may. size: bytes, inflated. Returns its uid. Throws ConsentEnded, LeaseLost. */
  confirm(size: number): Promise<Uid>
  /** Nothing of it stays. */
  drop(): Promise<void>
}

/**
 * Writes a large feed while it is being read, as the database works beside us; whether all of it is the customer's is known
 * behind its last entry only. Lease and consent are checked then, so that nobody waits for the authorization's row meanwhile.
 */
export function keepAhead(
  { db, envelope, now }: KeepDeps,
  authorizationUid: Uid,
  { body, window: { product, resource }, mediaType, lease }: ToKeep,
): Ahead {
  const told = Promise.withResolvers<number | null>()
  async function write(): Promise<Uid> {
    // Its size is set when it is known.
    const packed = await packRawFeed({ product, resource, mediaType, ...bytesOf(body, 0) })
    const place = await db.operator((tx) => placeRawFeed(tx, authorizationUid, packed, now()))
    return await db.operator(async (tx) => {
      if (place.isNew) await insertRawFeed(tx, authorizationUid, place, packed, { envelope, now: now() })
      const size = await told.promise
      if (size === null) throw new NotKept()
      await sideBySide(
        enterWrite(tx, authorizationUid, { dataClass: CLASSES_OF[product], fence: lease, now: now() }),
        place.isNew ? setSize(tx, authorizationUid, place.rawFeedUid, size) : null,
      )
      return place.rawFeedUid
    })
  }
  const written = write()
  const settled = Promise.allSettled([written])
  return {
    async confirm(size) {
      told.resolve(size)
      return await written
    },
    async drop() {
      told.resolve(null)
      await settled
    },
  }
}

/** Ends the transaction of a feed that may not stay. */
class NotKept extends Error {}

/**
 * Decodes a feed. It is kept whatever becomes of decoding, so that a better decoder can replay it; where it may not be kept,
 * since lease or consent ended, nothing else counts. A small one, such as a day of readings, is kept later with what it brings,
 * in one transaction (kept: null).
 */
export async function keepAndDecode(
  { feed, size }: ReadFeed,
  decoding: Decoding,
  { keeper, ahead }: { keeper: Keeper; ahead: Ahead | null },
): Promise<{ decoded: StorableFeed; kept: Uid | null }> {
  const decode = (): Promise<StorableFeed> =>
    feed instanceof FeedRejected ? Promise.reject(feed) : decodeParsed(feed, decoding)
  const [early, decoded] = await Promise.allSettled([ahead?.confirm(size) ?? null, decode()])
  if (early.status === 'rejected') throw early.reason
  if (decoded.status === 'fulfilled') return { decoded: decoded.value, kept: early.value }
  if (ahead === null) await keeper.alone()
  throw decoded.reason
}
