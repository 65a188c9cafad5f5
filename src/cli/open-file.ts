import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** What gzip may grow to, and how many times: XML of readings shrinks about a hundredfold at most. */
const MOST_BYTES = 8 * 2 ** 30
const MOST_RATIO = 500
const RATIO_FROM = 2 ** 24

/** A file that cannot be opened or unpacked. code: `not_found` | `is_directory` | `unreadable` | `broken_gzip` | `inflation_ratio`. */
export class FileUnreadable extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/**
 * The bytes of a file as they come, of standard input for `-`; unpacked where they begin as gzip (RFC 1952).
 * Throws FileUnreadable.
 */
export async function* openFile(file: string, stdin: Readable): AsyncGenerator<Uint8Array> {
  const source = file === '-' ? stdin : createReadStream(file, { highWaterMark: 2 ** 18 })
  const { head, rest } = await readHead(source)
  const bytes = chunks(head, rest)
  if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzip(bytes)
  else yield* bytes
}

type Chunks = AsyncIterator<unknown>

async function readHead(source: Readable): Promise<{ head: Buffer; rest: Chunks }> {
  const rest: Chunks = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 2) {
    const next = await nextOf(rest)
    if (next === null) break
    head = Buffer.concat([head, next])
  }
  return { head, rest }
}

async function nextOf(source: Chunks): Promise<Buffer | null> {
  try {
    const { value, done } = await source.next()
    return done === true ? null : Buffer.isBuffer(value) ? value : Buffer.from(String(value))
  } catch (error) {
    throw explain(error)
  }
}

function explain(error: unknown): FileUnreadable {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOENT') return new FileUnreadable('not_found', 'There is no such file. Check the name.', error)
  if (code === 'EISDIR')
    return new FileUnreadable('is_directory', 'This is a folder. Name the files in it, as in folder/*.xml.', error)
  return new FileUnreadable('unreadable', 'The file cannot be read. Check your rights to it.', error)
}

async function* chunks(head: Buffer, rest: Chunks): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  for (let next = await nextOf(rest); next !== null; next = await nextOf(rest)) yield next
}

async function* gunzip(packed: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let taken = 0
  let given = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      taken += chunk.length
      yield chunk
    }
  }
  const unpacked = Readable.from(counted(), { objectMode: false })
  const inflater = createGunzip({ chunkSize: 2 ** 17 })
  unpacked.on('error', (error) => inflater.destroy(error))
  const rest: AsyncIterable<Buffer> = unpacked.pipe(inflater)
  try {
    for await (const chunk of rest) {
      given += chunk.length
      if (given > MOST_BYTES || (given > RATIO_FROM && given > taken * MOST_RATIO))
        throw new FileUnreadable('inflation_ratio', 'The file grows beyond all measure when unpacked. Do not trust it.')
      yield chunk
    }
  } catch (error) {
    if (error instanceof FileUnreadable) throw error
    throw new FileUnreadable('broken_gzip', 'The file begins as gzip but cannot be unpacked. Fetch it again.', error)
  } finally {
    unpacked.destroy()
  }
}
