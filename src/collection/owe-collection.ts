import type { AuthorizationRow } from '../storage/authorizations.ts'
import { findActive } from '../storage/active-authorizations.ts'
import type { Tx } from '../storage/db.ts'
import { appendEvent } from '../storage/events.ts'
import { listNamedResources } from '../storage/window-hints.ts'
import { oweWindows } from '../storage/windows.ts'
import { utilityOf } from '../utilities/index.ts'
import { isFile, oweRefresh } from './judge-notifications.ts'
import { isConsented, planFirst, reachOf } from './plan-windows.ts'

const DAY_MS = 86_400_000

/**
 * What is owed the moment a customer agreed; in the transaction that activates the authorization. A share that was
 * renewed goes on from where it was had last, so that there is no gap and nothing is fetched twice for nothing.
 */
export async function oweCollection(tx: Tx, row: AuthorizationRow, now: Date): Promise<void> {
  const { authorizationUid, registrationUid, dataClasses } = row
  const active = await findActive(tx, authorizationUid, now)
  if (!active || registrationUid === null) return
  const utility = utilityOf(row.utility)
  const since = new Date(now.getTime() - utility.espi.fileRetentionDays * DAY_MS)
  const named = await listNamedResources(tx, registrationUid, since)
  const files = named.filter((address) => isFile(utility, address, active.subscription))
  const windows = planFirst(utility.espi, reachOf(row, utility, now), files)
  await oweWindows(
    tx,
    authorizationUid,
    windows.filter(({ product }) => isConsented(product, dataClasses)),
    { now, again: true },
  )
  if (active.usagePoints.length > 0) await oweRefresh(tx, active, utility, now)
  await appendEvent(tx, { type: 'authorization_update_started', authorizationUid, now })
}
