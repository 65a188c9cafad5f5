import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { Transform } from 'node:stream'
import timers from 'node:timers/promises'
import zlib from 'node:zlib'

import type { Seeded } from './seeded.ts'

/*
 * What Node does on other threads, or in turns of its own, ends at a moment that nobody chooses: here it is done at once.
 * Imported before the product and the simulators are, since they take these functions when they are loaded.
 */

type Done = (error: Error | null, result?: Buffer) => void

const atOnce =
  (work: (bytes: Buffer) => Buffer) =>
  (bytes: Buffer, ...rest: readonly unknown[]): void => {
    const done = rest.at(-1)
    if (!isDone(done)) throw new TypeError('no callback')
    let result: Buffer
    try {
      result = work(bytes)
    } catch (error) {
      process.nextTick(done, error)
      return
    }
    process.nextTick(done, null, result)
  }

const isDone = (value: unknown): value is Done => typeof value === 'function'

function whole(work: (bytes: Buffer) => Buffer): Transform {
  const parts: Buffer[] = []
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      parts.push(part)
      done()
    },
    flush(done) {
      try {
        done(null, work(Buffer.concat(parts)))
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    },
  })
}

replace(zlib, {
  zstdCompress: atOnce((bytes) => zlib.zstdCompressSync(bytes)),
  zstdDecompress: atOnce((bytes) => zlib.zstdDecompressSync(bytes)),
  gunzip: atOnce((bytes) => zlib.gunzipSync(bytes)),
  createGunzip: () => whole((bytes) => zlib.gunzipSync(bytes)),
  createGzip: () => whole((bytes) => zlib.gzipSync(bytes, { level: 1 })),
})
replace(timers, { setImmediate: () => Promise.resolve() })
const { subtle } = crypto.webcrypto
const onItsThread = subtle.digest.bind(subtle)
Object.defineProperty(subtle, 'digest', {
  value: async (algorithm: 'SHA-256', bytes: Uint8Array | ArrayBuffer) =>
    bytes instanceof Uint8Array ? crypto.createHash('sha256').update(bytes).digest() : onItsThread(algorithm, bytes),
})

/** Ids and keys are drawn from the seed as well: some of them decide what is fetched first. */
export function seedRandom(random: Seeded): void {
  replace(crypto, {
    randomBytes: (length: number) => Buffer.from(random.bytes(length)),
    randomUUID: () => {
      const hex = Buffer.from(random.bytes(16)).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  })
}

function replace(of: object, by: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(by))
    Object.defineProperty(of, name, { value, configurable: true, enumerable: true, writable: true })
  syncBuiltinESMExports()
}
