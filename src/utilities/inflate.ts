import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGunzip, gunzipSync } from 'node:zlib'

import { UtilityUnavailable } from './errors.ts'

export type BodyLimits = { wireBytes: number; inflatedBytes: number; ratio: number }

/**
 * A body as it came over the wire. Compressed it is a thirtieth of what it says, so it is kept so and inflated as it is read.
 * inflated: what a small one says, which is judged by its beginning and read later.
 */
export type WireBody = { wire: Uint8Array; coding: 'gzip' | 'identity'; limits: BodyLimits; inflated?: Uint8Array }

/** Below this size the ratio says nothing: an empty feed compresses well. */
const RATIO_FROM = 1_048_576
/** Bytes of a piece: some tenths of a millisecond of parsing, and few enough pieces that waiting for each costs nothing. */
const PIECE = 262_144
/** Bytes on the wire of a body that is likely one piece: a day of readings. */
const SMALL = 8192

/** Of a body of so many bytes on the wire pieces are larger: each costs a change of threads, and parsing one takes a millisecond. */
const LARGE = 65_536
const LARGE_PIECE = 1_048_576

/** From so many bytes on the wire a body takes so much memory that few may be read at a time. */
const BIG = 262_144

/**
 * Takes a body off the wire, under its cap. whenBig is called once for a body that takes much memory, and the rest stays with the
 * utility until it resolves. Throws UtilityUnavailable `too_large` | `content_coding`.
 */
export async function readWire(
  body: Readable,
  coding: string | undefined,
  { limits, whenBig }: { limits: BodyLimits; whenBig?: (() => Promise<void>) | undefined },
): Promise<WireBody> {
  // Ending a body early makes it report an abort; whoever reads it learns of real faults by the reading itself.
  body.on('error', () => undefined)
  const kind = (coding ?? 'identity').trim().toLowerCase()
  if (kind !== 'identity' && kind !== '' && kind !== 'gzip' && kind !== 'x-gzip') {
    body.destroy()
    throw new UtilityUnavailable('content_coding')
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    if (size <= BIG && size + bytes.length > BIG) await whenBig?.()
    size += bytes.length
    if (size > limits.wireBytes) throw new UtilityUnavailable('too_large')
    parts.push(bytes)
  }
  const wire = Buffer.concat(parts)
  if (!kind.endsWith('gzip')) return plainBody(wire, limits)
  const inflated = wire.length <= SMALL ? inflateSmall(wire) : null
  return { wire, coding: 'gzip', limits, ...(inflated && { inflated }) }
}

/** Bytes that did not come over the wire, or not as they are, as a body. */
export function plainBody(bytes: Uint8Array, limits: BodyLimits): WireBody {
  return { wire: bytes, coding: 'identity', limits }
}

/**
 * What a body says, piece by piece, each good until the next is asked for; other work gets its turn between two. Inflating is
 * ours, on another thread, with caps on what the body grows to and on the ratio. Throws UtilityUnavailable `too_large` |
 * `inflation_ratio` | `broken_gzip`.
 */
export async function* inflate(body: WireBody): AsyncGenerator<Uint8Array, void, undefined> {
  const { wire, limits, inflated } = body
  let size = 0
  for await (const piece of inflated ? [inflated] : body.coding === 'gzip' ? gunzip(wire) : slices(wire)) {
    size += piece.length
    if (size > limits.inflatedBytes) throw new UtilityUnavailable('too_large')
    if (size > RATIO_FROM && size > limits.ratio * wire.length) throw new UtilityUnavailable('inflation_ratio')
    yield piece
  }
}

/** A body whole, for what is small or needs all of it at once. Throws as inflate does. */
export async function inflateWhole(body: WireBody): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const isKept = body.coding === 'identity' || body.inflated !== undefined
  for await (const piece of inflate(body)) parts.push(isKept ? piece : Uint8Array.from(piece))
  const [only] = parts
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts)
}

/** The first piece of what a body says. Throws as inflate does. */
export async function inflateStart(body: WireBody): Promise<Uint8Array> {
  for await (const piece of inflate(body)) return piece
  return new Uint8Array()
}

async function* gunzip(wire: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (wire.length === 0) return // an answer without a body has its headers all the same
  const stream = createGunzip({ chunkSize: wire.length > LARGE ? LARGE_PIECE : PIECE })
  stream.end(wire)
  try {
    for await (const chunk of stream) {
      const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      yield piece
      release(piece)
    }
  } catch (error) {
    throw isZlib(error) ? new UtilityUnavailable('broken_gzip', { cause: error }) : error
  } finally {
    stream.destroy()
  }
}

/**
 * Gives the memory of a whole piece back at once. Left to the collector, the 190 MB of a year of 20 usage points are measured to
 * cause nine collections of everything, each of which holds all other work.
 */
function release({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0)
}

/** One piece, at once: a thread and its buffers cost some times as much as the inflating. null: not one piece, or broken. */
function inflateSmall(wire: Uint8Array): Uint8Array | null {
  try {
    return gunzipSync(wire, { maxOutputLength: PIECE })
  } catch (error) {
    if (error instanceof Error) return null // told by whoever inflates it piece by piece
    throw error
  }
}

async function* slices(wire: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < wire.length; at += PIECE) {
    if (at > 0) await nextTurn()
    yield wire.subarray(at, at + PIECE)
  }
}

function isZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}
