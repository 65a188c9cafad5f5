import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

import { UtilityUnavailable } from './errors.ts'

export type BodyLimits = { wireBytes: number; inflatedBytes: number; ratio: number }

/** Below this size the ratio says nothing: an empty feed compresses well. */
const RATIO_FROM = 1_048_576
/** Pieces that come out of gzip; of the usual 16 kB, a feed of 200 MB has twelve thousand, each with its wait. */
const CHUNK = 262_144

/**
 * Reads a body whole, inflating gzip ourselves, with caps on what comes over the wire, on what it grows to, and on the
 * ratio of both. Throws UtilityUnavailable `too_large` | `inflation_ratio` | `content_coding` | `broken_gzip`.
 */
export async function readBody(body: Readable, coding: string | undefined, limits: BodyLimits): Promise<Uint8Array> {
  // Ending a body early makes it report an abort; whoever reads it learns of real faults by the reading itself.
  body.on('error', () => undefined)
  const kind = (coding ?? 'identity').trim().toLowerCase()
  if (kind !== 'identity' && kind !== '' && kind !== 'gzip' && kind !== 'x-gzip') {
    body.destroy()
    throw new UtilityUnavailable('content_coding')
  }
  const wire = counted(body, limits)
  return kind.endsWith('gzip') ? await inflate(wire, limits) : join(await collect(wire.chunks()))
}

type Counted = { chunks(): AsyncGenerator<Buffer>; read(): number }

function counted(body: Readable, { wireBytes }: BodyLimits): Counted {
  let size = 0
  return {
    read: () => size,
    async *chunks() {
      for await (const chunk of body) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
        size += bytes.length
        if (size > wireBytes) throw new UtilityUnavailable('too_large')
        yield bytes
      }
    },
  }
}

async function inflate(wire: Counted, { inflatedBytes, ratio }: BodyLimits): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK })
  const feeding = feed(wire, gunzip)
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of gunzip) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      size += bytes.length
      if (size > inflatedBytes) throw new UtilityUnavailable('too_large')
      if (size > RATIO_FROM && size > ratio * wire.read()) throw new UtilityUnavailable('inflation_ratio')
      parts.push(bytes)
    }
  } catch (error) {
    gunzip.destroy()
    await feeding.catch(() => undefined)
    throw isZlib(error) ? new UtilityUnavailable('broken_gzip', { cause: error }) : error
  }
  await feeding
  return join(parts)
}

async function feed(wire: Counted, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of wire.chunks()) {
      if (gunzip.destroyed) return
      if (!gunzip.write(chunk)) await drained(gunzip)
    }
    gunzip.end()
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    gunzip.once('drain', resolve)
    gunzip.once('close', resolve)
  })
}

async function collect(chunks: AsyncGenerator<Buffer>): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return parts
}

function join(parts: Buffer[]): Uint8Array {
  return Buffer.concat(parts)
}

function isZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}
