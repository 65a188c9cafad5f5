import type { DataClass } from '../model/authorization-states.ts'
import { PRIORITY, type WindowKey } from '../storage/windows.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import { addLocalDays, localMidnight } from '../units/local-days.ts'
import type { Espi, Utility } from '../utilities/contract.ts'

/**
 * The kinds of request that collection makes. `resource` of a window is the usage point of `usage` and `bills`
 * (empty where one request covers the subscription), and the address of a `file`.
 */
export const PRODUCTS = ['usage_points', 'customer', 'usage', 'bills', 'bulk_request', 'file'] as const
export type Product = (typeof PRODUCTS)[number]

/** One thing to fetch. from and to are epoch seconds, to exclusive; both 0 where the request has no window. */
export type PlannedWindow = {
  product: Product
  resource: string
  from: EpochSeconds
  to: EpochSeconds
  priority: number
}

/** Which data classes a request serves; it is made only when the consent covers one of them. */
export const CLASSES_OF: Record<Product, readonly DataClass[]> = {
  usage_points: ['meters', 'bills', 'intervals', 'accounting'],
  customer: ['meters', 'accounting'],
  usage: ['intervals', 'bills'],
  bills: ['bills'],
  bulk_request: ['meters', 'bills', 'intervals', 'accounting'],
  file: ['meters', 'bills', 'intervals', 'accounting'],
}

const WHOLE = { from: epochSeconds(0), to: epochSeconds(0) }
const HISTORY_LIMIT = 500
const NO_LIMIT_DAYS = 36_525

/** The request for the customer's data, where the utility serves them apart from usage. */
export function planCustomer({ paths }: Pick<Espi, 'paths'>, priority: number): PlannedWindow[] {
  return paths.customer === null ? [] : [{ product: 'customer', resource: '', ...WHOLE, priority }]
}

/** What is owed the moment a customer agreed, before any usage point is known. */
export function planFirst(espi: Espi, reach: Reach, files: readonly string[]): PlannedWindow[] {
  const customer = { product: 'customer', resource: '', ...WHOLE, priority: PRIORITY.present + 1 } as const
  if (espi.delivery === 'bulk-files') {
    // Known files may all be of other customers, so the request stays until a file with this one has come.
    const ask = { product: 'bulk_request', resource: '', ...WHOLE, priority: PRIORITY.present + 3 } as const
    return [
      ...files.map((resource) => ({ product: 'file', resource, ...WHOLE, priority: PRIORITY.present }) as const),
      ask,
    ]
  }
  if (espi.delivery === 'notified-batches') {
    const named = files.map(
      (resource) => ({ product: 'file', resource, ...WHOLE, priority: PRIORITY.present }) as const,
    )
    return [customer, ...named, planRequest(reach, PRIORITY.present)]
  }
  if (espi.delivery === 'subscription-windows') return [customer, ...planUsage(espi, '', reach)]
  return [{ product: 'usage_points', resource: '', ...WHOLE, priority: PRIORITY.present }, customer]
}

/** Of the newest window, and of those behind it: at first a customer looks on; later only what is new is urgent. */
type Priorities = { newest: number; older: number }
const FIRST: Priorities = { newest: PRIORITY.present, older: PRIORITY.history }
const AGAIN: Priorities = { newest: PRIORITY.fresh, older: PRIORITY.fresh }

/** Where consent reaches back to, and the moment up to which data is wanted. */
export type Reach = { historyStart: number; now: number; timezone: string }

/** One request for all of a reach, whose answer are batches that notifications name. */
export function planRequest({ historyStart, now, timezone }: Reach, priority: number): PlannedWindow {
  const [from, to] = [localMidnight(historyStart, timezone), addLocalDays(now, 1, timezone)]
  return { product: 'bulk_request', resource: '', from, to, priority }
}

/** What is owed for one usage point: its bills, and its usage from the newest window to the oldest. */
export function planUsagePoint(
  espi: Espi,
  usagePoint: string,
  reach: Reach,
  priorities: Priorities = FIRST,
): PlannedWindow[] {
  const bills: PlannedWindow[] =
    espi.paths.summaries === null
      ? []
      : [
          {
            product: 'bills',
            resource: usagePoint,
            from: localMidnight(reach.historyStart, reach.timezone),
            to: newestEnd(reach),
            priority: priorities.newest + 2,
          },
        ]
  return [...planUsage(espi, usagePoint, reach, priorities), ...bills]
}

/**
 * Usage windows, newest first, aligned to local midnights. The newest ends with the running day; the oldest begins where
 * consent does, or where the utility's history ends.
 */
export function planUsage(
  espi: Espi,
  resource: string,
  reach: Reach,
  { newest, older }: Priorities = FIRST,
): PlannedWindow[] {
  const { timezone } = reach
  const oldest = Math.max(reach.historyStart, addLocalDays(reach.now, -espi.historyDays, timezone))
  const windows: PlannedWindow[] = []
  let to = newestEnd(reach)
  while (to > oldest && windows.length < HISTORY_LIMIT) {
    const from = epochSeconds(
      Math.max(addLocalDays(to, -(espi.windowDays ?? NO_LIMIT_DAYS), timezone), localMidnight(oldest, timezone)),
    )
    const priority = windows.length === 0 ? newest : older + windows.length
    windows.push({ product: 'usage', resource, from, to, priority })
    to = from
  }
  return windows
}

/**
 * One refresh: whether there are new usage points, and the last days again, since late and corrected readings arrive
 * behind the newest; further back where nothing was had since `collectedUntil` (epoch seconds, null: unknown).
 * Where files bring everything there is nothing to ask for but the files.
 */
export function planRefresh(
  espi: Espi,
  usagePoints: readonly string[],
  reach: Reach,
  collectedUntil: number | null,
): PlannedWindow[] {
  if (espi.delivery === 'bulk-files') {
    return [{ product: 'bulk_request', resource: '', ...WHOLE, priority: PRIORITY.fresh }]
  }
  const back = Math.min(addLocalDays(reach.now, -espi.refreshDays, reach.timezone), collectedUntil ?? Infinity)
  const span = { ...reach, historyStart: Math.max(back, reach.historyStart) }
  if (espi.delivery === 'notified-batches') return [planRequest(span, PRIORITY.fresh)]
  if (espi.delivery === 'subscription-windows') return planUsage(espi, '', span, AGAIN)
  const discovery: PlannedWindow = { product: 'usage_points', resource: '', ...WHOLE, priority: PRIORITY.fresh }
  return [discovery, ...usagePoints.flatMap((usagePoint) => planUsagePoint(espi, usagePoint, span, AGAIN))]
}

/** The reach of an authorization at a moment. */
export function reachOf({ historyStart }: { historyStart: Date }, { timezone }: Utility, now: Date): Reach {
  return { historyStart: Math.ceil(historyStart.getTime() / 1000), now: Math.floor(now.getTime() / 1000), timezone }
}

/**
 * True when consent covers anything that a request would bring. Where bills have a path of their own, usage is asked for
 * intervals alone: a utility refuses it to whoever was granted bills only.
 */
export function isConsented(
  product: Product,
  dataClasses: readonly DataClass[],
  { paths }: { paths: Pick<Espi['paths'], 'summaries'> },
): boolean {
  const classes = product === 'usage' && paths.summaries !== null ? (['intervals'] as const) : CLASSES_OF[product]
  return classes.some((dataClass) => dataClasses.includes(dataClass))
}

function newestEnd({ now, timezone }: Reach): EpochSeconds {
  return addLocalDays(now, 1, timezone)
}

/** A stored window as one that was planned. Throws RangeError on a product that this program does not know. */
export function plannedOf({ product, resource, from, to, priority }: WindowKey & { priority: number }): PlannedWindow {
  const known = PRODUCTS.find((one) => one === product)
  if (known === undefined) throw new RangeError(`no product is called ${product}`)
  return { product: known, resource, from: epochSeconds(from), to: epochSeconds(to), priority }
}
