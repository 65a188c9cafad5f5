import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

import { inTurns } from './in-turns.ts'

/**
 * Seals what the database keeps in secret. `context` names the place (contextOf); a value moved to another row, column
 * or company does not open there.
 */
export type Envelope = {
  seal(plain: Uint8Array | object, context: string): Buffer
  /** The same for megabytes; other work gets its turns. */
  sealLarge(plain: Uint8Array, context: string): Promise<Buffer>
  /** Throws SecretUnreadable when the key is missing, the context differs or a bit has changed. */
  open(sealed: Uint8Array, context: string): Buffer
  /** The same for a value that was sealed as an object. The caller parses it into its type. */
  openJson(sealed: Uint8Array, context: string): unknown
  /** The same secret under the current key, for key rotation; null when it is under that key already. */
  rewrap(sealed: Uint8Array, context: string): Buffer | null
  /** How every value under the current key begins. */
  header(): Buffer
}

/** A sealed value cannot be opened. Says neither why nor what it holds: both would help an attacker only. */
export class SecretUnreadable extends Error {
  readonly code = 'secret_unreadable'

  constructor(context: string, cause?: unknown) {
    super(`a sealed value cannot be opened: ${context}`, cause === undefined ? undefined : { cause })
    this.name = 'SecretUnreadable'
  }
}

/** The associated data of a sealed value: table, column, row and company. */
export function contextOf(table: string, column: string, row: string, company: string): string {
  return `${table}.${column}.${row}.${company}`
}

const VERSION = 1
const KEY_BYTES = 32
const NONCE = 12
const TAG = 16
const HEADER = 1 + 4
const WRAPPED = NONCE + KEY_BYTES + TAG

/**
 * AES-256-GCM envelope (NIST SP 800-38D; random 96-bit nonces). A record is: version (1 byte), id of the key-encryption
 * key (4), the record's own data key wrapped by it (60), nonce (12), ciphertext, tag (16). Header and context are
 * associated data of both. `retired` keys still open and are never used to seal.
 */
export function openEnvelope(key: Uint8Array, retired: readonly Uint8Array[] = []): Envelope {
  const current = { id: keyId(key), key: checkKey(key) }
  const keys = new Map(retired.map((old) => [keyId(old).toString('hex'), checkKey(old)]))
  keys.set(current.id.toString('hex'), current.key)
  const header = Buffer.concat([Buffer.of(VERSION), current.id])

  const unwrap = (sealed: Uint8Array, context: string): Buffer => {
    const found = keys.get(Buffer.from(sealed.subarray(1, HEADER)).toString('hex'))
    if (sealed[0] !== VERSION || !found || sealed.length < HEADER + WRAPPED + NONCE + TAG) {
      throw new SecretUnreadable(context)
    }
    return decrypt(found, sealed.subarray(HEADER, HEADER + WRAPPED), aad(sealed, 'key', context), context)
  }
  const open = (sealed: Uint8Array, context: string): Buffer =>
    decrypt(unwrap(sealed, context), sealed.subarray(HEADER + WRAPPED), Buffer.from(`data ${context}`), context)

  const wrapNew = (context: string): { dataKey: Buffer; wrapped: Buffer } => {
    const dataKey = randomBytes(KEY_BYTES)
    return { dataKey, wrapped: encrypt(current.key, dataKey, aad(header, 'key', context)) }
  }

  return {
    seal(plain, context) {
      const bytes = plain instanceof Uint8Array ? plain : Buffer.from(JSON.stringify(plain))
      const { dataKey, wrapped } = wrapNew(context)
      return Buffer.concat([header, wrapped, encrypt(dataKey, bytes, Buffer.from(`data ${context}`))])
    },
    async sealLarge(plain, context) {
      const { dataKey, wrapped } = wrapNew(context)
      return await encryptLarge([header, wrapped], dataKey, plain, Buffer.from(`data ${context}`))
    },
    open,
    openJson: (sealed, context) => JSON.parse(open(sealed, context).toString('utf8')) as unknown,
    rewrap(sealed, context) {
      if (header.equals(sealed.subarray(0, HEADER))) return null
      const wrapped = encrypt(current.key, unwrap(sealed, context), aad(header, 'key', context))
      return Buffer.concat([header, wrapped, sealed.subarray(HEADER + WRAPPED)])
    },
    header: () => Buffer.from(header),
  }
}

function keyId(key: Uint8Array): Buffer {
  return createHash('sha256').update('gbp key id').update(key).digest().subarray(0, 4)
}

function aad(sealed: Uint8Array, part: string, context: string): Buffer {
  return Buffer.concat([sealed.subarray(0, HEADER), Buffer.from(`${part} ${context}`)])
}

function encrypt(key: Uint8Array, plain: Uint8Array, associated: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** encrypt, behind some bytes that stand before it. */
async function encryptLarge(before: readonly Uint8Array[], key: Uint8Array, plain: Uint8Array, associated: Uint8Array) {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated)
  const head = Buffer.concat([...before, nonce])
  const sealed = Buffer.allocUnsafe(head.length + plain.length + TAG)
  let length = head.copy(sealed)
  await inTurns(plain, (piece) => {
    length += cipher.update(piece).copy(sealed, length)
  })
  cipher.final()
  cipher.getAuthTag().copy(sealed, length)
  return sealed
}

function decrypt(key: Uint8Array, sealed: Uint8Array, associated: Uint8Array, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(associated).setAuthTag(sealed.subarray(sealed.length - TAG))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()])
  } catch (error) {
    throw new SecretUnreadable(context, error)
  }
}

function checkKey(key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) throw new RangeError(`an encryption key has ${KEY_BYTES} bytes, this one ${key.length}`)
  if (new Set(key).size < 8) throw new RangeError('the encryption key is not random')
  return key
}

/** Where the key of a self-contained installation lies in its data directory. */
export const KEY_FILE = 'encryption.key'

/**
 * The key-encryption key: from the environment's value (32 bytes as base64, base64url or hex), else from a file of mode
 * 0600 in the data directory, made at first. warning: a sentence for the operator, null when there is nothing to say.
 */
export function loadKey(options: { encryptionKey?: string; dataDir: string }): {
  key: Uint8Array
  warning: string | null
} {
  if (options.encryptionKey) return { key: parseKey(options.encryptionKey, 'the encryption key'), warning: null }
  const file = path.join(options.dataDir, KEY_FILE)
  const warning =
    `The encryption key lies in ${file}, beside the data it protects: whoever copies the folder can read everything, and ` +
    'who loses the file loses the data. Keep a copy elsewhere; in production, give the key through the environment.'
  fs.mkdirSync(options.dataDir, { recursive: true })
  if (!fs.existsSync(file)) createKeyFile(file)
  const { mode } = fs.statSync(file)
  if (mode & 0o077) throw new Error(`${file} may be read by others. Change its mode to 0600.`)
  return { key: parseKey(fs.readFileSync(file, 'utf8'), file), warning }
}

/** Whole or not at all, and never over a key that another process of ours made first. */
function createKeyFile(file: string): void {
  const made = `${file}.${process.pid}`
  fs.writeFileSync(made, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flush: true })
  try {
    fs.linkSync(made, file)
  } catch (error) {
    if (!fs.existsSync(file)) throw error
  } finally {
    fs.rmSync(made)
  }
}

/** 32 bytes as base64, base64url or hex. Throws RangeError that calls it `name`. */
export function parseKey(text: string, name: string): Uint8Array {
  const trimmed = text.trim()
  const hex = /^[0-9a-fA-F]{64}$/.test(trimmed)
  const key = Buffer.from(trimmed, hex ? 'hex' : 'base64')
  const isText = hex || /^[0-9A-Za-z+/_-]{43}=?$/.test(trimmed)
  if (!isText || key.length !== KEY_BYTES) {
    throw new RangeError(
      `${name} has to be 32 random bytes as base64 or hex, for instance from: openssl rand -base64 32`,
    )
  }
  return checkKey(key)
}
