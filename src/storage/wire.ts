/**
 * Messages of PostgreSQL's extended query protocol, as many as wanted in one write. Source: PostgreSQL documentation,
 * "Message Formats".
 */

/** What a statement can be given. A list has one dimension. */
export type Value = string | number | boolean | null | Date | Uint8Array | readonly (string | number | null)[]

/** Throws TypeError. */
export function toValue(given: unknown): Value {
  if (given === null || given instanceof Date || given instanceof Uint8Array) return given
  if (typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean') return given
  if (Array.isArray(given)) return given.map(toElement)
  throw new TypeError('a statement takes texts, numbers, booleans, dates, bytes and lists')
}

function toElement(given: unknown): string | number | null {
  if (given === null || typeof given === 'string' || typeof given === 'number') return given
  throw new TypeError('a list holds texts and numbers')
}

const NOTHING = Buffer.alloc(2)

/** Prepares a statement under a name; '' is the one that the next of its kind replaces. */
export function parseMessage(name: string, text: string): Buffer {
  return message('P', Buffer.from(`${name}\0${text}\0`), NOTHING)
}

/** Gives a prepared statement its values, as text; the rows come as text, too. */
export function bindMessage(name: string, values: readonly Value[]): Buffer {
  const texts = values.map(textOf)
  const length = texts.reduce((sum, text) => sum + 4 + (text === null ? 0 : Buffer.byteLength(text)), 12 + name.length)
  const bytes = Buffer.allocUnsafe(length + 1)
  let at = bytes.write('B')
  at = bytes.writeInt32BE(length, at)
  at += bytes.write(`\0${name}\0\0\0`, at)
  at = bytes.writeUInt16BE(texts.length, at)
  for (const text of texts) {
    const size = text === null ? -1 : bytes.write(text, at + 4)
    at = bytes.writeInt32BE(size, at) + Math.max(size, 0)
  }
  bytes.writeUInt16BE(0, at)
  return bytes
}

/** Asks for the columns of what was bound. */
export const DESCRIBE = message('D', Buffer.from('P\0'))
/** Runs what was bound, to its last row. */
export const EXECUTE = message('E', Buffer.alloc(5))
/** Ends what belongs together: whatever follows an error is passed over up to here. */
export const SYNC = message('S')

function message(kind: string, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  const head = Buffer.alloc(5, kind)
  head.writeInt32BE(length, 1)
  return Buffer.concat([head, ...parts], length + 1)
}

const DIGITS = /^\d+$/

function textOf(value: Value): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return `{${value.map(elementOf).join(',')}}`
}

function elementOf(value: string | number | null): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || DIGITS.test(value)) return String(value)
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
