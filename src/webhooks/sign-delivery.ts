import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'

/** The secrets of one endpoint. previous: taken until `previousUntil` too, so that a receiver can change over. */
export type EndpointSecrets = {
  /** `whsec_` and base64 of 24 to 64 random bytes, as Standard Webhooks has it; the text itself signs the older way. */
  secret: string
  previous: string | null
  /** Epoch milliseconds. */
  previousUntil: number
  /** Ed25519, PKCS #8 in base64; its public key is what receivers get. */
  privateKey: string
}

export type Delivery = {
  /** Constant over all attempts of one event at one endpoint. */
  id: string
  /** Exactly the bytes that are sent. */
  body: string
  /** Of this attempt. */
  now: Date
  attempt: number
  salt: string
}

const PREFIX = 'whsec_'

/** New secrets. random: bytes of that length. */
export function newSecrets(random: (bytes: number) => Uint8Array): EndpointSecrets {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    secret: newSecret(random),
    previous: null,
    previousUntil: 0,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  }
}

export function newSecret(random: (bytes: number) => Uint8Array): string {
  return `${PREFIX}${Buffer.from(random(32)).toString('base64')}`
}

/** The key that a receiver checks `v1a` signatures with: `whpk_` and base64 of the 32 bytes. */
export function publicKeyOf(secrets: EndpointSecrets): string {
  const spki = createPublicKey(keyOf(secrets)).export({ format: 'der', type: 'spki' })
  return `whpk_${spki.subarray(-32).toString('base64')}`
}

/**
 * The headers of one attempt, in both ways: Standard Webhooks 1.0 (HMAC-SHA256 by each valid secret, and Ed25519, over id,
 * time and body), and the incumbent service's, which clients know: SHA-256 of `secret.salt.body` in hex. The older way has room
 * for one signature: while two secrets are valid they take turns, so that the first or the second attempt is understood.
 */
export function signDelivery(secrets: EndpointSecrets, delivery: Delivery): Record<string, string> {
  const { id, body, now, attempt, salt } = delivery
  const timestamp = Math.floor(now.getTime() / 1000)
  const content = `${id}.${timestamp}.${body}`
  const valid = validSecrets(secrets, now)
  const signatures = valid.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
  })
  signatures.push(`v1a,${sign(null, Buffer.from(content), keyOf(secrets)).toString('base64')}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
    'x-utilityapi-webhook-salt': salt,
    'x-utilityapi-webhook-signature': signOlder(valid[attempt % valid.length] ?? secrets.secret, salt, body),
  }
}

/** The incumbent's signature; source: ../docs/webhooks.md, section "Two signatures". */
export function signOlder(secret: string, salt: string, body: string): string {
  return createHash('sha256').update(`${secret}.${salt}.${body}`).digest('hex')
}

function validSecrets({ secret, previous, previousUntil }: EndpointSecrets, now: Date): string[] {
  return previous !== null && previousUntil > now.getTime() ? [secret, previous] : [secret]
}

/** Reading a key takes longer than signing with it. */
const keys = new WeakMap<EndpointSecrets, KeyObject>()

function keyOf(secrets: EndpointSecrets): KeyObject {
  const known = keys.get(secrets)
  if (known) return known
  const key = createPrivateKey({ key: Buffer.from(secrets.privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  keys.set(secrets, key)
  return key
}
