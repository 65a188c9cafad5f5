import { openStore } from '../open-store.ts'
import { replayAuthorization } from '../collection/replay-authorization.ts'
import { readConfig } from '../config.ts'
import { isUid } from '../model/uid.ts'
import { findAuthorization } from '../storage/authorizations.ts'
import { listWithFeeds } from '../storage/raw-feed-owners.ts'

/** `gbp replay [UID]`: derives the products again from the raw feeds; says what changed. Returns the exit code. */
export async function replay(env: NodeJS.ProcessEnv, uid: string | null, out: (line: string) => void): Promise<number> {
  const store = await openStore(readConfig(env), (sentence) => void process.stderr.write(`${sentence}\n`))
  try {
    if (uid !== null) {
      const known = isUid(uid) && (await store.db.operator((tx) => findAuthorization(tx, uid)))
      if (!known) throw new Error(`There is no authorization ${uid}.`)
    }
    const uids = uid === null ? await store.db.operator((tx) => listWithFeeds(tx)) : [uid]
    for (const authorizationUid of uids) {
      const { feeds, readings, bills, changed, gone } = await replayAuthorization(
        { ...store, now: () => new Date() },
        authorizationUid,
      )
      const outcome = changed === 0 ? 'the same products' : `${changed} rows differ`
      if (gone > 0) {
        const kept = `${gone} raw feeds are no longer kept (RAW_FEED_DAYS); what came from them stays as it is`
        out(`${authorizationUid}: ${kept}; of ${feeds} others, ${changed} readings and bills differ`)
        continue
      }
      out(`${authorizationUid}: ${feeds} raw feeds, ${readings} readings, ${bills} bills: ${outcome}`)
    }
    if (uids.length === 0) out('There are no raw feeds to replay.')
    return 0
  } finally {
    await store.close()
  }
}
