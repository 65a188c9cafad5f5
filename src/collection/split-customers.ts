import type { Entry } from '../espi/entry.ts'
import { type Owners, splitFeed } from '../espi/split-feed.ts'

/** How the addresses in bulk data name its customers: files by `RetailCustomer/{id}`, packages by `Subscription/{id}`. */
export type OwnerKind = 'RetailCustomer' | 'Subscription'

/**
 * Each customer's part of bulk data, by the utility's id: the entries at its addresses, the entries without an owner that
 * those refer to, and the time parameters. Byte for byte otherwise. So what is kept of a file that names many customers is
 * only what an authorization covers. Throws FeedRejected.
 */
export function splitCustomers(bytes: Uint8Array, kind: OwnerKind): Map<string, Uint8Array> {
  return splitFeed(bytes, (entries) => {
    const askedBy = new Map<string, Set<string>>()
    for (const entry of entries) {
      const owner = ownerOf(entry, kind)
      if (owner === null) continue
      for (const href of entry.related) askedBy.set(href, (askedBy.get(href) ?? new Set()).add(owner))
    }
    return entries.map((entry): Owners => {
      const owner = ownerOf(entry, kind)
      if (owner !== null) return [owner]
      if (entry.content?.kind === 'LocalTimeParameters') return 'all'
      return entry.self === null ? [] : [...(askedBy.get(entry.self) ?? [])]
    })
  })
}

const OWNED = { RetailCustomer: /\/RetailCustomer\/([^/]+)\/./, Subscription: /\/Subscription\/([^/]+)\/./ }

function ownerOf(entry: Entry, kind: OwnerKind): string | null {
  return OWNED[kind].exec(entry.self ?? entry.up ?? '')?.[1] ?? null
}
