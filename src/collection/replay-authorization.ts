import type { Uid } from '../model/uid.ts'
import { getAuthorization } from '../storage/authorizations.ts'
import type { Db } from '../storage/db.ts'
import { countPurgedFeeds, listRawFeeds, readRawFeed, setOutcome } from '../storage/raw-feeds.ts'
import { clearDerived, keepUnchanged, stashDerived } from '../storage/replay.ts'
import type { Envelope } from '../storage/secrets.ts'
import { decodeFeed, decodingOf, fileQualityOf } from '../utilities/decode.ts'
import { utilityOf } from '../utilities/index.ts'
import { laterFiles } from './later-files.ts'
import { storeFeed } from './store-feed.ts'

/** gone: feeds that products came from and that are no longer kept. */
export type Replayed = { feeds: number; readings: number; bills: number; changed: number; gone: number }

/**
 * Derives the products of one authorization again from its raw feeds, in the order in which they came. uids stay; what
 * comes out as it was keeps its version and times, so a replay with an unchanged decoder changes nothing. Where feeds are no
 * longer kept, what came from them stays, and the others are only decoded again: what a decoder should not have told stays.
 * One transaction: it happens whole or not at all. Throws FeedRejected, ConsentEnded.
 */
export async function replayAuthorization(
  { db, envelope, now }: { db: Db; envelope: Envelope; now: () => Date },
  authorizationUid: Uid,
): Promise<Replayed> {
  const at = now()
  return await db.operator(async (tx) => {
    const { utility: id, dataClasses } = await getAuthorization(tx, authorizationUid)
    const utility = utilityOf(id)
    const replayed: Replayed = { feeds: 0, readings: 0, bills: 0, changed: 0, gone: 0 }
    const feeds = await listRawFeeds(tx, authorizationUid, { limit: 1_000_000 })
    if (feeds.length === 0) return replayed
    replayed.gone = await countPurgedFeeds(tx, authorizationUid)
    if (replayed.gone === 0) {
      await stashDerived(tx, authorizationUid)
      await clearDerived(tx, authorizationUid)
    }
    for (const { rawFeedUid, product, resource, fetched } of feeds) {
      const raw = await readRawFeed(tx, authorizationUid, rawFeedUid, envelope)
      if (!raw) continue
      const feed = decodeFeed(raw.body, decodingOf(utility, fileQualityOf(utility, resource)))
      const completeList = product === 'usage_points'
      const stored = await storeFeed(tx, authorizationUid, feed, {
        timezone: utility.timezone,
        dataClasses,
        source: rawFeedUid,
        later: await laterFiles(tx, utility, { authorizationUid, product, resource, fetched }),
        now: at,
        completeList,
        silent: true,
      })
      await setOutcome(tx, authorizationUid, rawFeedUid, { warnings: feed.warnings, quarantined: feed.quarantined })
      replayed.feeds++
      replayed.readings += stored.readings
      replayed.bills += stored.bills
    }
    const isWhole = replayed.gone === 0
    replayed.changed = isWhole ? await keepUnchanged(tx, authorizationUid) : replayed.readings + replayed.bills
    return replayed
  })
}
