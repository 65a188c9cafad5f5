import { authorizationOf, type Uid } from '../model/uid.ts'
import { findActive } from '../storage/active-authorizations.ts'
import type { Db, Tx } from '../storage/db.ts'
import { type Frequency, setMonitoring } from '../storage/edit-meter.ts'
import { appendEvent } from '../storage/events.ts'
import { activateMeters, setMeterStatus } from '../storage/meters.ts'
import { findOrderedMeter, followMeters } from '../storage/monitoring.ts'
import { listUnplanned } from '../storage/list-unplanned.ts'
import { oweWindows, PRIORITY } from '../storage/windows.ts'
import { utilityOf } from '../utilities/index.ts'
import { finishUpdate } from './finish-update.ts'
import { oweRefresh } from './judge-notifications.ts'
import { nextRefreshAfter } from './next-refresh.ts'
import { isConsented, planRequest, planUsage, planUsagePoint, reachOf } from './plan-windows.ts'

type Deps = { db: Db; now: () => Date }

/**
 * A company orders history of meters, `months` back, never further than consent reaches. A meter that was collected
 * before gets what is missing. Returns the meters that were taken: running authorizations of that company only.
 */
export async function orderHistory(
  deps: Deps,
  companyUid: Uid,
  meterUids: readonly Uid[],
  months: number,
): Promise<Uid[]> {
  const now = deps.now()
  return await deps.db.operator(async (tx) => {
    const taken: Uid[] = []
    for (const meterUid of meterUids) {
      const meter = await findOrderedMeter(tx, companyUid, meterUid)
      if (!meter || !(await oweHistory(tx, meter, { months, now }))) continue
      const { authorizationUid } = meter
      await activateMeters(tx, authorizationUid, [meterUid], now)
      await setMeterStatus(tx, authorizationUid, meterUid, {
        status: 'pending',
        message: 'Collection has been ordered.',
        now,
      })
      for (const step of ['started', 'progress'])
        // the incumbent tells of progress once, at the start
        await appendEvent(tx, { type: `meter_historical_collection_${step}`, authorizationUid, meterUid, now })
      taken.push(meterUid)
    }
    // What was had a moment ago is not asked for again; then there is nothing to wait for.
    for (const authorizationUid of new Set(taken.map(authorizationOf))) await finishUpdate(tx, authorizationUid, now)
    return taken
  })
}

async function oweHistory(
  tx: Tx,
  { authorizationUid, usagePoint }: { authorizationUid: Uid; usagePoint: string },
  { months, now }: { months: number; now: Date },
): Promise<boolean> {
  const active = await findActive(tx, authorizationUid, now)
  if (!active) return false
  const utility = utilityOf(active.utility)
  const from = new Date(now)
  from.setUTCMonth(from.getUTCMonth() - months)
  const reach = reachOf({ historyStart: from > active.historyStart ? from : active.historyStart }, utility, now)
  const { espi } = utility
  if (espi.delivery === 'bulk-files') await oweRefresh(tx, active, utility, now)
  else if (espi.delivery === 'notified-batches') {
    await oweWindows(tx, authorizationUid, [planRequest(reach, PRIORITY.history)], { now })
  } else if (espi.delivery === 'subscription-windows') {
    await oweWindows(tx, authorizationUid, planUsage(espi, '', reach), { now })
  } else if ((await listUnplanned(tx, authorizationUid, [usagePoint])).length === 0) {
    await oweRefresh(tx, { ...active, usagePoints: [usagePoint] }, utility, now)
  } else {
    const windows = planUsagePoint(espi, usagePoint, reach).filter(({ product }) =>
      isConsented(product, active.dataClasses, espi),
    )
    await oweWindows(tx, authorizationUid, windows, { now })
  }
  return true
}

/** A company sets how often meters are refreshed. Returns the meters that were taken. */
export async function orderMonitoring(
  deps: Deps,
  companyUid: Uid,
  {
    meterUids,
    frequency,
    fixedRefreshDay,
  }: { meterUids: readonly Uid[]; frequency: Frequency; fixedRefreshDay: number | null },
): Promise<Uid[]> {
  const now = deps.now()
  return await deps.db.operator(async (tx) => {
    const taken: Uid[] = []
    for (const meterUid of meterUids) {
      const meter = await findOrderedMeter(tx, companyUid, meterUid)
      if (!meter || !(await findActive(tx, meter.authorizationUid, now))) continue
      const nextRefresh = nextRefreshAfter(now, frequency, fixedRefreshDay)
      await setMonitoring(tx, meterUid, { frequency, fixedRefreshDay, nextRefresh }, now)
      await followMeters(tx, meter.authorizationUid)
      taken.push(meterUid)
    }
    return taken
  })
}
