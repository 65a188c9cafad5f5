import type { Job } from '../jobs/job.ts'
import type { Uid } from '../model/uid.ts'
import type { Span } from '../storage/coverage.ts'
import type { Tx } from '../storage/db.ts'
import { areFilesAsked, type GappedMeter, listGapped, oweGaps } from '../storage/gaps.ts'
import { listRefusedProducts } from '../storage/refused-products.ts'
import { listRegistrations } from '../storage/registrations.ts'
import { oweAgain } from '../storage/owe-again.ts'
import { GAP } from '../storage/windows.ts'
import { utilityOf } from '../utilities/index.ts'
import type { Collector } from './collector.ts'
import { isMissingFile, planGaps } from './plan-gaps.ts'
import { isConsented } from './plan-windows.ts'
import { type Range, walkAuthorizations } from './walk-authorizations.ts'

/** Windows that gaps cost one authorization a day, at most: a utility's true gaps are never filled. */
const MOST = 3
const DAY = 86_400
/** Somewhat less than a day, since a schedule is not to the minute. */
const ASKED_MS = 20 * 3_600_000
/** No utility keeps files longer, its lag included; readings that have ended before are of no use here. */
const FILES_DAYS = 31

/**
 * Gaps between readings become owed again, page by page: what a utility had not published, or has lost on its way to us.
 * Where files bring everything, a missing day is asked for once for all customers of a registration, while its file is
 * kept. Runs by schedule, once a day.
 */
export const oweMissing: Job<object, { collector: Collector }> = {
  name: 'collect.owe-missing',
  key: () => 'missing',
  attempts: 3,
  parse: () => ({}),
  async run(_payload, { db, now, signal, collector }) {
    const at = now()
    const files = await db.operator((tx) => listFileRegistrations(tx))
    await walkAuthorizations({ db, signal }, (tx, range) => owePage(tx, range, { now: at, files }))
    collector.ring()
  },
}

/** Registrations that get files; each leaves the set when its files have been asked for. */
async function listFileRegistrations(tx: Tx): Promise<Set<Uid>> {
  const registrations = await listRegistrations(tx)
  const withFiles = registrations.filter(({ utility }) => utilityOf(utility).espi.delivery === 'bulk-files')
  return new Set(withFiles.map(({ registrationUid }) => registrationUid))
}

async function owePage(tx: Tx, range: Range, { now, files }: { now: Date; files: Set<Uid> }): Promise<void> {
  const at = now.getTime() / 1000
  const ended: Span = [at - FILES_DAYS * DAY, at - DAY]
  const gapped = await listGapped(tx, { now, ...range, files: [...files], ended })
  for (const meters of Map.groupBy(gapped, ({ authorizationUid }) => authorizationUid).values())
    await oweMissingOf(tx, meters, { now, files })
}

async function oweMissingOf(
  tx: Tx,
  meters: readonly GappedMeter[],
  { now, files }: { now: Date; files: Set<Uid> },
): Promise<void> {
  const [first] = meters
  if (first === undefined) return
  const { authorizationUid, registrationUid, dataClasses } = first
  const utility = utilityOf(first.utility)
  const refused = await listRefusedProducts(tx, authorizationUid)
  const isRefused = (product: string, resource: string): boolean =>
    refused.some((one) => one.product === product && one.resource === resource)
  switch (utility.espi.delivery) {
    case 'usage-point-windows':
    case 'subscription-windows': {
      const gaps = planGaps(meters, utility, now).filter(({ resource }) => !isRefused('usage', resource))
      await oweGaps(tx, authorizationUid, gaps, { now, most: MOST })
      return
    }
    case 'bulk-files': {
      if (!files.has(registrationUid) || !isConsented('bulk_request', dataClasses, utility.espi)) return
      if (!meters.some((meter) => isMissingFile(meter, utility, now))) return
      files.delete(registrationUid)
      if (await areFilesAsked(tx, registrationUid)) return
      const ask = { product: 'bulk_request', resource: '', from: 0, to: 0, priority: GAP }
      await oweAgain(tx, authorizationUid, [ask], { now, doneBefore: new Date(now.getTime() - ASKED_MS) })
      return
    }
    case 'notified-batches': // each refresh asks for all of its days in one request
  }
}
