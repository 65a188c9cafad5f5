import type { WireFeed } from '../espi/entry.ts'
import { FeedRejected } from '../espi/errors.ts'
import { openParser, parseFolded } from '../espi/parse.ts'
import { sliceFeed } from '../espi/slice-feed.ts'
import { inflate, inflateWhole, plainBody, type WireBody } from '../utilities/inflate.ts'
import { isForeign, mentionsOther, overlap, type OwnIds } from './is-foreign.ts'

/**
 * What one pass over a body found. body: what may be kept, the same one unless entries of others stood in it. size: its bytes
 * inflated. foreign: entries of others that were left out. feed: with its readings put aside, or the refusal of a body that
 * cannot be read.
 */
export type ReadFeed = { body: WireBody; size: number; foreign: number; feed: WireFeed | FeedRejected }

/**
 * Inflates and parses a body in one pass, so that memory holds the wire's bytes and the columns, never the text. Entries below
 * another subscription or retail customer than the one that was asked for are left out, byte for byte otherwise: whatever the
 * utility did there, it is not ours to keep. ids null: a part that was cut out of bulk data already.
 * Throws UtilityUnavailable as inflate does, and FeedRejected where a body cannot be read and names others: what is whose
 * cannot be told then, so nothing of it may be kept.
 */
export async function readFeed(body: WireBody, ids: OwnIds | null, signal?: AbortSignal): Promise<ReadFeed> {
  const parser = openParser()
  let size = 0
  try {
    for await (const piece of inflate(body)) {
      signal?.throwIfAborted()
      size += piece.length
      parser.push(piece)
    }
    const feed = parser.finish()
    const foreign = ids === null ? 0 : feed.entries.filter((entry) => isForeign(entry, ids)).length
    return ids === null || foreign === 0 ? { body, size, foreign, feed } : await withoutForeign(body, ids, foreign)
  } catch (error) {
    if (!(error instanceof FeedRejected)) throw error
    return await readRefused(body, ids, error)
  }
}

/** Rare enough to hold the text as a whole. */
async function withoutForeign(body: WireBody, ids: OwnIds, foreign: number): Promise<ReadFeed> {
  const own = sliceFeed(await inflateWhole(body), (entry) => !isForeign(entry, ids))
  return { body: plainBody(own, body.limits), size: own.length, foreign, feed: parseFolded(own) }
}

async function readRefused(body: WireBody, ids: OwnIds | null, refusal: FeedRejected): Promise<ReadFeed> {
  let size = 0
  let rest: Uint8Array = new Uint8Array()
  for await (const piece of inflate(body)) {
    size += piece.length
    if (ids === null) continue
    const bytes = Buffer.concat([rest, piece])
    if (mentionsOther(bytes, ids)) throw refusal
    rest = bytes.subarray(-overlap(ids))
  }
  // Whatever is cut off at the end counts as another's.
  if (ids !== null && mentionsOther(Buffer.concat([rest, Buffer.alloc(overlap(ids))]), ids)) throw refusal
  return { body, size, foreign: 0, feed: refusal }
}
