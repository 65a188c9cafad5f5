import type { DataClass } from '../model/authorization-states.ts'
import type { StorableFeed } from '../model/decoded-feed.ts'
import { bareMeter, type MeterFacts } from '../model/meter.ts'
import type { Uid } from '../model/uid.ts'
import { upsertBillingAccounts } from '../storage/billing.ts'
import { saveManyBills } from '../storage/bills.ts'
import { oweNotices } from '../storage/client-notices.ts'
import type { Tx } from '../storage/db.ts'
import { setMonitoring } from '../storage/edit-meter.ts'
import { appendMeterEvents } from '../storage/events.ts'
import { activateMeters, type KnownMeter, upsertMeters } from '../storage/meters.ts'
import { findMonitoring } from '../storage/monitoring.ts'
import { deriveBillingSummaries } from './derive-billing-summaries.ts'
import { nextRefreshAfter } from './next-refresh.ts'
import { storeSeries } from './store-series.ts'

/**
 * What storing a feed changed. dropped: series, bills and accounts that consent does not cover; outside: before its
 * reach, or still to come. billUids: of new and changed bills.
 */
export type Stored = {
  newMeters: number
  readings: number
  bills: number
  billUids: Uid[]
  dropped: number
  outside: number
}

type Options = {
  timezone: string
  dataClasses: readonly DataClass[]
  source: Uid
  now: Date
  /** What enterWrite told, where the caller has passed the write gate in this transaction. */
  historyStart?: number
  /** Feeds that were written after this one and came before it: laterFiles. */
  later?: ReadonlySet<number>
  /** What listKnownMeters told in this transaction. */
  known?: KnownMeter[]
  /** The feed names every usage point of the authorization. */
  completeList?: boolean
  /** No events: a replay tells nobody anything new. */
  silent?: boolean
}

/**
 * Stores one decoded feed of one authorization: meters, readings, bills, accounts, and the billing summaries that follow
 * from them, with their events. Safe to repeat: the same feed again changes nothing and appends no event.
 * The caller's transaction has passed the write gate; the storing statements check the consent again.
 */
export async function storeFeed(tx: Tx, authorizationUid: Uid, feed: StorableFeed, options: Options): Promise<Stored> {
  const { timezone, dataClasses, source, now, historyStart, later, known } = options
  const { completeList = false, silent = false } = options
  const covers = (dataClass: DataClass): boolean => dataClasses.includes(dataClass)
  const stored: Stored = { newMeters: 0, readings: 0, bills: 0, billUids: [], dropped: 0, outside: 0 }

  const upserted = await upsertMeters(tx, authorizationUid, mentioned(feed), { now, completeList, known })
  const meterOf = new Map(upserted.map(({ usagePoint, meterUid }) => [usagePoint, meterUid]))
  const newMeters = upserted.filter(({ isNew }) => isNew).map(({ meterUid }) => meterUid)
  stored.newMeters = newMeters.length
  await monitorNewMeters(tx, authorizationUid, newMeters, now)
  if (!silent) await appendMeterEvents(tx, authorizationUid, newMeters, { type: 'meter_created', now })

  const told = feed.series.flatMap((series) => {
    const meterUid = covers('intervals') ? meterOf.get(series.usagePoint) : undefined
    return meterUid === undefined ? [] : [{ meterUid, series }]
  })
  stored.dropped += feed.series.length - told.length
  const gate = historyStart === undefined ? {} : { historyStart }
  const usage = await storeSeries(tx, authorizationUid, told, { zone: timezone, source, now, later, ...gate })
  stored.readings = usage.readings
  stored.outside += usage.outside

  const gained = new Map([
    ['meter_intervals_added', usage.gained],
    ['meter_bills_added', new Set<Uid>()],
  ])
  const billed = covers('bills') ? groupBills(feed, meterOf) : []
  const within = billed.reduce((sum, { bills }) => sum + bills.length, 0)
  stored.dropped += feed.bills.length - within
  const saves = within === 0 ? [] : await saveManyBills(tx, authorizationUid, billed, { source, now, later, ...gate })
  for (const [at, { added, changed, outside }] of saves.entries()) {
    stored.bills += added.length + changed.length
    stored.billUids.push(...added, ...changed)
    stored.outside += outside
    const meterUid = billed[at]?.meterUid
    if (meterUid !== undefined && added.length + changed.length > 0) gained.get('meter_bills_added')?.add(meterUid)
  }

  if (covers('accounting')) {
    const accounts = await upsertBillingAccounts(tx, authorizationUid, feed.billingAccounts, { source, now })
    // Nothing else goes into a summary; most feeds are a day of readings.
    const isNews = [...upserted, ...accounts].some(({ isNew, isChanged }) => isNew || isChanged)
    if (isNews || stored.bills > 0) await deriveBillingSummaries(tx, authorizationUid, now)
  } else stored.dropped += feed.billingAccounts.length

  const activated = new Set(upserted.filter((meter) => meter.isActivated).map(({ meterUid }) => meterUid))
  for (const [type, meterUids] of gained) {
    await activateMeters(
      tx,
      authorizationUid,
      [...meterUids].filter((uid) => !activated.has(uid)),
      now,
    )
    if (!silent) await appendMeterEvents(tx, authorizationUid, [...meterUids], { type, now })
  }
  const isNews = {
    meters: upserted.some(({ isNew, isChanged }) => isNew || isChanged),
    intervals: stored.readings > 0,
    bills: stored.bills > 0,
  }
  const kinds = (['meters', 'intervals', 'bills'] as const).filter((kind) => isNews[kind])
  await oweNotices(tx, authorizationUid, kinds, now)
  return stored
}

/** The bills of each meter that is known. */
function groupBills(
  feed: StorableFeed,
  meterOf: ReadonlyMap<string, Uid>,
): { meterUid: Uid; bills: StorableFeed['bills'] }[] {
  return [...Map.groupBy(feed.bills, (bill) => bill.usagePoint)].flatMap(([usagePoint, bills]) => {
    const meterUid = meterOf.get(usagePoint)
    return meterUid === undefined ? [] : [{ meterUid, bills }]
  })
}

/** New meters are refreshed as often as the company's form said when the customer agreed. */
async function monitorNewMeters(tx: Tx, authorizationUid: Uid, meterUids: readonly Uid[], now: Date): Promise<void> {
  if (meterUids.length === 0) return
  const frequency = await findMonitoring(tx, authorizationUid)
  if (frequency === 'off') return
  const nextRefresh = nextRefreshAfter(now, frequency, null)
  for (const meterUid of meterUids)
    await setMonitoring(tx, meterUid, { frequency, fixedRefreshDay: null, nextRefresh }, now)
}

/** The meters a feed tells of, and a bare one for each usage point that only has readings or bills in it. */
function mentioned(feed: StorableFeed): MeterFacts[] {
  const told = new Set(feed.meters.map(({ usagePoint }) => usagePoint))
  const bare = [
    ...feed.series.map(({ usagePoint, channel }) => ({ usagePoint, commodity: channel.commodity })),
    ...feed.bills.map(({ usagePoint, commodity }) => ({ usagePoint, commodity })),
  ].filter(({ usagePoint }) => !told.has(usagePoint) && told.add(usagePoint))
  return [...feed.meters, ...bare.map(({ usagePoint, commodity }) => bareMeter(usagePoint, commodity))]
}
