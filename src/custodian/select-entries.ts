import type { WrittenEntry } from '../espi/write/write-feed.ts'
import type { Window } from './read-window.ts'
import { notThere } from './resource-error.ts'

type Entries = AsyncIterable<WrittenEntry>

/** The one entry at an address. Throws ResourceError 404. */
export async function findEntry(entries: Entries, address: string): Promise<WrittenEntry> {
  for await (const entry of entries) if (entry.self === address) return entry
  throw notThere()
}

/**
 * The entries of the collection at an address, a page of them. What the collection hangs below is looked for before the first is
 * given; null: it hangs below nothing that has an entry. Throws ResourceError 404 when that is not there.
 */
export async function listEntries(
  entries: Entries,
  { address, below }: { address: string; below: string | null },
  page: Pick<Window, 'startIndex' | 'maxResults'>,
): Promise<AsyncGenerator<WrittenEntry, void, undefined>> {
  const iterator = entries[Symbol.asyncIterator]()
  for (let found = below === null; !found;) {
    const next = await iterator.next()
    if (next.done === true) throw notThere()
    found = next.value.self === below
  }
  return pageOf({ [Symbol.asyncIterator]: () => iterator }, address, page)
}

async function* pageOf(
  entries: Entries,
  address: string,
  { startIndex, maxResults }: Pick<Window, 'startIndex' | 'maxResults'>,
): AsyncGenerator<WrittenEntry, void, undefined> {
  let index = 0
  for await (const entry of entries) {
    if (entry.up !== address) continue
    index++
    if (index >= startIndex) yield entry
    if (index >= startIndex + maxResults - 1) return
  }
}
