import type { StorableFeed } from '../model/decoded-feed.ts'
import type { AuthorizationRow } from '../storage/authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { listUnplanned } from '../storage/list-unplanned.ts'
import { oweWindows, PRIORITY } from '../storage/windows.ts'
import type { Utility } from '../utilities/contract.ts'
import { isConsented, type PlannedWindow, planCustomer, planUsagePoint, reachOf } from './plan-windows.ts'

/** What a feed told, and under which authorization. */
export type Found = { authorization: AuthorizationRow; utility: Utility; decoded: StorableFeed; now: Date }

/** The usage points of a list that were never planned are owed with their history, and the customer's data with them. */
export async function oweUsagePoints(tx: Tx, of: Found): Promise<void> {
  const { authorization, utility, decoded, now } = of
  const reach = reachOf(authorization, utility, now)
  const told = decoded.meters.map(({ usagePoint }) => usagePoint)
  const { authorizationUid, dataClasses } = authorization
  const isCovered = ({ product }: PlannedWindow): boolean => isConsented(product, dataClasses, utility.espi)
  const unplanned = await listUnplanned(tx, authorizationUid, told)
  const windows = unplanned.flatMap((usagePoint) => planUsagePoint(utility.espi, usagePoint, reach)).filter(isCovered)
  await oweWindows(tx, authorizationUid, windows, { now })
  // Where the new ones are, and what became of the others, is told with the customer's data.
  const customer = unplanned.length === 0 ? [] : planCustomer(utility.espi, PRIORITY.present + 1).filter(isCovered)
  await oweWindows(tx, authorizationUid, customer, { now, again: true })
}

/** A package brought a usage point that was never asked for: the customer has a new one, and its history is owed. */
export async function oweDiscovery(tx: Tx, of: Found): Promise<void> {
  const { authorization, utility, decoded, now } = of
  if (utility.espi.delivery !== 'usage-point-windows') return
  const told = [...new Set(decoded.series.map(({ usagePoint }) => usagePoint))]
  if ((await listUnplanned(tx, authorization.authorizationUid, told)).length === 0) return
  const list = { product: 'usage_points', resource: '', from: 0, to: 0, priority: PRIORITY.fresh }
  await oweWindows(tx, authorization.authorizationUid, [list], { now, again: true })
}
