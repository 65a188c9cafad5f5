import { createHash, KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type * as X509 from '@peculiar/x509'
import { writeAtomically } from './state.ts'

/** A certificate authority of our own, a server certificate for loopback, and the registered client certificate. */
export type Certificates = {
  ca: string
  server: { certificate: string; key: string }
  client: { certificate: string; key: string } | null
}

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
  typeof value === 'object' && value !== null && 'ca' in value && 'server' in value && 'client' in value

async function make(name: string, withClient: boolean): Promise<Certificates> {
  const x509 = await import('@peculiar/x509') // half a second that a start with stored certificates saves
  x509.cryptoProvider.set(webcrypto)
  const authorityKeys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const life = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + tenYears) }
  const subject = `CN=Simulated ${name.toUpperCase()} authority, O=Green Button simulators`
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    name: subject,
    serialNumber: serial(),
    keys: authorityKeys,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const issue = async (
    keys: webcrypto.CryptoKeyPair,
    leaf: { subject: string; usage: string; names: X509.JsonGeneralName[] },
  ) =>
    x509.X509CertificateGenerator.create({
      ...life,
      subject: leaf.subject,
      issuer: authority.subject,
      serialNumber: serial(),
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([leaf.usage]),
        new x509.SubjectAlternativeNameExtension(leaf.names),
        await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      ],
    })
  const serverKeys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const loopback: X509.JsonGeneralName[] = [
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
  ]
  const server = await issue(serverKeys, {
    subject: 'CN=localhost',
    usage: x509.ExtendedKeyUsage.serverAuth,
    names: loopback,
  })
  const issueClient = async (): Promise<Certificates['client']> => {
    const keys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
    const client = await issue(keys, {
      subject: 'CN=thirdparty.example, O=Registered third party',
      usage: x509.ExtendedKeyUsage.clientAuth,
      names: [{ type: 'dns', value: 'thirdparty.example' }],
    })
    return { certificate: client.toString('pem'), key: pemOf(keys.privateKey) }
  }
  return {
    ca: authority.toString('pem'),
    server: { certificate: server.toString('pem'), key: pemOf(serverKeys.privateKey) },
    client: withClient ? await issueClient() : null,
  }
}

const serial = (): string => `01${randomBytes(15).toString('hex')}`

const pemOf = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
