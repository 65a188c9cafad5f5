import { createServer, type Server } from 'node:https'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { randomBytes } from 'node:crypto'
import { TLSSocket } from 'node:tls'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { makeCertificate, type Pair, serverCertificate, testCertificates } from '../../test/certificates.ts'
import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { openDb } from '../storage/db.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { openConnections } from './connections.ts'
import { UtilityUnavailable } from './errors.ts'
import { utilityOf } from './index.ts'
import type { Registration } from './registration.ts'
import { rotateSecrets } from './rotate-registration.ts'
import { saveRegistration } from './save-registration.ts'
import { type FetchLimits, openTransport } from './transport.ts'

/** What a real TLS server on loopback sees of us. */
let made: Awaited<ReturnType<typeof testCertificates>>
let ours: Pair
let server: Server
let origin = ''
let sockets = 0
const presented: string[] = []
const requests: { url: string; headers: Record<string, unknown> }[] = []

const listening = async (one: TcpServer): Promise<number> => {
  await new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', resolve))
  const address = one.address()
  return typeof address === 'object' && address ? address.port : 0
}

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  made = await testCertificates()
  ours = await makeCertificate({ subject: 'CN=thirdparty.example', issuer: made.issuer, to: '2036-01-01T00:00:00Z' })
  const { certificate, key } = await serverCertificate(made.root)
  const tls = { cert: certificate, key, requestCert: true, rejectUnauthorized: false }
  server = createServer(tls, ({ url = '', headers, socket }, response) => {
    requests.push({ url, headers })
    const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
    presented.push(String(shown?.subject?.CN ?? 'none'))
    if (url.endsWith('/moved')) response.writeHead(307, { location: `${origin}/espi/1_1/resource/target` }).end()
    else if (url.endsWith('/header')) response.writeHead(200, { 'x-large': 'x'.repeat(65_536) }).end('<feed/>')
    else response.end('<feed/>')
  })
  server.on('secureConnection', () => void sockets++)
  origin = `https://127.0.0.1:${await listening(server)}`
})
afterAll(async () => {
  await database.close()
  server.closeAllConnections()
  server.close()
})

function registration(change: Partial<Registration> = {}): Registration {
  return {
    ...{ registrationUid: '1', utility: utilityOf('PG&E'), companyUid: null, environment: 'simulated' },
    ...{ clientId: 'client', bulkId: null, notificationKey: 'key', clientSecret: 's', registrationAccessToken: null },
    ...{ certificate: ours.certificate, key: ours.key, ca: made.root.certificate },
    addresses: addressesAt(origin),
    ...change,
  }
}
const addressesAt = (at: string) => ({
  authorizationEndpoint: `${at}/oauth/authorize`,
  tokenEndpoint: `${at}/oauth/token`,
  resourceBase: `${at}/espi/1_1/resource`,
  customerPortal: null,
})

const limits: Partial<FetchLimits> = { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: 3000 }
async function get(path: string, change: Partial<Registration> = {}, utility = utilityOf('PG&E')) {
  const one = registration(change)
  const transport = openTransport(utility, one, { fetchLimits: limits })
  try {
    return await transport.get(`${one.addresses.resourceBase}/${path}`, 'token')
  } finally {
    await transport.close()
  }
}

describe('mutual TLS', () => {
  it('presents our certificate on every call, over connections that are kept', async () => {
    const transport = openTransport(utilityOf('PG&E'), registration(), { fetchLimits: limits })
    const before = { sockets, presented: presented.length }
    for (let call = 0; call < 3; call++) await transport.get(`${origin}/espi/1_1/resource/x`, 'token')
    await transport.post(`${origin}/oauth/token`, { headers: {}, body: 'grant_type=client_credentials' })
    await transport.delete(`${origin}/espi/1_1/resource/Authorization/1`, 'token')
    // One busy with its end may make the pool open a second; from then on there is always a free one.
    expect(sockets - before.sockets).toBeLessThanOrEqual(2)
    expect(presented.slice(before.presented)).toEqual(Array.from({ length: 5 }, () => 'thirdparty.example'))
    await transport.close()
  })

  it.each([
    ['none', 'none'],
    ['optional', 'thirdparty.example'],
    ['private-ca', 'thirdparty.example'],
  ] as const)('tls.clientCertificate %s: the server sees %s', async (clientCertificate, seen) => {
    const pge = utilityOf('PG&E')
    await get('x', {}, { ...pge, tls: { ...pge.tls, clientCertificate } })
    expect(presented.at(-1)).toBe(seen)
  })

  it('tls.clientCertificate optional: without one it goes on, where one is demanded it does not open', async () => {
    const pge = utilityOf('PG&E')
    const bare = { certificate: null, key: null }
    await get('x', bare, { ...pge, tls: { ...pge.tls, clientCertificate: 'optional' } })
    expect(presented.at(-1)).toBe('none')
    await expect(get('x', bare)).rejects.toThrow('wants a client certificate')
  })

  it('tls.userAgent: the utility’s own, or ours', async () => {
    const pge = utilityOf('PG&E')
    await get('x')
    expect(requests.at(-1)?.headers['user-agent']).toBe('green-button-proxy')
    await get('x', {}, { ...pge, tls: { ...pge.tls, userAgent: 'Mozilla/5.0' } })
    expect(requests.at(-1)?.headers['user-agent']).toBe('Mozilla/5.0')
  })

  it('a redirect is not followed', async () => {
    await expect(get('moved')).rejects.toMatchObject({ code: 'redirected' })
    expect(requests.at(-1)?.url).toBe('/espi/1_1/resource/moved')
  })

  it('headers without end are given up', async () => {
    await expect(get('header')).rejects.toMatchObject({ code: 'network' })
  })
})

describe('a server that is not who it has to be gets no token', () => {
  it.each<[string, () => Promise<Pair>]>([
    [
      'unknown authority',
      async () => await serverCertificate(await makeCertificate({ subject: 'CN=Other', ca: true })),
    ],
    [
      'self-signed',
      async () => await makeCertificate({ subject: 'CN=127.0.0.1', uses: null, to: '2036-01-01T00:00:00Z' }),
    ],
    ['over', async () => await serverCertificate(made.root, { to: '2026-01-01T00:00:00Z' })],
    ['another host', async () => await serverCertificate(made.root, { host: 'elsewhere.example' })],
  ])('%s', async (_name, certificate) => {
    const { certificate: cert, key } = await certificate()
    let calls = 0
    const stranger = createServer({ cert, key }, (_request, response) => {
      calls++
      response.end()
    })
    const at = `https://127.0.0.1:${await listening(stranger)}`
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0' // changes nothing here: the check cannot be switched off
    try {
      await expect(get('x', { addresses: addressesAt(at) })).rejects.toMatchObject({ code: 'server_not_trusted' })
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
    expect(calls).toBe(0)
    stranger.close()
  })

  it('TLS 1.1 only', async () => {
    const { certificate: cert, key } = await serverCertificate(made.root)
    const old = createServer({ cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    const at = `https://127.0.0.1:${await listening(old)}`
    await expect(get('x', { addresses: addressesAt(at) })).rejects.toMatchObject({ code: 'server_not_trusted' })
    old.close()
  })

  it('a handshake that is never answered ends with the limit on connecting', async () => {
    const silent = createTcpServer(() => undefined)
    const at = `https://127.0.0.1:${await listening(silent)}`
    const error: unknown = await get('x', { addresses: addressesAt(at) }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UtilityUnavailable)
    expect(error).toMatchObject({ code: 'network', outcomeUnknown: false })
    silent.close()
  })
})

it('a rotated certificate is presented by every running process at its next request, none restarted', async () => {
  const envelope = openEnvelope(randomBytes(32))
  const [one, two] = [openDb(database.connection), openDb(database.connection)]
  const deps = { db: one, envelope, now: () => new Date(), random: randomBytes }
  const { registrationUid } = await saveRegistration(deps, {
    ...{ utility: utilityOf('PG&E'), environment: 'simulated', companyUid: null, clientId: 'client', bulkId: null },
    addresses: addressesAt(origin),
    secrets: {
      ...{ clientSecret: 's', registrationAccessToken: null },
      ...{ certificate: ours.certificate, key: ours.key, ca: made.root.certificate },
    },
  })
  const processes = [openConnections({ db: one, envelope }), openConnections({ db: two, envelope })]
  const shown = async (): Promise<string[]> => {
    const from = presented.length
    for (const connections of processes) {
      const { transport } = await connections.of(registrationUid)
      await transport.get(`${origin}/espi/1_1/resource/x`, 'token')
    }
    return presented.slice(from)
  }
  expect(await shown()).toEqual(['thirdparty.example', 'thirdparty.example'])
  const running = await processes[1]?.of(registrationUid)
  const next = await makeCertificate({ subject: 'CN=next.example', issuer: made.issuer, to: '2036-01-01T00:00:00Z' })
  await rotateSecrets(deps, registrationUid, { certificate: next.certificate, key: next.key })
  expect(await shown()).toEqual(['next.example', 'next.example'])
  // Work that was under way with the old connection is not cut off.
  expect(await running?.transport.get(`${origin}/espi/1_1/resource/x`, 'token')).toMatchObject({ status: 200 })
  for (const connections of processes) await connections.close()
  await Promise.all([one.close(), two.close()])
})
