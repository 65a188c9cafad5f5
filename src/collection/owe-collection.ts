import { segmentAfter } from '../espi/href.ts'
import type { AuthorizationRow } from '../storage/authorizations.ts'
import { type ActiveAuthorization, findActive } from '../storage/active-authorizations.ts'
import { findPreviousConsent } from '../storage/consents.ts'
import type { Tx } from '../storage/db.ts'
import { appendEvent } from '../storage/events.ts'
import { findRegistration } from '../storage/registrations.ts'
import { listNamedResources } from '../storage/notifications.ts'
import { renewWindows } from '../storage/renew-windows.ts'
import { oweWindows } from '../storage/windows.ts'
import type { Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { isBulkAddress } from './is-bulk-address.ts'
import { oweRefresh } from './judge-notifications.ts'
import { isConsented, type PlannedWindow, planFirst, planUsagePoint, PRODUCTS, reachOf } from './plan-windows.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * What is owed the moment a customer agreed; in the transaction that activates the authorization. A share that was
 * renewed goes on from where it was had last, so that there is no gap and nothing is fetched twice for nothing; what the
 * new consent covers beyond the earlier one is owed from the start.
 */
export async function oweCollection(tx: Tx, row: AuthorizationRow, now: Date): Promise<void> {
  const { authorizationUid, registrationUid, dataClasses } = row
  const active = await findActive(tx, authorizationUid, now)
  if (!active || registrationUid === null) return
  const utility = utilityOf(row.utility)
  const isCovered = ({ product }: Pick<PlannedWindow, 'product'>): boolean =>
    isConsented(product, dataClasses, utility.espi)
  await renewWindows(tx, authorizationUid, { products: PRODUCTS.filter((product) => isCovered({ product })), now })
  const windows = (await planOf(tx, { row, active, utility, registrationUid }, now)).filter(isCovered)
  await oweWindows(tx, authorizationUid, windows, { now, again: true })
  if (active.usagePoints.length > 0) await oweRefresh(tx, active, utility, now)
  await appendEvent(tx, { type: 'authorization_update_started', authorizationUid, now })
}

type Owed = { row: AuthorizationRow; active: ActiveAuthorization; utility: Utility; registrationUid: string }

/**
 * When what may hold this customer's data was named. A file that is fetched is owed to whoever it names, confirmed or not
 * (oweToNamed), so only those are left that came while the grant was on its way to us.
 */
function filesOf({ created }: AuthorizationRow, { espi }: Utility, now: Date): { since: Date; until: Date } {
  if (espi.delivery === 'notified-batches')
    return { since: new Date(now.getTime() - espi.fileRetentionDays * DAY_MS), until: now }
  return { since: new Date(created.getTime() - HOUR_MS), until: new Date(created.getTime() + MINUTE_MS) }
}

async function planOf(tx: Tx, { row, active, utility, registrationUid }: Owed, now: Date): Promise<PlannedWindow[]> {
  const named = await listNamedResources(tx, registrationUid, filesOf(row, utility, now))
  const registration = await findRegistration(tx, registrationUid)
  const files = named.filter((address) =>
    utility.espi.delivery === 'notified-batches'
      ? segmentAfter(address, 'Subscription') === active.subscription
      : registration !== null && isBulkAddress(registration, address),
  )
  const reach = reachOf(row, utility, now)
  const first = planFirst(utility.espi, reach, files)
  const previous = await findPreviousConsent(tx, row.authorizationUid)
  if (!previous) return first
  const isWider =
    row.historyStart < previous.historyStart || row.dataClasses.some((name) => !previous.dataClasses.includes(name))
  if (!isWider) return first.filter(({ product }) => product !== 'usage')
  if (utility.espi.delivery !== 'usage-point-windows') return first
  return [...first, ...active.usagePoints.flatMap((point) => planUsagePoint(utility.espi, point, reach))]
}
