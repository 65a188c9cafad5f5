import { segmentAfter } from '../espi/href.ts'
import type { Uid } from '../model/uid.ts'
import { type ActiveAuthorization, listActiveOf } from '../storage/active-authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { findRegistration } from '../storage/registrations.ts'
import { oweAgain } from '../storage/window-hints.ts'
import { oweWindows, PRIORITY } from '../storage/windows.ts'
import type { Espi, Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { isConsented, planRefresh, reachOf } from './plan-windows.ts'

/** A known authorization gets at most one fetch for all hints of this long. */
const HINT_MS = 15 * 60_000

/**
 * Turns a judged notification into owed windows, in the transaction that closes it. `resources` are the utility's own
 * addresses. It is a hint and nothing more: a file that it names is owed by every active authorization of the registration
 * (each takes its own slice), a subscription that it names is owed a refresh, and what it says of anything else is not
 * followed. Returns how many windows became owed.
 */
export async function followHint(
  tx: Tx,
  { registrationUid, resources }: { registrationUid: Uid; resources: readonly string[] },
  now: Date,
): Promise<number> {
  const registration = await findRegistration(tx, registrationUid)
  if (!registration) return 0
  const utility = utilityOf(registration.utility)
  const { delivery } = utility.espi
  let owed = 0
  for (const authorization of await listActiveOf(tx, registrationUid, now)) {
    const files = resources.filter((address) => isFile(utility, address, authorization.subscription))
    owed += await oweFiles(tx, authorization, { files, delivery }, now)
    if (delivery !== 'notified-batches' && resources.some((address) => names(address, authorization))) {
      owed += await oweRefresh(tx, authorization, utility, now)
    }
  }
  return owed
}

/**
 * True for the name of a bulk file as the profile writes it, and for a batch of this subscription where batches are
 * notified; nothing else that a notification names is fetched.
 */
export function isFile({ espi }: Utility, address: string, subscription: string | null): boolean {
  if (espi.delivery === 'notified-batches')
    return subscription !== null && segmentAfter(address, 'Subscription') === subscription
  if (espi.delivery !== 'bulk-files' || espi.fileNamePattern === null) return false
  return new RegExp(espi.fileNamePattern).test(new URL(address).pathname.split('/').pop() ?? '')
}

async function oweFiles(
  tx: Tx,
  { authorizationUid, dataClasses }: ActiveAuthorization,
  { files, delivery }: { files: readonly string[]; delivery: Espi['delivery'] },
  now: Date,
): Promise<number> {
  if (!isConsented('file', dataClasses)) return 0
  const windows = files.map((resource) => ({ product: 'file', resource, from: 0, to: 0, priority: PRIORITY.fresh }))
  // A file's name is new each time; a batch may come again under the address it had.
  if (delivery === 'notified-batches') {
    return await oweAgain(tx, authorizationUid, windows, { now, doneBefore: new Date(now.getTime() - HINT_MS) })
  }
  return await oweWindows(tx, authorizationUid, windows, { now })
}

/** Owes an authorization its last days again, unless it was asked for a moment ago. */
export async function oweRefresh(
  tx: Tx,
  authorization: ActiveAuthorization,
  utility: Utility,
  now: Date,
): Promise<number> {
  const { authorizationUid, dataClasses, usagePoints, collectedUntil } = authorization
  const reach = reachOf(authorization, utility, now)
  const windows = planRefresh(utility.espi, usagePoints, reach, collectedUntil).filter(({ product }) =>
    isConsented(product, dataClasses),
  )
  return await oweAgain(tx, authorizationUid, windows, { now, doneBefore: new Date(now.getTime() - HINT_MS) })
}

function names(address: string, { subscription }: ActiveAuthorization): boolean {
  const segments = new URL(address).pathname.split('/')
  return (
    subscription !== null && segments.some((part, at) => part === 'Subscription' && segments[at + 1] === subscription)
  )
}
