import { createHash } from 'node:crypto'

/** Random bytes; injected, so that a test can repeat a run. */
export type Random = (bytes: number) => Uint8Array

/** An unguessable key for a link, a state or a cookie: 256 random bits, safe in addresses. */
export function newKey(random: Random): string {
  return Buffer.from(random(32)).toString('base64url')
}

/** True for text of the shape that newKey makes; anything else cannot be one of ours. */
export function isKey(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** SHA-256: what is stored of a key. The key has full entropy, so a plain hash does. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
