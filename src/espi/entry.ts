import type { EpochSeconds } from '../units/epoch-seconds.ts'
import type { Readings } from './readings.ts'
import { type ResourceName, RESOURCES, type Wire } from './resources.ts'

/** What each kind of resource holds. IntervalBlock: all blocks of the entry, in columns. */
export type ContentValues = { [N in ResourceName]: Wire<N> } & { IntervalBlock: Readings }
export type ContentKind = keyof ContentValues

/** One ESPI resource as on the wire. */
export type Content = { [N in ContentKind]: { kind: N; value: ContentValues[N] } }[ContentKind]

/** True for the name of a resource that is read. */
export function isContentKind(name: string): name is ContentKind {
  return name === 'IntervalBlock' || Object.hasOwn(RESOURCES, name)
}

/** Ties a kind to its value where the compiler cannot: the table that makes the value also makes the type. */
export function isContent(content: { kind: ContentKind; value: unknown }): content is Content {
  return typeof content.value === 'object' && content.value !== null
}

/**
 * Why one entry cannot be used while the rest of the feed can. readings: of an IntervalBlock, what could be read, NaN where it
 * could not; for telling how much was left out, not for use.
 */
export type EntryProblem = {
  code: 'not_a_number' | 'number_out_of_range' | 'too_many_elements'
  kind: ContentKind
  message: string
  readings: Readings | null
}

/**
 * One Atom entry (RFC 4287 section 4.1.2) with the ESPI resource that it holds. A bare resource at the root of a document is
 * an entry without links. Addresses are as sent, never resolved.
 *
 * startOffset, endOffset: bytes of the body, from `<entry` to right after `</entry>`.
 * content: null when the entry holds no resource we know, or when `problem` says why it was left out.
 * bare: a resource at the root of a document, without an Atom entry around it.
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
  bare: boolean
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
