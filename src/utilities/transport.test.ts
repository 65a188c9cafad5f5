import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { ForeignAddress, UtilityUnavailable } from './errors.ts'
import { utilityOf } from './index.ts'
import { BadRegistration, type Registration, resolveAddresses } from './registration.ts'
import { type FetchLimits, openTransport, type Transport } from './transport.ts'

const seen: { url: string; headers: IncomingMessage['headers'] }[] = []
const answers: Record<string, (response: ServerResponse) => void> = {
  plain: (response) => void response.end('<feed/>'),
  gzip: (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync('<feed>'.repeat(1000))),
  nothing: (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
  page: (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync('<!DOCTYPE html><html>')),
  bomb: (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(8_000_000))),
  big: (response) => void response.end(Buffer.alloc(300_000, 'x')),
  'big-gzip': (response) =>
    void response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(900_000, 'xyz1')), 'binary'),
  deflate: (response) => void response.setHeader('content-encoding', 'deflate').end('x'),
  twice: (response) => void response.setHeader('content-encoding', 'gzip, gzip').end(gzipSync(gzipSync('x'))),
  broken: (response) => void response.setHeader('content-encoding', 'gzip').end('not gzip at all'),
  'cut-gzip': (response) =>
    void response
      .setHeader('content-encoding', 'gzip')
      .end(gzipSync(Buffer.from('<feed>'.repeat(5000))).subarray(0, 40)),
  cut: (response) => {
    response.setHeader('content-length', '1000').write('half')
    setTimeout(() => response.destroy(), 20)
  },
  silent: () => undefined,
  drip: (response) => {
    response.write('<')
    const timer = setInterval(() => response.write('x'), 50)
    response.on('close', () => clearInterval(timer))
  },
  'slow-header': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: ')
    const timer = setInterval(() => response.socket?.write('x'), 50)
    response.on('close', () => clearInterval(timer))
  },
  endless: (response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(50_000, 'x')), 5)
    response.on('close', () => clearInterval(timer))
  },
  stall: (response) => void response.write('<feed>'),
  moved: (response) => void response.writeHead(302, { location: '/espi/1_1/resource/plain' }).end(),
}

const server = createServer((request, response) => {
  seen.push({ url: request.url ?? '', headers: request.headers })
  const name = /resource\/([\w-]+)/.exec(request.url ?? '')?.[1] ?? 'plain'
  answers[name]?.(response)
})
let origin = ''
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(async () => {
  await database.close()
  server.closeAllConnections()
  server.close()
})

const limits: Partial<FetchLimits> = {
  headersMs: 1000,
  idleMs: 1000,
  totalMs: 2500,
  wireBytes: 200_000,
  inflatedBytes: 500_000,
}

function registration(): Registration {
  const utility = utilityOf('DEMO')
  return {
    registrationUid: '1',
    utility,
    companyUid: null,
    environment: 'simulated',
    clientId: 'client',
    bulkId: null,
    notificationKey: 'key',
    addresses: {
      authorizationEndpoint: `${origin}/oauth/authorize`,
      tokenEndpoint: `${origin}/oauth/token`,
      resourceBase: `${origin}/espi/1_1/resource`,
      customerPortal: null,
    },
    clientSecret: 'secret',
    registrationAccessToken: null,
    certificate: null,
    key: null,
    ca: null,
  }
}

async function withTransport<T>(
  work: (transport: Transport) => Promise<T>,
  more: Partial<FetchLimits> = {},
): Promise<T> {
  const transport = openTransport(utilityOf('DEMO'), registration(), { fetchLimits: { ...limits, ...more } })
  try {
    return await work(transport)
  } finally {
    await transport.close().catch(() => undefined)
  }
}

const get = async (name: string, more: Partial<FetchLimits> = {}) =>
  await withTransport((transport) => transport.get(`${origin}/espi/1_1/resource/${name}`, 'secret-token'), more)

it('asks for gzip and inflates it, with the token in its header', async () => {
  expect(Buffer.from((await get('gzip')).bytes).toString()).toBe('<feed>'.repeat(1000))
  expect(seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer secret-token', 'accept-encoding': 'gzip' })
  expect(Buffer.from((await get('plain')).bytes).toString()).toBe('<feed/>')
})

it('a download comes as it is on the wire and is judged by the beginning of what it says', async () => {
  const download = async (name: string, more: Partial<FetchLimits> = {}) =>
    await withTransport((transport) => transport.download(`${origin}/espi/1_1/resource/${name}`, 'secret-token'), more)
  const { body, bytes, meaning } = await download('gzip')
  expect(meaning).toBe('data')
  expect(body).toMatchObject({ wire: gzipSync('<feed>'.repeat(1000)), coding: 'gzip' })
  expect(Buffer.from(bytes).toString()).toContain('<feed>')
  expect(await download('plain')).toMatchObject({ body: { wire: Buffer.from('<feed/>'), coding: 'identity' } })
  expect(await download('nothing')).toMatchObject({ meaning: 'no-data' })
  await expect(download('page')).rejects.toMatchObject({ code: 'page_instead_of_feed' })
  await expect(download('endless')).rejects.toMatchObject({ code: 'too_large' })
  await expect(download('broken')).rejects.toMatchObject({ code: 'broken_gzip' })
})

describe('a body beyond a limit ends the request', () => {
  it.each<[string, string, Partial<FetchLimits>]>([
    ['bomb', 'inflation_ratio', { inflatedBytes: 100_000_000 }],
    ['bomb', 'too_large', {}],
    ['big', 'too_large', {}],
    ['big-gzip', 'too_large', {}],
    ['deflate', 'content_coding', {}],
    ['twice', 'content_coding', {}],
    ['broken', 'broken_gzip', {}],
    ['cut-gzip', 'broken_gzip', {}],
    ['cut', 'network', {}],
    ['silent', 'network', {}],
    ['stall', 'network', {}],
    ['drip', 'network', { totalMs: 700 }],
    ['slow-header', 'network', { totalMs: 700 }],
    ['endless', 'too_large', {}],
    ['moved', 'redirected', {}],
  ])('%s: %s', async (name, code, more) => {
    const request = get(name, more)
    await expect(request).rejects.toBeInstanceOf(UtilityUnavailable)
    await expect(request).rejects.toMatchObject({ code })
    expect(seen.at(-1)?.url).toContain(name)
  })
})

it('a token never leaves for a foreign address', async () => {
  const before = seen.length
  for (const url of [
    `${origin}/elsewhere`,
    'https://foreign.example/espi/1_1/resource/x',
    `${origin}/espi/1_1/resource/../x`,
  ]) {
    await expect(withTransport((transport) => transport.get(url, 'secret-token'))).rejects.toBeInstanceOf(
      ForeignAddress,
    )
    await expect(withTransport((transport) => transport.delete(url, 'secret-token'))).rejects.toBeInstanceOf(
      ForeignAddress,
    )
    const post = { headers: { authorization: 'Basic x' }, body: '' }
    await expect(withTransport((transport) => transport.post(url, post))).rejects.toBeInstanceOf(ForeignAddress)
  }
  expect(seen).toHaveLength(before)
})

it('an error names neither the token nor the body', async () => {
  const error: unknown = await get('silent', { headersMs: 200, totalMs: 400 }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Error)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret-token')
})

it('a caller that gives up ends the request', async () => {
  const signal = AbortSignal.timeout(50)
  const request = withTransport((transport) => transport.get(`${origin}/espi/1_1/resource/silent`, 'x', { signal }))
  await expect(request).rejects.toMatchObject({ name: 'TimeoutError' })
})

it('a call inside a transaction is refused before anything is sent', async () => {
  const before = seen.length
  await expect(database.db.operator(() => get('plain'))).rejects.toThrow('inside a database transaction')
  expect(seen).toHaveLength(before)
})

describe('a registration', () => {
  it('reaches loopback only when simulated, and https only otherwise', () => {
    const pge = utilityOf('PG&E')
    const real = { tokenEndpoint: 'https://utility.example/token' }
    expect(() => resolveAddresses(pge, 'simulated', {})).toThrow(BadRegistration)
    expect(() => resolveAddresses(pge, 'simulated', real)).toThrow('on loopback')
    expect(() => resolveAddresses(pge, 'production', { tokenEndpoint: 'http://127.0.0.1/token' })).toThrow('https only')
    expect(() => resolveAddresses(pge, 'production', { resourceBase: 'https://a:b@utility.example/x' })).toThrow(
      BadRegistration,
    )
    expect(() => resolveAddresses(pge, 'staging', {})).toThrow('no environment staging')
    expect(() => resolveAddresses(pge, 'production', { unknown: 1 })).toThrow(BadRegistration)
    expect(resolveAddresses(pge, 'test', real).tokenEndpoint).toBe('https://utility.example/token')
  })

  it('without the certificate that its utility wants does not open', () => {
    expect(() => openTransport(utilityOf('PG&E'), registration())).toThrow('client certificate')
  })
})
