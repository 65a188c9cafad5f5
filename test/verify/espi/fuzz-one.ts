import { Readable } from 'node:stream'

import { FeedRejected } from '../../../src/espi/errors.ts'
import type { DecodedFeed } from '../../../src/model/decoded-feed.ts'
import { decodeFeed, decodingOf } from '../../../src/utilities/decode.ts'
import { UtilityUnavailable } from '../../../src/utilities/errors.ts'
import { inflateWhole, readWire } from '../../../src/utilities/inflate.ts'
import { pge } from '../../../src/utilities/pge/definition.ts'
import { sce } from '../../../src/utilities/sce/definition.ts'
import { FETCH_LIMITS } from '../../../src/utilities/transport.ts'
import { mutatedBody } from './mutate.ts'
import { ourEvents, saxesEvents, textOf } from './oracle.ts'
import { createRandom } from './random.ts'
import { inChunks, isSameRead, readStreamed, readWhole } from './run-document.ts'

/** Every how many documents the dearer checks are made. */
const STREAMED = 8
const COMPARED = 16

const DECODINGS = [decodingOf(pge), decodingOf(sce)] as const

/** How a document ended: a code of refusal, or `accepted`. */
export type Ending = { code: string; compared: boolean }

/**
 * Makes the document of this seed and takes it the whole way. Anything but FeedRejected, a broken body or sound columns is a
 * failure and throws: of a share it is also checked that it reads the same in pieces, and that saxes agrees.
 */
export async function fuzzOne(seed: number): Promise<Ending> {
  const random = createRandom(~seed)
  const body = mutatedBody(seed)
  let bytes = body.bytes
  if (body.coding !== undefined) {
    try {
      const pieces = Readable.from(inChunks(bytes, () => 1 + random.int(2000)))
      bytes = await inflateWhole(await readWire(pieces, body.coding, { limits: FETCH_LIMITS }))
    } catch (error) {
      if (error instanceof UtilityUnavailable) return { code: error.code, compared: false }
      throw error
    }
  }
  const code = decodeOne(bytes, seed)
  if (seed % STREAMED === 0) {
    const streamed = await readStreamed(bytes, () => 1 + random.int(300))
    if (!isSameRead(streamed, readWhole(bytes))) throw new Error('it reads differently in pieces')
  }
  const compared = seed % COMPARED === 0 && compare(bytes, () => 1 + random.int(300))
  return { code, compared }
}

function decodeOne(bytes: Uint8Array, seed: number): string {
  try {
    checkColumns(decodeFeed(bytes, DECODINGS[seed % 2 === 0 ? 0 : 1]))
    return 'accepted'
  } catch (error) {
    if (!(error instanceof FeedRejected)) throw error
    if (error.offset < 0 || error.offset > bytes.length * 2 + 3)
      throw new Error(`the refusal points outside the body: ${error.offset}`, { cause: error })
    return error.code
  }
}

/** What storing relies on. Throws when it does not hold. */
function checkColumns({ series, bills }: DecodedFeed): void {
  for (const { start, duration, value, quality } of series) {
    if (new Set([start.length, duration.length, value.length, quality.length]).size !== 1)
      throw new Error('columns of different lengths')
    for (let row = 0; row < start.length; row++) {
      if (!Number.isSafeInteger(value[row])) throw new Error('a value that is no safe integer')
      if (!((start[row] ?? NaN) > (row === 0 ? -1 : (start[row - 1] ?? NaN))))
        throw new Error('starts that do not ascend')
    }
  }
  for (const { start, end, total } of bills) {
    if (end <= start) throw new Error('a bill that ends before it begins')
    if (total !== null && !Number.isSafeInteger(total)) throw new Error('a total that is no safe integer')
  }
}

/** What we refuse although XML allows it, or saxes takes although XML forbids it; such documents are not compared. */
const OURS_ALONE =
  /<\?|<!D|&#?[^;]{10}|(?:<\/?|\s)[^\s<>="':]+:(?:[-.0-9\u00b7]|\p{M})|xmlns:?[^=]*=\s*["']\s*http:\/\/www\.w3\.org\/(?:XML|2000)/u

/** Compares our events with those of saxes. Returns false when the document is one that we judge in our own way. */
function compare(bytes: Uint8Array, chunks: () => number): boolean {
  const text = textOf(bytes)
  const ours = ourEvents(bytes, chunks)
  if (text === null) {
    if (ours !== null) throw new Error('bytes that are no text were taken')
    return true
  }
  if (
    OURS_ALONE.test(text.replace(/^<\?xml version="1.0" encoding = "UTF-8" \?>/, '')) ||
    /(?:<[^/][^>]*>\s*){60}/.test(text)
  )
    return false
  const theirs = saxesEvents(text)
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error('saxes reports something else')
  return true
}
