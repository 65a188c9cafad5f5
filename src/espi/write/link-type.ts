import { CUSTOMER } from './customer-fields.ts'
import type { FeedSide } from './write-feed.ts'
import { USAGE } from './usage-fields.ts'

/**
 * The media type that ESPI gives a link, by its address: `espi-entry/UsagePoint` for one resource, `espi-feed/UsagePoint` for
 * a collection; `cust-` for what only the customer feed holds. The last kind in the address counts; an address that names none
 * is an Atom document like any other.
 */
export function linkType(side: FeedSide, href: string): string {
  const parts = (href.split(/[?#]/, 1)[0] ?? '').split('/').filter((part) => part !== '')
  const at = parts.findLastIndex((part) => prefixOf(side, part) !== null)
  const name = parts[at] ?? ''
  const prefix = prefixOf(side, name)
  if (prefix === null) return 'application/atom+xml'
  return `${prefix}-${at === parts.length - 1 ? 'feed' : 'entry'}/${name}`
}

function prefixOf(side: FeedSide, name: string): 'espi' | 'cust' | null {
  const usage = name === 'IntervalBlock' || name === 'Subscription' || name === 'Bulk' || Object.hasOwn(USAGE, name)
  const customer = name === 'RetailCustomer' || Object.hasOwn(CUSTOMER, name)
  if (usage && customer) return side === 'usage' ? 'espi' : 'cust'
  return usage ? 'espi' : customer ? 'cust' : null
}
