import type { Job } from '../jobs/job.ts'
import { oweDailyRequest } from '../storage/bulk-requests.ts'
import type { Tx } from '../storage/db.ts'
import { type GappedMeter, listGapped, oweGaps } from '../storage/gaps.ts'
import { listRefusedProducts } from '../storage/refused-products.ts'
import { listRegistrations } from '../storage/registrations.ts'
import { utilityOf } from '../utilities/index.ts'
import type { Collector } from './collector.ts'
import { planGaps } from './plan-gaps.ts'
import { CLASSES_OF } from './plan-windows.ts'
import { type Range, walkAuthorizations } from './walk-authorizations.ts'

/** Windows that gaps cost one authorization a day, at most: a utility's true gaps are never filled. */
const MOST = 3

/**
 * What may have been lost on its way to us becomes owed again. Gaps between readings are asked for, page by page. Where files
 * bring everything, each registration asks once a day which ones the utility keeps: of a correction or a new bill that was
 * never named no reading tells that it is missing. Runs by schedule, once a day.
 */
export const oweMissing: Job<object, { collector: Collector }> = {
  name: 'collect.owe-missing',
  key: () => 'missing',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { db, now, signal, collector }) {
    const at = now()
    await db.operator((tx) => oweFileRequests(tx, at))
    await walkAuthorizations({ db, signal }, (tx, range) => oweGapsOf(tx, range, at))
    collector.ring()
  },
}

async function oweFileRequests(tx: Tx, now: Date): Promise<void> {
  for (const { registrationUid, utility } of await listRegistrations(tx))
    if (utilityOf(utility).espi.delivery === 'bulk-files')
      await oweDailyRequest(tx, registrationUid, { classes: CLASSES_OF.bulk_request, now })
}

async function oweGapsOf(tx: Tx, range: Range, now: Date): Promise<void> {
  const gapped = await listGapped(tx, { now, ...range })
  for (const meters of Map.groupBy(gapped, ({ authorizationUid }) => authorizationUid).values())
    await oweMissingOf(tx, meters, now)
}

async function oweMissingOf(tx: Tx, meters: readonly GappedMeter[], now: Date): Promise<void> {
  const [first] = meters
  if (first === undefined) return
  const utility = utilityOf(first.utility)
  const { delivery } = utility.espi
  // Files are asked for above; where batches are notified, each refresh asks for all of its days in one request.
  if (delivery === 'bulk-files' || delivery === 'notified-batches') return
  const refused = await listRefusedProducts(tx, first.authorizationUid)
  const isRefused = (resource: string): boolean =>
    refused.some((one) => one.product === 'usage' && one.resource === resource)
  const gaps = planGaps(meters, utility, now).filter(({ resource }) => !isRefused(resource))
  await oweGaps(tx, first.authorizationUid, gaps, { now, most: MOST })
}
