import type { Entry } from './entry.ts'
import { parseBytes } from './parse.ts'
import { createSourceOffset } from './slice-feed.ts'

/** Whose an entry is: keys of those it belongs to, or `all` for what everybody needs. */
export type Owners = readonly string[] | 'all'

/**
 * The parts of a body that holds several customers, by key: each with its own entries and those of all, byte for byte, in
 * their order, between the head and the tail of the body. What stands between two entries is dropped when it is white.
 * One pass, whatever the number of customers. An entry that holds several resources belongs to the owners of all of them.
 * Throws FeedRejected as parseBytes does.
 */
export function splitFeed(
  bytes: Uint8Array,
  ownersOf: (entries: readonly Entry[]) => Owners[],
): Map<string, Uint8Array> {
  const { entries } = parseBytes(bytes)
  const ranges = rangesOf(entries, ownersOf(entries))
  const keys = new Set(ranges.flatMap(({ owners }) => [...owners]))
  const offset = createSourceOffset(bytes)
  const parts = new Map<string, Uint8Array[]>([...keys].map((key) => [key, []]))
  const give = (owners: Iterable<string>, part: Uint8Array): void => {
    for (const owner of owners) parts.get(owner)?.push(part)
  }
  let from = 0
  for (const { start, end, owners, isShared } of ranges) {
    const [first, last] = [offset(start), offset(end)]
    const between = bytes.subarray(from, first)
    if (from === 0 || !isWhite(between)) give(keys, between)
    give(isShared ? keys : owners, bytes.subarray(first, last))
    from = last
  }
  give(keys, bytes.subarray(from))
  return new Map([...parts].map(([key, list]) => [key, new Uint8Array(Buffer.concat(list))]))
}

type Range = { start: number; end: number; owners: Set<string>; isShared: boolean }

/** Outermost entries, ascending; what is nested in one goes with it. */
function rangesOf(entries: readonly Entry[], owners: readonly Owners[]): Range[] {
  const ranges = new Map<number, Range>()
  for (const [at, { startOffset, endOffset }] of entries.entries()) {
    const range = ranges.get(startOffset) ?? { start: startOffset, end: endOffset, owners: new Set(), isShared: false }
    const own = owners[at] ?? []
    if (own === 'all') range.isShared = true
    else for (const key of own) range.owners.add(key)
    ranges.set(startOffset, range)
  }
  let done = 0
  return [...ranges.values()]
    .toSorted((a, b) => a.start - b.start)
    .filter(({ start, end }) => {
      if (start < done) return false
      done = end
      return true
    })
}

/** White in UTF-8 and in UTF-16. */
function isWhite(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0)
}
