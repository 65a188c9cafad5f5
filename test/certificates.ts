import { KeyObject, randomBytes, webcrypto } from 'node:crypto'

import * as x509 from '@peculiar/x509'

/** A certificate with its key, both PEM. */
export type Pair = { certificate: string; key: string }

type Keys = webcrypto.CryptoKeyPair
type Issued = Pair & { keys: Keys; parsed: x509.X509Certificate }
type Leaf = {
  subject: string
  bits?: number
  /** An elliptic key instead of RSA. */
  curve?: 'P-256'
  hash?: 'SHA-1' | 'SHA-256'
  issuer?: Issued
  from?: string
  to?: string
  uses?: string[] | null
  ca?: boolean
  /** Address or name of a server. */
  host?: string
}

const NOW = '2026-11-25T12:00:00Z'
const DAY_MS = 86_400_000

/** Makes a certificate as it is asked for; without issuer it signs itself. Valid around `NOW` unless said otherwise. */
export async function makeCertificate(leaf: Leaf): Promise<Issued> {
  x509.cryptoProvider.set(webcrypto)
  const { curve, bits = 2048, hash = 'SHA-256', issuer, uses = [x509.ExtendedKeyUsage.clientAuth], ca = false } = leaf
  const name = 'RSASSA-PKCS1-v1_5'
  const rsa = { name, hash, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: bits }
  const elliptic = { name: 'ECDSA', namedCurve: 'P-256', hash }
  const keys = await webcrypto.subtle.generateKey(curve ? elliptic : rsa, true, ['sign', 'verify'])
  const parsed = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject: leaf.subject,
    issuer: issuer?.parsed.subject ?? leaf.subject,
    notBefore: new Date(leaf.from ?? Date.parse(NOW) - 400 * DAY_MS),
    notAfter: new Date(leaf.to ?? Date.parse(NOW) + 400 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: await signing(issuer?.keys.privateKey ?? keys.privateKey, hash),
    signingAlgorithm: curve ? elliptic : { name, hash },
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(leaf.host === undefined ? [] : [new x509.SubjectAlternativeNameExtension([hostName(leaf.host)])]),
      ...(uses === null || ca ? [] : [new x509.ExtendedKeyUsageExtension(uses)]),
    ],
  })
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
  return { certificate: parsed.toString('pem'), key, keys, parsed }
}

const hostName = (value: string): x509.JsonGeneralName => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })

/** The hash of a signature is a property of the key object: the same key under another one. */
async function signing(key: webcrypto.CryptoKey, hash: string): Promise<webcrypto.CryptoKey> {
  if (key.algorithm.name === 'ECDSA') return key
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key)
  return await webcrypto.subtle.importKey('pkcs8', bytes, { name: key.algorithm.name, hash }, true, ['sign'])
}

/** A root, an intermediate and leaves of every kind that a check has to tell apart. */
export async function testCertificates() {
  const root = await makeCertificate({ subject: 'CN=Test Root, O=Test Trust', ca: true })
  const issuer = await makeCertificate({ subject: 'CN=Test Issuing, O=Test Trust', ca: true, issuer: root })
  const leaf = (change: Partial<Leaf> = {}): Promise<Issued> =>
    makeCertificate({ subject: 'CN=thirdparty.example', issuer, ...change })
  return {
    root,
    issuer,
    good: await leaf(),
    weak: await leaf({ bits: 1024 }),
    sha1: await leaf({ hash: 'SHA-1' }),
    ended: await leaf({ to: '2026-11-20T00:00:00Z' }),
    ending: await leaf({ to: '2026-12-05T12:00:00Z' }),
    early: await leaf({ from: '2026-12-01T00:00:00Z' }),
    forServers: await leaf({ uses: [x509.ExtendedKeyUsage.serverAuth] }),
    anyUse: await leaf({ uses: null }),
    selfSigned: await makeCertificate({ subject: 'CN=self.example' }),
  }
}

/** A certificate for a server on 127.0.0.1 (or another host), issued by `issuer`; valid in real time. */
export async function serverCertificate(
  issuer: Issued,
  { host = '127.0.0.1', to = '2036-01-01T00:00:00Z' }: { host?: string; to?: string } = {},
): Promise<Pair> {
  return await makeCertificate({ subject: `CN=${host}`, issuer, to, host, uses: [x509.ExtendedKeyUsage.serverAuth] })
}
