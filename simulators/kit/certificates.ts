import { createHash, createPrivateKey, KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type * as X509 from '@peculiar/x509'
import { writeAtomically } from './state.ts'

/** A certificate authority of our own, a server certificate for loopback, and the registered client certificate. */
export type Certificates = {
  ca: string
  server: { certificate: string; key: string }
  client: { certificate: string; key: string } | null
  /** Private key of the authority, with which further certificates are made. */
  authorityKey: string
}

/** Server certificates that a client should refuse, and `rotated`, which it should not. */
export type BadCertificate = 'expired' | 'not-yet-valid' | 'wrong-host' | 'self-signed' | 'unknown-issuer' | 'rotated'

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}
const tenYears = 3650 * 86_400_000

/** Reads the certificates of one utility from its state directory, or makes them on the first start. */
export const openCertificates = async (
  directory: string | null,
  name: string,
  withClient: boolean,
): Promise<Certificates> => {
  const file = directory === null ? null : path.join(directory, `${name}-certificates.json`)
  const stored = file === null ? null : read(file)
  if (stored) return stored
  const made = await make(name, withClient)
  if (file !== null) writeAtomically(file, JSON.stringify(made))
  return made
}

/** SHA-256 of the DER form, to compare what a client presents with what was registered. */
export const fingerprint = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')

function read(file: string): Certificates | null {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isCertificates(stored)) return null
    const usable = new X509Certificate(stored.server.certificate).validToDate.getTime() > Date.now() + 86_400_000
    return usable ? stored : null
  } catch {
    return null
  }
}

const isCertificates = (value: unknown): value is Certificates =>
  typeof value === 'object' && value !== null && 'ca' in value && 'server' in value && 'authorityKey' in value

async function make(name: string, withClient: boolean): Promise<Certificates> {
  const x509 = await library()
  const authorityKeys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifeOf(),
    name: `CN=Simulated ${name.toUpperCase()} authority, O=Green Button simulators`,
    serialNumber: serial(),
    keys: authorityKeys,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const signer: Signer = { ca: authority.toString('pem'), authorityKey: pemOf(authorityKeys.privateKey) }
  return {
    ...signer,
    server: await serverCertificate(signer, {}),
    client: withClient ? await clientCertificate(signer, 'Registered third party') : null,
  }
}

type Signer = Pick<Certificates, 'ca' | 'authorityKey'>
type Pair = { certificate: string; key: string }
type Leaf = { subject: string; usage: 'serverAuth' | 'clientAuth'; names: X509.JsonGeneralName[]; life?: Life }
type Life = { notBefore: Date; notAfter: Date }

/** Half a second that a start with stored certificates saves. */
async function library(): Promise<typeof X509> {
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto)
  return x509
}

const lifeOf = (): Life => ({
  notBefore: new Date(Date.now() - 86_400_000),
  notAfter: new Date(Date.now() + tenYears),
})

async function issue(signer: Signer, keys: webcrypto.CryptoKeyPair, leaf: Leaf): Promise<Pair> {
  const x509 = await library()
  const authority = new x509.X509Certificate(signer.ca)
  const signingKey = createPrivateKey(signer.authorityKey).toCryptoKey(ecdsa, true, ['sign'])
  const certificate = await x509.X509CertificateGenerator.create({
    ...(leaf.life ?? lifeOf()),
    subject: leaf.subject,
    issuer: authority.subject,
    serialNumber: serial(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[leaf.usage]]),
      new x509.SubjectAlternativeNameExtension(leaf.names),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
    ],
  })
  return { certificate: certificate.toString('pem'), key: pemOf(keys.privateKey) }
}

const loopback: X509.JsonGeneralName[] = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
]

const serverCertificate = async (
  signer: Signer,
  differences: { life?: Life; names?: X509.JsonGeneralName[] },
): Promise<Pair> =>
  issue(signer, await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']), {
    subject: 'CN=localhost',
    usage: 'serverAuth',
    names: loopback,
    ...differences,
  })

/** A certificate for a third party, RSA as PG&E wants it, signed by the simulated authority. */
export const clientCertificate = async (signer: Signer, organization: string): Promise<Pair> =>
  issue(signer, await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']), {
    subject: `CN=thirdparty.example, O=${organization}`,
    usage: 'clientAuth',
    names: [{ type: 'dns', value: 'thirdparty.example' }],
  })

const day = 86_400_000

/** A server certificate with one thing about it that differs from the right one. */
export const badCertificate = async (signer: Signer, kind: BadCertificate): Promise<Pair> => {
  const now = Date.now()
  if (kind === 'unknown-issuer') return (await make('unknown', false)).server
  if (kind === 'self-signed') return selfSigned()
  if (kind === 'wrong-host') return serverCertificate(signer, { names: [{ type: 'dns', value: 'elsewhere.example' }] })
  if (kind === 'expired')
    return serverCertificate(signer, { life: { notBefore: new Date(now - 30 * day), notAfter: new Date(now - day) } })
  if (kind === 'not-yet-valid')
    return serverCertificate(signer, { life: { notBefore: new Date(now + day), notAfter: new Date(now + 30 * day) } })
  return serverCertificate(signer, {})
}

async function selfSigned(): Promise<Pair> {
  const x509 = await library()
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifeOf(),
    name: 'CN=localhost',
    serialNumber: serial(),
    keys,
    signingAlgorithm: ecdsa,
    extensions: [new x509.SubjectAlternativeNameExtension(loopback)],
  })
  return { certificate: certificate.toString('pem'), key: pemOf(keys.privateKey) }
}

const serial = (): string => `01${randomBytes(15).toString('hex')}`

const pemOf = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
