import { addLocalDays, localDate, localMidnight } from '../units/local-days.ts'
import type { Utility } from '../utilities/contract.ts'
import type { PlannedWindow } from './plan-windows.ts'

/** The utility's ids that fill the places in a profile's paths. */
export type GrantIds = {
  subscription: string
  retailCustomer: string
  bulkId: string
  /** The token answer's resourceURI. */
  subscriptionUri: string | null
}

const PATHS = {
  usage_points: 'usagePoints',
  customer: 'customer',
  usage: 'usage',
  bills: 'summaries',
  bulk_request: 'bulk',
} as const

/**
 * The address of one window's request, rebuilt from the profile and ids (or the grant's own address, where the profile says
 * so); null where the profile has no such request. now: epoch seconds.
 * `file` windows are the exception: their address was named by a notification and is checked again by the transport.
 */
export function requestAddress(
  utility: Utility,
  resourceBase: string,
  ids: GrantIds,
  { window, now }: { window: PlannedWindow; now: number },
): string | null {
  if (window.product === 'file') return window.resource
  const { usageAddress, paths, delivery } = utility.espi
  const isUsage = window.product === 'usage' || (window.product === 'bulk_request' && delivery === 'notified-batches')
  if (isUsage && usageAddress === 'resourceURI' && ids.subscriptionUri !== null) {
    return windowed(new URL(ids.subscriptionUri), utility, { window, now })
  }
  const path = isUsage ? paths.usage : paths[PATHS[window.product]]
  if (path === null) return null
  const values: Record<string, string> = {
    s: ids.subscription,
    r: ids.retailCustomer,
    b: ids.bulkId,
    u: window.resource,
  }
  const filled = path.replaceAll(/\{([srub])\}/g, (_whole, name: string) => encodeId(values[name] ?? ''))
  const url = new URL(`${resourceBase.replace(/\/+$/, '')}/${filled.replace(/^\/+/, '')}`)
  return windowed(url, utility, { window, now })
}

function windowed(url: URL, utility: Utility, { window, now }: { window: PlannedWindow; now: number }): string {
  if (window.to === 0) return url.href
  const { by, names, end, futureEnd } = utility.espi.dates
  const name = (bound: 'min' | 'max'): string =>
    names === 'hyphen' ? `${by}-${bound}` : `${by}${bound === 'min' ? 'Min' : 'Max'}`
  url.searchParams.set(name('min'), lower(window.from, utility))
  if (end === 'none') return url.href
  const last = end === 'inclusive' ? window.to - 1 : window.to
  url.searchParams.set(name('max'), moment(futureEnd === 'cut' ? Math.min(last, now) : last, utility))
  return url.href
}

/** A date alone cannot say a moment within it: the next whole day, as such utilities round themselves. */
function lower(epoch: number, utility: Utility): string {
  const { timezone, espi } = utility
  if (espi.dates.format !== 'date') return moment(epoch, utility)
  const isMidnight = localMidnight(epoch, timezone) === epoch
  return localDate(isMidnight ? epoch : addLocalDays(epoch, 1, timezone), timezone)
}

/** Ids stand in paths as the utility wrote them (`=` and `+` included); only what would end the segment is encoded. */
function encodeId(id: string): string {
  return id.replaceAll(/[/?#%\s\\]/g, encodeURIComponent)
}

function moment(epoch: number, { espi, timezone }: Utility): string {
  if (espi.dates.format === 'epoch') return String(epoch)
  if (espi.dates.format === 'date') return localDate(epoch, timezone)
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}
