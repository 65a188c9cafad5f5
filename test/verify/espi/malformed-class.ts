import type { Random } from './random.ts'

/** How a document ends. */
export type Verdict = { is: 'accepted' | 'warning' | 'quarantined' | 'rejected'; code: string | null }

export const accepted: Verdict = { is: 'accepted', code: null }
/** Accepted, and this warning is among those that were counted. */
export const warning = (code: string): Verdict => ({ is: 'warning', code })
/** The rest of the feed stands; one entry is left out for this reason. */
export const quarantined = (code: string): Verdict => ({ is: 'quarantined', code })
export const rejected = (code: string): Verdict => ({ is: 'rejected', code })

/** A body as it comes over the wire. coding: its Content-Encoding. tight: read under small limits, to keep bombs small. */
export type Body = { bytes: Uint8Array; coding?: string; contentType?: string; tight?: boolean }

/** What a document is made from: number `n` of its class, and a sound feed to damage. */
export type Making = { random: Random; n: number; feed: string }

/**
 * A kind of broken, hostile or merely odd document, with the verdict that it must have.
 * saxes: why a general XML parser judges its well-formedness differently, where it does.
 */
export type MalformedClass = {
  name: string
  verdict: Verdict
  saxes?: string
  make: (making: Making) => string | Uint8Array | Body
}

/** Variant `n` of a class: each comes up at least once in ten documents. */
export function variant<T>(n: number, items: readonly [T, ...T[]]): T {
  return items[n % items.length] ?? items[0]
}
