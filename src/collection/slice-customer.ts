import type { Entry } from '../espi/entry.ts'
import { parseBytes } from '../espi/parse.ts'
import { sliceFeed } from '../espi/slice-feed.ts'

/**
 * One customer's part of bulk data: the entries below `RetailCustomer/{id}` (files) or `Subscription/{id}` (packages), the
 * entries without an owner that those refer to, and the time parameters. Byte for byte otherwise. null: the file has nothing of this customer.
 * So what is kept of a file that names many customers is only what this authorization covers.
 */
export function sliceCustomer(bytes: Uint8Array, { kind, id }: Owner): Uint8Array | null {
  const { entries } = parseBytes(bytes)
  const wanted = new Set<string>()
  let own = 0
  for (const entry of entries) {
    if (ownerOf(entry, kind) !== id) continue
    own++
    for (const href of entry.related) wanted.add(href)
  }
  if (own === 0) return null
  return sliceFeed(bytes, (entry) => {
    const owner = ownerOf(entry, kind)
    if (owner !== null) return owner === id
    return entry.content?.kind === 'LocalTimeParameters' || (entry.self !== null && wanted.has(entry.self))
  })
}

/** Whose entry it is, by the address it stands at. */
export type Owner = { kind: 'RetailCustomer' | 'Subscription'; id: string }

const OWNED = { RetailCustomer: /\/RetailCustomer\/([^/]+)\/./, Subscription: /\/Subscription\/([^/]+)\/./ }

function ownerOf(entry: Entry, kind: Owner['kind']): string | null {
  return OWNED[kind].exec(entry.self ?? entry.up ?? '')?.[1] ?? null
}
