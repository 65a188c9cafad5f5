import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, chmodSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'

import { KEY_FILE, loadKey, openEnvelope, SecretUnreadable } from './secrets.ts'

const key = randomBytes(32)
const envelope = openEnvelope(key)
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'gbp-key-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

describe('a sealed value', () => {
  test('opens to what was sealed, bytes and objects', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, context) => {
        expect(envelope.open(envelope.seal(plain, context), context).equals(plain)).toBe(true)
      }),
    )
    expect(envelope.openJson(envelope.seal({ accessToken: 'ä' }, 'c'), 'c')).toEqual({ accessToken: 'ä' })
  })

  test('opens the same when it was sealed on another thread', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string(), async (plain, context) => {
        const sealed = await envelope.sealLarge(plain, context)
        expect(envelope.open(sealed, context).equals(plain)).toBe(true)
        expect(sealed.length).toBe(envelope.seal(plain, context).length)
        expect(() => envelope.open(sealed, `${context}.`)).toThrow(SecretUnreadable)
      }),
    )
  })

  test('does not open in another row, column or company', () => {
    const sealed = envelope.seal(Buffer.from('token'), 'grants.tokens.1.7')
    for (const context of ['grants.tokens.2.7', 'grants.tokens.1.8', 'grants.other.1.7', '']) {
      expect(() => envelope.open(sealed, context)).toThrow(SecretUnreadable)
    }
  })

  test('does not open with any byte changed or cut off', () => {
    const sealed = envelope.seal(Buffer.from('token'), 'c')
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => envelope.open(changed, 'c')).toThrow(SecretUnreadable)
      expect(() => envelope.open(sealed.subarray(0, at), 'c')).toThrow(SecretUnreadable)
    }
  })

  test('is different each time and never holds the plain text', () => {
    const plain = Buffer.from('a secret that is long enough to be searched for')
    const [one, two] = [envelope.seal(plain, 'c'), envelope.seal(plain, 'c')]
    expect(one.equals(two)).toBe(false)
    expect(one.includes(plain.subarray(0, 8))).toBe(false)
  })

  test('survives a rotation, after which the old key can go', () => {
    const next = randomBytes(32)
    const sealed = envelope.seal(Buffer.from('token'), 'c')
    const both = openEnvelope(next, [key])
    expect(both.open(sealed, 'c').toString()).toBe('token')
    const rewrapped = both.rewrap(sealed, 'c') ?? Buffer.alloc(0)
    expect(both.rewrap(rewrapped, 'c')).toBeNull()
    expect(openEnvelope(next).open(rewrapped, 'c').toString()).toBe('token')
    expect(() => openEnvelope(next).open(sealed, 'c')).toThrow(SecretUnreadable)
    expect(() => both.rewrap(sealed, 'd')).toThrow(SecretUnreadable)
  })
})

describe('the key', () => {
  test('comes from the environment as base64, base64url or hex', () => {
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const { key: loaded, warning } = loadKey({ encryptionKey: `${key.toString(encoding)}\n`, dataDir })
      expect(key.equals(loaded)).toBe(true)
      expect(warning).toBeNull()
    }
  })

  test.each(['short', key.subarray(1).toString('base64'), 'a'.repeat(64), 'secret '.repeat(8)])(
    'is refused when it is not 32 random bytes: %s',
    (encryptionKey) => {
      expect(() => loadKey({ encryptionKey, dataDir })).toThrow(RangeError)
    },
  )

  test('is made once, in a file that only its owner reads, with a warning', () => {
    const first = loadKey({ dataDir })
    expect(first.warning).toContain(KEY_FILE)
    expect(loadKey({ dataDir }).key).toEqual(first.key)
    expect(statSync(path.join(dataDir, KEY_FILE)).mode & 0o777).toBe(0o600)
    chmodSync(path.join(dataDir, KEY_FILE), 0o644)
    expect(() => loadKey({ dataDir })).toThrow('0600')
  })
})
