import { createHash, createHmac, createPublicKey, randomBytes, verify } from 'node:crypto'

import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { rotateSecret } from '../../../src/webhooks/add-endpoint.ts'
import { newSecrets, publicKeyOf, signDelivery, signOlder } from '../../../src/webhooks/sign-delivery.ts'
import { seedCompany } from '../../database.ts'
import { sized } from '../size.ts'
import { answering, type Kit, openKit } from '../../webhook-kit.ts'

let kit: Kit
beforeEach(async () => void (kit = await openKit()))
afterEach(async () => await kit.close())

/** One event to one endpoint, as it arrived. */
async function delivered() {
  const { secret } = await kit.add('/')
  const uid = await kit.event()
  await kit.deliverer.idle()
  const { headers = {}, body = '' } = kit.received[0] ?? {}
  return { secret, uid, headers, body }
}

const secrets = newSecrets((bytes) => randomBytes(bytes))
const now = new Date()
const body = '{\n    "events": []\n}'
const signed = (id = 'msg_1') => signDelivery(secrets, { id, body, now, attempt: 0, salt: 'salt' })

it("1: the incumbent's published vector", () => {
  expect(signOlder('secret', 'salt', '{\n    "json": "object"\n}')).toBe(
    '6cd59ee8461872a3e0deea0d6428b5cdad5049452b4914ad66ed1cc1081b5e7d',
  )
})

it('2: an independent library verifies what arrives, byte for byte', async () => {
  const { secret, headers, body: arrived } = await delivered()
  expect(new Webhook(secret).verify(arrived, headers)).toEqual(JSON.parse(arrived))
  expect(arrived).toBe(JSON.stringify(JSON.parse(arrived), null, 4))
})

it('3: the older signature is over the exact bytes that arrive', async () => {
  const { secret, headers, body: arrived } = await delivered()
  const salt = headers['x-utilityapi-webhook-salt'] ?? ''
  const digest = createHash('sha256').update(`${secret}.${salt}.${arrived}`).digest('hex')
  expect(headers['x-utilityapi-webhook-signature']).toBe(digest)
  expect(salt).toMatch(/^[0-9a-f]{32}$/)
})

it('4: id and time are in the signature, counted by hand', async () => {
  const { secret, headers, body: arrived } = await delivered()
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${arrived}`
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  expect(headers['webhook-signature']?.split(' ')).toContain(
    `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  )
})

it('5: while a secret is rotated both verify, and afterwards the new one alone', async () => {
  const { endpointUid, secret } = await kit.add('/')
  const fresh = await rotateSecret(kit.deps, kit.companyUid, { endpointUid, overlapMs: 60_000 })
  for (const pause of [0, 60_000]) {
    kit.forward(pause)
    await kit.event()
    await kit.deliverer.idle()
  }
  const verifies = (key: string, at: number): boolean => {
    const { headers = {}, body: arrived = '' } = kit.received[at] ?? {}
    try {
      return new Webhook(key).verify(arrived, headers) !== null
    } catch {
      return false
    }
  }
  const both = [secret, fresh ?? '']
  expect(both.map((key) => verifies(key, 0))).toEqual([true, true])
  expect(both.map((key) => verifies(key, 1))).toEqual([false, true])
})

it('6: the ed25519 form verifies with the public key, and with no other', () => {
  const headers = signed()
  const signature = Buffer.from(/v1a,(\S+)/.exec(headers['webhook-signature'] ?? '')?.[1] ?? '', 'base64')
  const content = Buffer.from(`msg_1.${headers['webhook-timestamp']}.${body}`)
  const verified = (of: string): boolean => {
    const raw = Buffer.from(of.slice('whpk_'.length), 'base64')
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
    return verify(null, content, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  }
  expect(verified(publicKeyOf(secrets))).toBe(true)
  expect(verified(publicKeyOf(newSecrets((bytes) => randomBytes(bytes))))).toBe(false)
})

it('7: an altered byte anywhere in the body is refused', () => {
  const headers = signed()
  const receiver = new Webhook(secrets.secret)
  expect(receiver.verify(body, headers)).toEqual({ events: [] })
  for (let at = 0; at < body.length; at++) {
    const altered = `${body.slice(0, at)}${String.fromCharCode(body.charCodeAt(at) ^ 1)}${body.slice(at + 1)}`
    expect(() => receiver.verify(altered, headers)).toThrow('No matching signature found')
  }
})

it('8: an altered id or time is refused, and so is what is old', () => {
  const headers = signed()
  const receiver = new Webhook(secrets.secret)
  const second = Math.floor(now.getTime() / 1000)
  const altered = [{ 'webhook-id': 'msg_2' }, { 'webhook-timestamp': String(second - 1) }]
  for (const one of altered)
    expect(() => receiver.verify(body, { ...headers, ...one })).toThrow('No matching signature found')
  const old = { id: 'msg_1', body, now: new Date(now.getTime() - 3_600_000), attempt: 0, salt: 'salt' }
  expect(() => receiver.verify(body, signDelivery(secrets, old))).toThrow('too old')
})

it('9, 10: in every attempt the id is the same, and the time is new', async () => {
  await kit.add('/')
  kit.answer(answering(500))
  await kit.event()
  for (let attempt = 0; attempt < 4; attempt++) {
    await kit.deliverer.idle()
    kit.forward(3_600_000)
  }
  const told = (name: string): Set<string | undefined> => new Set(kit.received.map(({ headers }) => headers[name]))
  expect([kit.received.length, told('webhook-id').size, told('webhook-timestamp').size]).toEqual([4, 1, 4])
})

it(`11: no two of ${sized(100_000, 5000)} events have one id`, async () => {
  const count = sized(100_000, 5000)
  const [row] = await kit.database.admin(
    `with added as (
       insert into events (authorization_uid, company_uid, type, ts, details)
       select 0, $1::bigint, 'ping', now(), '{}' from generate_series(1, $2) returning event_uid)
     select count(distinct event_uid)::int as count from added`,
    [kit.companyUid, count],
  )
  expect(row?.['count']).toBe(count)
})

it('12: an endpoint is told of its own company alone', async () => {
  await kit.add('/')
  const other = await seedCompany(kit.database.db)
  await kit.event('ping', other.companyUid)
  const uid = await kit.event('ping')
  await kit.deliverer.idle()
  expect(kit.received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${uid}`])
  const endpointUid = (await kit.endpoint())?.endpointUid ?? ''
  expect(await rotateSecret(kit.deps, other.companyUid, { endpointUid, overlapMs: 0 })).toBeNull()
})
