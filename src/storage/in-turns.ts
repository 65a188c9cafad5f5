import { setImmediate as nextTurn } from 'node:timers/promises'

/** A piece is hashed or sealed in some tenths of a millisecond. */
const PIECE = 262_144

/**
 * Gives bytes away piece by piece; other work gets its turn between two. Another thread would copy all of them first, which is
 * measured to take six times as long as hashing them.
 */
export async function inTurns(bytes: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (at > 0) await nextTurn()
    take(bytes.subarray(at, at + PIECE))
  }
}
