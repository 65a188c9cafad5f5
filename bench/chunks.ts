import { closeSync, openSync, readSync } from 'node:fs'

/** As large as pieces from a network mostly are. */
const CHUNK = 65_536

/** The file in pieces; each is new memory, as pieces from a network are. Read at once: waiting is not what is measured. */
export async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  const handle = openSync(file, 'r')
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK)
      const length = readSync(handle, chunk)
      if (length === 0) return
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(handle)
  }
}

/** The same pieces of bytes that are in memory. */
export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}
