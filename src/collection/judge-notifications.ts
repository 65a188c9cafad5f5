import { segmentAfter } from '../espi/href.ts'
import type { Uid } from '../model/uid.ts'
import { type ActiveAuthorization, listActiveBySubscription } from '../storage/active-authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { findRegistration } from '../storage/registrations.ts'
import { listUnplanned, oweAgain, oweAside, oweToAll } from '../storage/window-hints.ts'
import { PRIORITY } from '../storage/windows.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { isBulkAddress } from './is-bulk-address.ts'
import {
  CLASSES_OF,
  isConsented,
  planCustomer,
  type PlannedWindow,
  planRefresh,
  planUsagePoint,
  reachOf,
} from './plan-windows.ts'

/** A known authorization gets at most one fetch for all hints of this long. */
const HINT_MS = 15 * 60_000
/** Addresses, tariffs and meter numbers change now and then: a move, another meter, an agreement that is closed. */
const CUSTOMER_MS = 7 * 86_400_000

/**
 * Turns a judged notification into owed windows, in the transaction that closes it. `resources` are the utility's own
 * addresses. It is a hint and nothing more: a bulk file that it names is owed by every active authorization of the
 * registration (each takes its own slice), a subscription that it names is owed a refresh or, where batches are notified,
 * that batch; what it says of anything else is not followed. Returns how many windows became owed.
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
  const dataClasses = CLASSES_OF.file
  const asideBefore = new Date(now.getTime() - HINT_MS)
  let owed = await oweToAll(tx, registrationUid, { files, dataClasses, priority: PRIORITY.fresh, now, asideBefore })
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
 * data once a week.
 */
export async function oweRefresh(
  tx: Tx,
  authorization: ActiveAuthorization,
  utility: Utility,
  now: Date,
): Promise<number> {
  const { authorizationUid, dataClasses, usagePoints, collectedUntil } = authorization
  const reach = reachOf(authorization, utility, now)
  const isCovered = ({ product }: PlannedWindow): boolean => isConsented(product, dataClasses, utility.espi)
  const { espi } = utility
  // A meter that another feed told of before the list of usage points came: its history is owed, not its last days.
  const fresh = espi.delivery === 'usage-point-windows' ? await listUnplanned(tx, authorizationUid, usagePoints) : []
  const known = usagePoints.filter((usagePoint) => !fresh.includes(usagePoint))
  const windows = [
    ...planRefresh(espi, known, reach, collectedUntil),
    ...fresh.flatMap((usagePoint) => planUsagePoint(espi, usagePoint, reach)),
  ].filter(isCovered)
  const customer = planCustomer(utility.espi, PRIORITY.fresh).filter(isCovered)
  const before = (ms: number): Date => new Date(now.getTime() - ms)
  await oweAgain(tx, authorizationUid, customer, { now, doneBefore: before(CUSTOMER_MS) })
  const aside = await oweAside(tx, authorizationUid, { now, before: before(HINT_MS) })
  return aside + (await oweAgain(tx, authorizationUid, windows, { now, doneBefore: before(HINT_MS) }))
}
