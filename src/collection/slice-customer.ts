import type { Entry } from '../espi/entry.ts'
import { parseBytes } from '../espi/parse.ts'
import { sliceFeed } from '../espi/slice-feed.ts'

/**
 * One customer's part of a bulk file: the entries below `RetailCustomer/{key}`, the entries without a customer that those
 * refer to, and the time parameters. Byte for byte otherwise. null: the file has nothing of this customer.
 * So what is kept of a file that names many customers is only what this authorization covers.
 */
export function sliceCustomer(bytes: Uint8Array, key: string): Uint8Array | null {
  const { entries } = parseBytes(bytes)
  const wanted = new Set<string>()
  let own = 0
  for (const entry of entries) {
    if (customerOf(entry) !== key) continue
    own++
    for (const href of entry.related) wanted.add(href)
  }
  if (own === 0) return null
  return sliceFeed(bytes, (entry) => {
    const customer = customerOf(entry)
    if (customer !== null) return customer === key
    return entry.content?.kind === 'LocalTimeParameters' || (entry.self !== null && wanted.has(entry.self))
  })
}

function customerOf(entry: Entry): string | null {
  return /\/RetailCustomer\/([^/]+)\/./.exec(entry.self ?? entry.up ?? '')?.[1] ?? null
}
