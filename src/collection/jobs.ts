import type { Notifications } from '../authorization/notifications.ts'
import type { Job } from '../jobs/job.ts'
import { listCrowded, listDueForRefresh } from '../storage/active-authorizations.ts'
import { utilityOf } from '../utilities/index.ts'
import type { Collector } from './collector.ts'
import { oweRefresh } from './judge-notifications.ts'

type Nothing = object
const nothing = (): Nothing => ({})
const BATCH = 200
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

/** Ongoing monitoring: authorizations whose turn has come are owed their last days. Runs by schedule. */
export const oweRefreshes: Job<Nothing, { collector: Collector }> = {
  name: 'collect.owe-refreshes',
  key: () => 'refresh',
  attempts: 3,
  parse: nothing,
  async run(_payload, { db, now, collector }) {
    const at = now()
    await db.operator(async (tx) => {
      const packaged = await listCrowded(tx, { most: MOST_POLLED, now: at })
      for (const authorization of await listDueForRefresh(tx, { now: at, limit: BATCH, packaged })) {
        await oweRefresh(tx, authorization, utilityOf(authorization.utility), at)
      }
    })
    collector.ring()
  },
}
