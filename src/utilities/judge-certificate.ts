import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

import { X509Certificate as ParsedCertificate } from '@peculiar/x509'

import { daysLeft, EXPIRY_DAYS } from './certificate-expiry.ts'
import type { Tls } from './contract.ts'
import { type Finding, missing, ok, warning } from './finding.ts'

/** roots: PEMs that count as public authorities. own: PEM of an authority of a simulated or test utility, or null. */
export type CertificateCase = {
  utilityName: string
  tls: Tls
  certificate: string | null
  key: string | null
  roots: readonly string[]
  own: string | null
  now: Date
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const LEAST_RSA_BITS = 2048
const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * Judges our client certificate before it is sent to a utility, one finding a rule, each with what to do. Reads only; no
 * network. Rules: RFC 5280 (dates, chain, key usage), and what utilities say of client certificates.
 */
export function judgeCertificate(given: CertificateCase): Finding[] {
  const { utilityName, tls, certificate, key } = given
  const wanted = tls.clientCertificate
  if (certificate === null) {
    if (wanted === 'none') return [ok('certificate', `${utilityName} wants no client certificate, and there is none.`)]
    if (wanted === 'optional') {
      return [warning('certificate', `${utilityName} may want a client certificate, and there is none. Ask them.`)]
    }
    const from = wanted === 'public-ca' ? 'a public authority' : 'an authority, your own if you like'
    return [missing('certificate', `${utilityName} wants a client certificate from ${from}. Get one, then: rotate.`)]
  }
  const chain = readChain(certificate)
  if (chain === null || chain[0] === undefined) {
    const says = 'The certificate cannot be read. It has to be PEM: the certificate first, then those of its issuers.'
    return [missing('certificate', says)]
  }
  const leaf = chain[0]
  return [
    ok('certificate', `The certificate of ${nameOf(leaf.subject)}, issued by ${nameOf(leaf.issuer)}.`),
    ...(certificate.includes('PRIVATE KEY')
      ? [warning('private_key', 'The certificate file holds a private key too. Take it out before you send the file.')]
      : []),
    judgeKey(chain, key),
    judgeIssuer(chain, given),
    judgeOrder(chain),
    ...judgeAnchor(chain, given),
    judgeSize(leaf),
    judgeHash(chain),
    judgeDates(chain, given.now),
    judgeUse(leaf),
  ]
}

function readChain(pem: string): X509Certificate[] | null {
  try {
    return [...pem.matchAll(BLOCK)].map(([block]) => new X509Certificate(block))
  } catch {
    return null
  }
}

function judgeKey(chain: readonly X509Certificate[], pem: string | null): Finding {
  if (pem === null) return missing('key', 'The private key is missing. Give it with --key-file.')
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    return missing(
      'key',
      'The private key cannot be read. It has to be PEM without a passphrase (openssl pkey removes it).',
    )
  }
  if (chain[0]?.checkPrivateKey(key)) return ok('key', 'The private key belongs to the certificate.')
  if (chain.some((one) => one.checkPrivateKey(key))) {
    return missing('key', 'The private key belongs to another certificate of the file. Put its own certificate first.')
  }
  return missing(
    'key',
    'The private key does not belong to the certificate. Find the key that its request was made with.',
  )
}

function judgeIssuer([leaf]: readonly X509Certificate[], { utilityName }: CertificateCase): Finding {
  if (leaf && isIssuedBy(leaf, leaf)) {
    return missing(
      'self_signed',
      `The certificate is self-signed; ${utilityName} refuses that. Get one from an authority.`,
    )
  }
  if (leaf?.ca) {
    return missing('self_signed', 'The first certificate is one of an authority. Put your own certificate first.')
  }
  return ok('self_signed', 'The certificate is not self-signed.')
}

function judgeOrder(chain: readonly X509Certificate[]): Finding {
  const gap = chain.findIndex((one, at) => {
    const next = chain[at + 1]
    return next !== undefined && !isIssuedBy(one, next)
  })
  if (gap < 0) return ok('order', 'The chain is in order: each certificate is issued by the next.')
  const one = chain[gap]
  const issuerIsThere = one !== undefined && chain.some((other) => other !== one && isIssuedBy(one, other))
  const who = `"${nameOf(one?.subject)}"`
  return issuerIsThere
    ? missing('order', `The chain is out of order at ${who}. Your certificate goes first, then each one's issuer.`)
    : missing(
        'order',
        `The certificate after ${who} did not issue it. Take it out, or put in "${nameOf(one?.issuer)}".`,
      )
}

/** Where the chain ends, and whether the utility takes that. */
function judgeAnchor(chain: readonly X509Certificate[], given: CertificateCase): Finding[] {
  const { utilityName, tls, roots, own } = given
  const last = chain.at(-1)
  if (!last) return []
  const isAnchor = (pem: string): boolean => {
    const root = new X509Certificate(pem)
    return root.fingerprint256 === last.fingerprint256 || isIssuedBy(last, root)
  }
  if (own !== null && isAnchor(own)) {
    return [
      ok('authority', 'The authority is the one that this environment trusts. At the real utility it would not do.'),
    ]
  }
  const anchor = roots.find(isAnchor)
  const wantsPublic = tls.clientCertificate === 'public-ca'
  if (anchor === undefined && !isIssuedBy(last, last)) {
    const says = `The chain ends at "${nameOf(last.subject)}", whose issuer "${nameOf(last.issuer)}" is neither in the file nor a public authority.`
    return [missing('chain', `${says} Add the intermediate certificates that came with yours.`)]
  }
  const complete = ok('chain', 'The chain is complete.')
  if (anchor === undefined) {
    const says = `The authority "${nameOf(last.subject)}" is a private one.`
    return wantsPublic
      ? [
          complete,
          missing('authority', `${says} ${utilityName} takes certificates of public authorities only. Buy one there.`),
        ]
      : [complete, ok('authority', `${says} ${utilityName} takes that.`)]
  }
  const names = [...chain.map(({ issuer }) => issuer), new X509Certificate(anchor).subject].join('\n').toLowerCase()
  const isListed = tls.authorities.some((name) => names.includes(name.toLowerCase()))
  const who = nameOf(new X509Certificate(anchor).subject)
  if (isListed || tls.authorities.length === 0) return [complete, ok('authority', `"${who}" is a public authority.`)]
  const says = `"${who}" is a public authority, but ${utilityName} names only ${tls.authorities.join(', ')}.`
  return [complete, warning('authority', `${says} Ask them before you rely on it.`)]
}

function judgeSize({ publicKey }: X509Certificate): Finding {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (publicKey.asymmetricKeyType !== 'rsa') {
    return missing(
      'rsa',
      `The key is ${publicKey.asymmetricKeyType ?? 'of a kind'} and has to be RSA. Ask for a new certificate.`,
    )
  }
  if (bits < LEAST_RSA_BITS) {
    return missing(
      'rsa',
      `The RSA key has ${bits} bits and needs ${LEAST_RSA_BITS} or more. Ask for a new certificate.`,
    )
  }
  return ok('rsa', `The RSA key has ${bits} bits.`)
}

function judgeHash(chain: readonly X509Certificate[]): Finding {
  const weak = chain.find((one) => !isIssuedBy(one, one) && !/SHA-(256|384|512)/.test(hashOf(one)))
  if (!weak) return ok('sha2', 'The signatures are SHA-2.')
  return missing(
    'sha2',
    `"${nameOf(weak.subject)}" is signed with ${hashOf(weak) || 'an unknown hash'}, not SHA-2. Ask for a new one.`,
  )
}

function hashOf({ raw }: X509Certificate): string {
  const { signatureAlgorithm } = new ParsedCertificate(raw)
  return 'hash' in signatureAlgorithm ? signatureAlgorithm.hash.name : ''
}

function judgeDates(chain: readonly X509Certificate[], now: Date): Finding {
  const early = chain.find(({ validFromDate }) => validFromDate > now)
  if (early) {
    const from = early.validFromDate.toISOString().slice(0, 10)
    return missing(
      'dates',
      `"${nameOf(early.subject)}" is not valid before ${from}. Wait, or check this machine's clock.`,
    )
  }
  const ending = chain.toSorted((a, b) => a.validToDate.getTime() - b.validToDate.getTime())[0]
  if (!ending) return missing('dates', 'There is no certificate.')
  const end = ending.validToDate.toISOString().slice(0, 10)
  const left = daysLeft(ending.validToDate, now)
  const who = `"${nameOf(ending.subject)}"`
  if (ending.validToDate <= now) return missing('dates', `${who} ended on ${end}. Get a new certificate.`)
  if (left <= EXPIRY_DAYS[0]) return warning('dates', `${who} ends on ${end}, in ${left} days. Order a new one now.`)
  return ok('dates', `Valid until ${end}.`)
}

/** Without the extension a certificate is good for every use (RFC 5280 section 4.2.1.12). */
function judgeUse({ keyUsage }: X509Certificate): Finding {
  const uses: readonly string[] | undefined = keyUsage
  if (uses === undefined || uses.includes(CLIENT_AUTH)) return ok('client_auth', 'It may be used by a client.')
  const says = 'Its extended key usage does not name client authentication'
  return missing('client_auth', `${says}. Ask the authority for one with "TLS web client authentication".`)
}

function isIssuedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  return one.checkIssued(issuer) && one.verify(issuer.publicKey)
}

/** The name that people know a certificate by: CN, else O, of a distinguished name as node prints it. */
function nameOf(distinguished: string | undefined): string {
  const part = (key: string): string | undefined =>
    distinguished
      ?.split('\n')
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
  return part('CN') ?? part('O') ?? 'unknown'
}
