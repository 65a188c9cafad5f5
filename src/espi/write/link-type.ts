import { isContentKind } from '../entry.ts'

/**
 * The media type that ESPI gives a link, by its address: `espi-entry/UsagePoint` for one resource, `espi-feed/UsagePoint` for
 * a collection; `cust-` in the customer feed, but for the usage points it points to.
 */
export function linkType(side: 'usage' | 'customer', href: string): string {
  const parts = (href.split(/[?#]/, 1)[0] ?? '').split('/').filter((part) => part !== '')
  const at = parts.findLastIndex(
    (part) => isContentKind(part) || part === 'Subscription' || part === 'RetailCustomer' || part === 'Bulk',
  )
  const name = parts[at] ?? 'Subscription'
  const prefix = side === 'customer' && name !== 'UsagePoint' ? 'cust' : 'espi'
  return `${prefix}-${at === parts.length - 1 ? 'feed' : 'entry'}/${name}`
}
