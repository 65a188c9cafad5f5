import { beforeAll, describe, expect, it } from 'vitest'

import { makeCertificate, type Pair, testCertificates } from '../../test/certificates.ts'
import { thresholdOf } from './certificate-expiry.ts'
import { utilityOf } from './index.ts'
import { type CertificateCase, judgeCertificate } from './judge-certificate.ts'

let made: Awaited<ReturnType<typeof testCertificates>>
beforeAll(async () => {
  made = await testCertificates()
})

const now = new Date('2026-11-25T12:00:00Z')
const pge = utilityOf('PG&E')

function judge(pair: Partial<Pair>, change: Partial<CertificateCase> = {}) {
  const findings = judgeCertificate({
    ...{ utilityName: pge.name, tls: { ...pge.tls, authorities: [] }, roots: [made.root.certificate], own: null, now },
    ...{ certificate: pair.certificate ?? null, key: pair.key ?? null },
    ...change,
  })
  const of = (state: string): string[] => findings.filter((one) => one.state === state).map(({ check }) => check)
  return { missing: of('missing'), warnings: of('warning'), said: findings.map(({ says }) => says).join('\n') }
}
const chained = (leaf: Pair, ...chain: Pair[]): Pair => ({
  certificate: [leaf, ...chain].map(({ certificate }) => certificate).join('\n'),
  key: leaf.key,
})

it('a good certificate of a public authority is found good, with or without its root in the file', () => {
  expect(judge(chained(made.good, made.issuer))).toMatchObject({ missing: [], warnings: [] })
  expect(judge(chained(made.good, made.issuer, made.root))).toMatchObject({ missing: [], warnings: [] })
  expect(judge(chained(made.anyUse, made.issuer))).toMatchObject({ missing: [], warnings: [] })
})

describe('each fault is found, and only that', () => {
  it.each<[string, () => Pair, string, RegExp]>([
    ['1024 bits', () => chained(made.weak, made.issuer), 'rsa', /1024 bits and needs 2048/],
    ['SHA-1', () => chained(made.sha1, made.issuer), 'sha2', /SHA-1, not SHA-2/],
    ['over', () => chained(made.ended, made.issuer), 'dates', /ended on 2026-11-20/],
    ['not yet', () => chained(made.early, made.issuer), 'dates', /not valid before 2026-12-01/],
    ['for servers only', () => chained(made.forServers, made.issuer), 'client_auth', /TLS web client authentication/],
    ['no intermediate', () => made.good, 'chain', /issuer "Test Issuing" is neither in the file/],
    [
      'another one’s key',
      () => ({ ...chained(made.good, made.issuer), key: made.ended.key }),
      'key',
      /does not belong/,
    ],
    ['no key file', () => ({ ...chained(made.good, made.issuer), key: 'not a key' }), 'key', /cannot be read/],
  ])('%s', (_name, pair, check, says) => {
    const { missing, said } = judge(pair())
    expect(missing).toEqual([check])
    expect(said).toMatch(says)
  })

  it('a chain out of order, with the key of the second certificate', () => {
    const { missing, said } = judge({ ...chained(made.issuer, made.good), key: made.good.key })
    expect(missing).toContain('key')
    expect(said).toContain('Put its own certificate first')
    expect(said).toMatch(/out of order|did not issue it/)
  })

  it('an order that skips about is told from an issuer that is missing', () => {
    expect(judge(chained(made.good, made.root, made.issuer)).said).toContain('out of order at "thirdparty.example"')
    expect(judge(chained(made.good, made.root)).said).toContain('put in "Test Issuing"')
  })

  it('a self-signed one', () => {
    const { missing, said } = judge(made.selfSigned)
    expect(missing).toEqual(['self_signed', 'authority'])
    expect(said).toContain('is self-signed')
  })

  it('a private authority where a public one is wanted, and where it is taken', () => {
    const pair = chained(made.good, made.issuer, made.root)
    expect(judge(pair, { roots: [] }).missing).toEqual(['authority'])
    const tls = { ...pge.tls, clientCertificate: 'private-ca' as const }
    expect(judge(pair, { roots: [], tls })).toMatchObject({ missing: [], warnings: [] })
  })

  it('an authority that the utility does not name is worth a question', () => {
    const named = (authorities: string[]) =>
      judge(chained(made.good, made.issuer), { tls: { ...pge.tls, authorities } })
    expect(named(['DigiCert', 'Entrust'])).toMatchObject({ missing: [], warnings: ['authority'] })
    expect(named(['test trust'])).toMatchObject({ missing: [], warnings: [] })
  })

  it('an end that comes near, and a private key in the file that would be sent', () => {
    expect(judge(chained(made.ending, made.issuer))).toMatchObject({ missing: [], warnings: ['dates'] })
    const both = { certificate: `${made.good.key}${chained(made.good, made.issuer).certificate}`, key: made.good.key }
    expect(judge(both)).toMatchObject({ missing: [], warnings: ['private_key'] })
  })

  it('an elliptic key', async () => {
    const { certificate, key } = await ellipticPair()
    expect(judge({ certificate, key }, { roots: [certificate] }).missing).toContain('rsa')
  })

  it('none at all, and nothing that is one', () => {
    expect(judge({}).said).toContain('wants a client certificate from a public authority')
    expect(judge({}, { tls: utilityOf('SCE').tls })).toMatchObject({ missing: [] })
    expect(judge({}, { tls: utilityOf('LONDON').tls })).toMatchObject({ missing: [], warnings: ['certificate'] })
    expect(judge({ certificate: 'hello' }).missing).toEqual(['certificate'])
    const broken = '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----'
    expect(judge({ certificate: broken }).missing).toEqual(['certificate'])
  })
})

it.each([
  [61, null],
  [60, 60],
  [31, 60],
  [30, 30],
  [14.5, 30],
  [7, 7],
  [1.2, 7],
  [0.5, 1],
  [0, 0],
  [-3, 0],
])('%s days before the end the threshold is %s', (days, threshold) => {
  expect(thresholdOf(new Date(now.getTime() + days * 86_400_000), now)).toBe(threshold)
})

async function ellipticPair(): Promise<Pair> {
  const { certificate, key } = await makeCertificate({ subject: 'CN=curve.example', curve: 'P-256' })
  return { certificate, key }
}
