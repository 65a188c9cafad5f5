import { createPublicKey, randomBytes, verify } from 'node:crypto'

import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'

import { newSecret, newSecrets, publicKeyOf, signDelivery, signOlder } from './sign-delivery.ts'

const now = new Date()
const body = JSON.stringify({ events: [{ uid: '7', type: 'ping' }], next: null }, null, 4)
const delivery = { id: 'msg_7', body, now, attempt: 0, salt: 'salt' }
const random = (bytes: number): Uint8Array => randomBytes(bytes)

it("signs as the incumbent's example says", () => {
  expect(signOlder('secret', 'salt', '{\n    "json": "object"\n}')).toBe(
    '6cd59ee8461872a3e0deea0d6428b5cdad5049452b4914ad66ed1cc1081b5e7d',
  )
})

it('is verified by an independent library, and not when a byte, the id or the time differs', () => {
  const secrets = newSecrets(random)
  const headers = signDelivery(secrets, delivery)
  const receiver = new Webhook(secrets.secret)
  expect(receiver.verify(body, headers)).toEqual(JSON.parse(body))
  const refused = [
    () => receiver.verify(`${body} `, headers),
    () => receiver.verify(body, { ...headers, 'webhook-id': 'msg_8' }),
    () => receiver.verify(body, { ...headers, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000) - 1) }),
    () => new Webhook(newSecret(random)).verify(body, headers),
  ]
  for (const attempt of refused) expect(attempt).toThrow('No matching signature found')
})

it('during a rotation both secrets verify, and the older signature takes turns', () => {
  const [old, fresh] = [newSecrets(random), newSecret(random)]
  const rotating = { ...old, secret: fresh, previous: old.secret, previousUntil: now.getTime() + 1000 }
  const headers = signDelivery(rotating, delivery)
  for (const secret of [fresh, old.secret]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
  const older = [0, 1, 2].map(
    (attempt) => signDelivery(rotating, { ...delivery, attempt })['x-utilityapi-webhook-signature'],
  )
  expect(older).toEqual([fresh, old.secret, fresh].map((secret) => signOlder(secret, 'salt', body)))
  const after = signDelivery({ ...rotating, previousUntil: now.getTime() }, delivery)
  expect(() => new Webhook(old.secret).verify(body, after)).toThrow('No matching signature found')
})

it('the ed25519 signature is verified with the public key', () => {
  const secrets = newSecrets(random)
  const headers = signDelivery(secrets, delivery)
  const signature = /v1a,(\S+)/.exec(headers['webhook-signature'] ?? '')?.[1] ?? ''
  const raw = Buffer.from(publicKeyOf(secrets).slice('whpk_'.length), 'base64')
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
    format: 'der',
    type: 'spki',
  })
  const signed = (text: string): boolean => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  expect(signed(`msg_7.${headers['webhook-timestamp']}.${body}`)).toBe(true)
  expect(signed(`msg_8.${headers['webhook-timestamp']}.${body}`)).toBe(false)
})
