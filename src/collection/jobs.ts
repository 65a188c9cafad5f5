import type { Notifications } from '../authorization/notifications.ts'
import type { Job } from '../jobs/job.ts'
import type { Uid } from '../model/uid.ts'
import { listCrowded, listDueForRefresh } from '../storage/active-authorizations.ts'
import { forgetDone } from '../storage/forget-windows.ts'
import { listOldFeedOwners } from '../storage/raw-feed-owners.ts'
import { purgeRawFeeds } from '../storage/raw-feeds.ts'
import { utilityOf } from '../utilities/index.ts'
import type { Collector } from './collector.ts'
import { oweLostFiles, oweRefresh } from './judge-notifications.ts'
import { walkAuthorizations } from './walk-authorizations.ts'

type Nothing = object
const nothing = (): Nothing => ({})
/** Longer than the rarest refresh. */
const KEPT_MS = 60 * 86_400_000
/** Above so many customers of one registration, packages for all replace the daily question for each. */
const MOST_POLLED = 50

/** Something is owed: the collector looks at once, instead of within a second. */
export const lookForWindows: Job<Nothing, { collector: Collector }> = {
  name: 'collect.look',
  key: () => 'look',
  attempts: 1,
  parse: nothing,
  async run(_payload, { collector }) {
    collector.ring()
  },
}

/** A utility has notified us: its notification is judged, and what it names becomes owed. */
export const judgeNotifications: Job<Nothing, { collector: Collector; notifications: Notifications }> = {
  name: 'collect.judge-notifications',
  key: () => 'judge',
  attempts: 3,
  parse: nothing,
  async run(_payload, { collector, notifications }) {
    await notifications.judgePending()
    collector.ring()
  },
}

/**
 * Ongoing monitoring: authorizations whose turn has come are owed their last days, page by page. Files that nobody was left to
 * fetch are owed to somebody else. Runs by schedule.
 */
export const oweRefreshes: Job<Nothing, { collector: Collector }> = {
  name: 'collect.owe-refreshes',
  key: () => 'refresh',
  attempts: 3,
  parse: nothing,
  async run(_payload, { db, now, signal, collector }) {
    const at = now()
    await db.operator((tx) => oweLostFiles(tx, at))
    const packaged = await db.operator((tx) => listCrowded(tx, { most: MOST_POLLED, now: at }))
    const asked = new Set<Uid>()
    await walkAuthorizations({ db, signal }, async (tx, range) => {
      for (const authorization of await listDueForRefresh(tx, { now: at, ...range, packaged }))
        await oweRefresh(tx, authorization, utilityOf(authorization.utility), at, asked)
    })
    collector.ring()
  },
}

/** What was done so long ago is forgotten, page by page: nothing is told by it any more. Runs by schedule. */
export const forgetWindows: Job = {
  name: 'collect.forget-windows',
  key: () => 'forget',
  attempts: 3,
  parse: nothing,
  async run(_payload, { db, now, signal }) {
    const before = new Date(now().getTime() - KEPT_MS)
    await walkAuthorizations({ db, signal }, (tx, range) => forgetDone(tx, { before, ...range }))
  },
}

/** Authorizations whose old feeds are deleted at a time. */
const OWNERS = 200

/** Raw feeds are kept for replay for some days (RAW_FEED_DAYS). Deletes older ones, a page of authorizations at a time. */
export const purgeFeeds: Job<Nothing, { rawFeedDays: number }> = {
  name: 'collect.purge-feeds',
  key: () => 'purge',
  attempts: 3,
  parse: nothing,
  async run(_payload, { db, now, rawFeedDays, signal }) {
    const before = new Date(now().getTime() - rawFeedDays * 86_400_000)
    while (!signal.aborted) {
      const page = await db.operator((tx) => listOldFeedOwners(tx, { before, limit: OWNERS }))
      for (const uid of page) await db.operator((tx) => purgeRawFeeds(tx, uid, before))
      if (page.length < OWNERS) return
    }
  },
}
