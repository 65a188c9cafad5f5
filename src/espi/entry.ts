import type { EpochSeconds } from '../units/epoch-seconds.ts'
import type { Readings } from './readings.ts'
import type { ResourceName, Wire } from './resources.ts'

/** One ESPI resource as on the wire. IntervalBlock: all blocks of the entry, in columns. */
export type Content =
  | { [N in ResourceName]: { kind: N; value: Wire<N> } }[ResourceName]
  | { kind: 'IntervalBlock'; value: Readings }

export type ContentKind = Content['kind']

/** Why one entry cannot be used while the rest of the feed can. */
export type EntryProblem = {
  code: 'not_a_number' | 'number_out_of_range' | 'too_many_elements'
  kind: ContentKind
  message: string
}

/**
 * One Atom entry (RFC 4287 section 4.1.2) with the ESPI resource that it holds. A bare resource at the root of a document is
 * an entry without links. Addresses are as sent, never resolved.
 *
 * startOffset, endOffset: bytes of the body, from `<entry` to right after `</entry>`.
 * content: null when the entry holds no resource we know, or when `problem` says why it was left out.
 * unknown: elements inside the resource that ESPI does not have, with how often they stood there.
 */
export type Entry = {
  id: string | null
  title: string | null
  published: EpochSeconds | null
  updated: EpochSeconds | null
  self: string | null
  up: string | null
  related: string[]
  startOffset: number
  endOffset: number
  content: Content | null
  problem: EntryProblem | null
  unknown: { name: string; count: number }[]
}

/** What stands in a feed beside its entries. */
export type FeedHead = { id: string | null; title: string | null; updated: EpochSeconds | null; self: string | null }

/** A whole body: often one feed, sometimes several one after another. Entries in document order. */
export type WireFeed = { heads: FeedHead[]; entries: Entry[] }
