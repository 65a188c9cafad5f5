import type { Job } from '../jobs/job.ts'
import { purgeDeliveries } from '../storage/deliveries.ts'

const KEPT_MS = 30 * 86_400_000
const PAGE = 5000

/** The log of deliveries is kept for 30 days, and so long an event can be sent again. Runs by schedule. */
export const purgeOldDeliveries: Job = {
  name: 'webhooks.purge',
  key: () => 'purge',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { db, now, signal }) {
    const purge = { before: new Date(now().getTime() - KEPT_MS), limit: PAGE }
    while (!signal.aborted && (await db.operator((tx) => purgeDeliveries(tx, purge))) === PAGE);
  },
}
