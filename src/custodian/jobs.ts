import type { Job } from '../jobs/job.ts'
import { purgeNotices } from '../storage/client-notices.ts'
import { notifyClients, type NotifyDeps } from './notify-clients.ts'

const KEPT_MS = 30 * 86_400_000

/** Third parties that are owed word of news. Runs every minute, so that what changed in it goes together. */
export const tellClients: Job<object, { clients: NotifyDeps }> = {
  name: 'custodian.notify',
  key: () => 'notify',
  attempts: 1,
  parse: () => ({}),
  async run(_payload, { clients, signal }) {
    await notifyClients(clients, signal)
  },
}

/** What no third party took in 30 days, and what it is owed twice. Runs by schedule. */
export const purgeOldNotices: Job = {
  name: 'custodian.purge',
  key: () => 'purge',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { db, now }) {
    await db.operator((tx) => purgeNotices(tx, new Date(now().getTime() - KEPT_MS)))
  },
}
