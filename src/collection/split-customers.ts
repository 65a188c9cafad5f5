import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'

import type { Entry } from '../espi/entry.ts'
import { type Owners, splitFeed } from '../espi/split-feed.ts'
import { inflateWhole, plainBody, type WireBody } from '../utilities/inflate.ts'

/** How the addresses in bulk data name its customers: files by `RetailCustomer/{id}`, packages by `Subscription/{id}`. */
export type OwnerKind = 'RetailCustomer' | 'Subscription'

/** Each customer's part of bulk data, compressed until it is asked for; null for a customer who has none. */
export type BulkParts = { owners: readonly string[]; get(owner: string): Promise<WireBody | null> }

/**
 * Takes bulk data apart, by the utility's id of a customer: the entries at its addresses, the entries without an owner that
 * those refer to, and the time parameters. Byte for byte otherwise. So what is kept of a file that names many customers is
 * only what an authorization covers. Throws FeedRejected, UtilityUnavailable as inflate does.
 */
export async function splitCustomers(body: WireBody, kind: OwnerKind): Promise<BulkParts> {
  const parts = new Map<string, Uint8Array>()
  for (const [owner, part] of splitFeed(await inflateWhole(body), (entries) => ownersOf(entries, kind)))
    parts.set(owner, await compress(part))
  return {
    owners: [...parts.keys()],
    get: async (owner) => {
      const part = parts.get(owner)
      return part === undefined ? null : plainBody(await decompress(part), body.limits)
    },
  }
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

function ownersOf(entries: readonly Entry[], kind: OwnerKind): Owners[] {
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
}

const OWNED = { RetailCustomer: /\/RetailCustomer\/([^/]+)\/./, Subscription: /\/Subscription\/([^/]+)\/./ }

function ownerOf(entry: Entry, kind: OwnerKind): string | null {
  return OWNED[kind].exec(entry.self ?? entry.up ?? '')?.[1] ?? null
}
