import { localDate } from '../units/local-days.ts'
import type { Utility } from '../utilities/contract.ts'
import type { PlannedWindow } from './plan-windows.ts'

/** The utility's ids that fill the places in a profile's paths. */
export type GrantIds = { subscription: string; retailCustomer: string; bulkId: string }

const PATHS = {
  usage_points: 'usagePoints',
  customer: 'customer',
  usage: 'usage',
  bills: 'summaries',
  bulk_request: 'bulk',
} as const

/**
 * The address of one window's request, rebuilt from the profile and ids; null where the profile has no such request.
 * `file` windows are the exception: their address was named by a notification and is checked again by the transport.
 */
export function requestAddress(
  utility: Utility,
  resourceBase: string,
  ids: GrantIds,
  window: PlannedWindow,
): string | null {
  if (window.product === 'file') return window.resource
  const path = utility.espi.paths[PATHS[window.product]]
  if (path === null) return null
  const values: Record<string, string> = {
    s: ids.subscription,
    r: ids.retailCustomer,
    b: ids.bulkId,
    u: window.resource,
  }
  const filled = path.replaceAll(/\{([srub])\}/g, (_whole, name: string) => encodeId(values[name] ?? ''))
  const url = new URL(`${resourceBase.replace(/\/+$/, '')}/${filled.replace(/^\/+/, '')}`)
  if (window.to > 0) {
    const last = utility.espi.endInclusive ? window.to - 1 : window.to
    url.searchParams.set('published-min', moment(window.from, utility))
    url.searchParams.set('published-max', moment(last, utility))
  }
  return url.href
}

/** Ids stand in paths as the utility wrote them (`=` and `+` included); only what would end the segment is encoded. */
function encodeId(id: string): string {
  return id.replaceAll(/[/?#%\s\\]/g, encodeURIComponent)
}

function moment(epoch: number, { espi, timezone }: Utility): string {
  if (espi.dateFormat === 'epoch') return String(epoch)
  if (espi.dateFormat === 'date') return localDate(epoch, timezone)
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}
