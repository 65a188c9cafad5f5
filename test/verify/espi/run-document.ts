import { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'

import { readFeed } from '../../../src/collection/read-feed.ts'
import type { Entry } from '../../../src/espi/entry.ts'
import { FeedRejected } from '../../../src/espi/errors.ts'
import { parse, parseBytes } from '../../../src/espi/parse.ts'
import { isWebPage } from '../../../src/utilities/answers.ts'
import { decodeParsed, decodingOf } from '../../../src/utilities/decode.ts'
import { UtilityUnavailable } from '../../../src/utilities/errors.ts'
import { inflateWhole, readWire } from '../../../src/utilities/inflate.ts'
import { pge } from '../../../src/utilities/pge/definition.ts'
import { FETCH_LIMITS } from '../../../src/utilities/transport.ts'
import type { Body, Verdict } from './malformed-class.ts'
import { OWNER } from './small-feed.ts'

const TIGHT = { wireBytes: 1_000_000, inflatedBytes: 4_000_000, ratio: 200 }
const decoding = decodingOf(pge)

/** How a document ended: its verdict with every code, and where in it the refusal points. */
export type Outcome = { is: Verdict['is']; codes: string[]; offset: number | null; inflated: Uint8Array | null }

/** A body the whole way from the wire to our words, as collection takes it, in chunks of these sizes. */
export async function runBody(body: Body, chunks: () => number): Promise<Outcome> {
  let inflated: Uint8Array | null = null
  try {
    const limits = body.tight ? TIGHT : FETCH_LIMITS
    const wire = await readWire(Readable.from(inChunks(body.bytes, chunks)), body.coding, { limits })
    inflated = await inflateWhole(wire)
    const headers = { 'content-type': body.contentType ?? 'application/atom+xml' }
    if (isWebPage({ status: 200, headers, bytes: inflated })) throw new UtilityUnavailable('page_instead_of_feed')
    const { feed, foreign } = await readFeed(wire, OWNER)
    if (feed instanceof FeedRejected) throw feed
    const { warnings, quarantined } = await decodeParsed(feed, decoding)
    const left = [...quarantined.map(({ code }) => code), ...(foreign > 0 ? ['foreign_entry'] : [])]
    if (left.length > 0) return { is: 'quarantined', codes: left, offset: null, inflated }
    const codes = warnings.map(({ code }) => code)
    return { is: codes.length > 0 ? 'warning' : 'accepted', codes, offset: null, inflated }
  } catch (error) {
    if (error instanceof FeedRejected) return { is: 'rejected', codes: [error.code], offset: error.offset, inflated }
    if (error instanceof UtilityUnavailable) return { is: 'rejected', codes: [error.code], offset: null, inflated }
    throw error
  }
}

/**
 * What reading gave: the entries, or the refusal; without its sentence, which says what a body seems to be by as much of it as
 * has come.
 */
export type Read = { entries: Entry[] } | { code: string; offset: number }

function refusalOf(error: unknown): Read {
  if (!(error instanceof FeedRejected)) throw error
  return { code: error.code, offset: error.offset }
}

export function readWhole(bytes: Uint8Array): Read {
  try {
    return { entries: parseBytes(bytes).entries }
  } catch (error) {
    return refusalOf(error)
  }
}

export async function readStreamed(bytes: Uint8Array, chunks: () => number): Promise<Read> {
  try {
    const entries: Entry[] = []
    for await (const entry of parse(Readable.from(inChunks(bytes, chunks)))) entries.push(entry)
    return { entries }
  } catch (error) {
    return refusalOf(error)
  }
}

/** True when both readings gave the same: entries alike in every column, or the same refusal at the same byte. */
export const isSameRead = (a: Read, b: Read): boolean => isDeepStrictEqual(a, b)

export function* inChunks(bytes: Uint8Array, size: () => number): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const next = Math.min(bytes.length, at + Math.max(1, size()))
    // A copy, as a socket gives: nothing may depend on the bytes that follow.
    yield Buffer.from(bytes.subarray(at, next))
    at = next
  }
}
