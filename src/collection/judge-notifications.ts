import { segmentAfter } from '../espi/href.ts'
import type { Uid } from '../model/uid.ts'
import { type ActiveAuthorization, listActiveBySubscription } from '../storage/active-authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { findRegistration, listRegistrations } from '../storage/registrations.ts'
import { listRefusedProducts } from '../storage/refused-products.ts'
import { listUnplanned } from '../storage/list-unplanned.ts'
import { oweToWaiting } from '../storage/named-files.ts'
import { listNamedResources } from '../storage/notifications.ts'
import { oweAgain, oweAside } from '../storage/owe-again.ts'
import { PRIORITY } from '../storage/windows.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { isBulkAddress } from './is-bulk-address.ts'
import { finishNamed } from './owe-named.ts'
import { isConsented, planCustomer, type PlannedWindow, planRefresh, planUsagePoint, reachOf } from './plan-windows.ts'

/** A known authorization gets at most one fetch for all hints of this long. */
const HINT_MS = 15 * 60_000
const DAY_MS = 86_400_000
/** Addresses, tariffs and meter numbers change now and then: a move, another meter, an agreement that is closed. */
const CUSTOMER_MS = 7 * DAY_MS

/**
 * Turns a judged notification into owed windows, in the transaction that closes it. `resources` are the utility's own
 * addresses. It is a hint and nothing more: a bulk file that it names is fetched under those authorizations of the registration
 * that wait for one (or any one), and then owed to all whose data it holds (each takes its own slice); where all that it names
 * is known, a refresh is answered. A subscription that it names is owed a refresh or, where batches are notified, that batch;
 * what it says of anything else is not followed. Returns how many windows became owed.
 */
export async function followHint(
  tx: Tx,
  { registrationUid, resources }: { registrationUid: Uid; resources: readonly string[] },
  now: Date,
): Promise<number> {
  const registration = await findRegistration(tx, registrationUid)
  if (!registration) return 0
  const utility = utilityOf(registration.utility)
  const files = resources.filter((address) => isBulkAddress(registration, address))
  let owed = await oweFiles(tx, registrationUid, files, now)
  if (files.length > 0 && owed === 0) await finishNamed(tx, registrationUid, now)
  const bySubscription = Map.groupBy(resources, (address) => segmentAfter(address, 'Subscription') ?? '')
  const known = await listActiveBySubscription(tx, registrationUid, { subscriptions: [...bySubscription.keys()], now })
  for (const authorization of known) {
    const batches = bySubscription.get(authorization.subscription ?? '') ?? []
    owed +=
      utility.espi.delivery === 'notified-batches'
        ? await oweBatches(tx, authorization, { batches, utility }, now)
        : await oweRefresh(tx, authorization, utility, now)
  }
  return owed
}

async function oweFiles(tx: Tx, registrationUid: Uid, files: readonly string[], now: Date): Promise<number> {
  const asideBefore = new Date(now.getTime() - HINT_MS)
  return await oweToWaiting(tx, registrationUid, { files, now, asideBefore })
}

/**
 * Files that were named and never fetched, as the one authorization that they were owed to has ended, are owed to another.
 * Returns how many.
 */
export async function oweLostFiles(tx: Tx, now: Date): Promise<number> {
  let owed = 0
  for (const registration of await listRegistrations(tx)) {
    const { registrationUid, bulkId } = registration
    if (bulkId === null) continue
    const { espi } = utilityOf(registration.utility)
    const since = new Date(now.getTime() - espi.fileRetentionDays * DAY_MS)
    const named = await listNamedResources(tx, registrationUid, { since, until: now })
    const files = named.filter((address) => isBulkAddress(registration, address))
    owed += await oweFiles(tx, registrationUid, files, now)
  }
  return owed
}

/** A batch may come again under the address it had, unlike a file, whose name is new each time. */
async function oweBatches(
  tx: Tx,
  { authorizationUid, dataClasses }: ActiveAuthorization,
  { batches, utility }: { batches: readonly string[]; utility: Utility },
  now: Date,
): Promise<number> {
  if (!isConsented('file', dataClasses, utility.espi)) return 0
  const windows = batches.map((resource) => ({ product: 'file', resource, from: 0, to: 0, priority: PRIORITY.fresh }))
  return await oweAgain(tx, authorizationUid, windows, { now, doneBefore: new Date(now.getTime() - HINT_MS) })
}

/**
 * Owes an authorization its last days again, and what was set aside, unless it was asked for a moment ago; its customer's
 * data once a week. asked: registrations whose files were asked for a moment ago, which is for all of their customers at once.
 */
export async function oweRefresh(
  tx: Tx,
  authorization: ActiveAuthorization,
  utility: Utility,
  now: Date,
  asked = new Set<Uid>(),
): Promise<number> {
  const { authorizationUid, registrationUid, dataClasses, usagePoints, collectedUntil } = authorization
  const reach = reachOf(authorization, utility, now)
  const { espi } = utility
  const isAsked = espi.delivery === 'bulk-files' && asked.has(registrationUid)
  const isCovered = ({ product }: PlannedWindow): boolean =>
    isConsented(product, dataClasses, espi) && !(isAsked && product === 'bulk_request')
  asked.add(registrationUid)
  // A meter that another feed told of before the list of usage points came: its history is owed, not its last days.
  const fresh = espi.delivery === 'usage-point-windows' ? await listUnplanned(tx, authorizationUid, usagePoints) : []
  const known = usagePoints.filter((usagePoint) => !fresh.includes(usagePoint))
  const windows = [
    ...planRefresh(espi, known, reach, collectedUntil),
    ...fresh.flatMap((usagePoint) => planUsagePoint(espi, usagePoint, reach)),
  ].filter(isCovered)
  const customer = planCustomer(utility.espi, PRIORITY.fresh).filter(isCovered)
  const refused = await listRefusedProducts(tx, authorizationUid)
  const isRefused = ({ product, resource }: PlannedWindow): boolean =>
    refused.some((one) => one.product === product && one.resource === resource)
  const before = (ms: number): Date => new Date(now.getTime() - ms)
  await oweAgain(tx, authorizationUid, customer, { now, doneBefore: before(CUSTOMER_MS) })
  const aside = await oweAside(tx, authorizationUid, { now, before: before(HINT_MS) })
  const open = windows.filter((window) => !isRefused(window))
  return aside + (await oweAgain(tx, authorizationUid, open, { now, doneBefore: before(HINT_MS) }))
}
