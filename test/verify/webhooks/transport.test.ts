import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import { createServer, type ServerResponse } from 'node:http'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { openSender } from '../../../src/webhooks/send-delivery.ts'
import { makeCertificate } from '../../certificates.ts'
import { answering, type Kit, openKit, portOf } from '../../webhook-kit.ts'

const LOOPBACK = ['127.0.0.0/8']
const noLookup = (): Promise<string[]> => Promise.resolve([])

let kit: Kit
beforeEach(async () => void (kit = await openKit()))
afterEach(async () => await kit.close())

/** One attempt at what is there; what the log says of it. */
async function attemptAt(path = '/') {
  await kit.add(path)
  await kit.event()
  await kit.deliverer.idle()
  return (await kit.log())[0]
}

/** One attempt at a server with TLS on loopback. */
async function attemptSecurely(server: SecureServer) {
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  const sender = openSender(LOOPBACK, noLookup, 2000)
  try {
    return await sender.send(`https://127.0.0.1:${portOf(server)}/`, '{}', {})
  } finally {
    await sender.close()
    await new Promise((done) => server.close(done))
  }
}

it.each([301, 302, 303, 307, 308])('21: a redirect (%i) is a failure, and not followed', async (status) => {
  kit.answer(answering(status, { location: kit.url('/elsewhere') }))
  expect(await attemptAt()).toMatchObject({ state: 'owed', log: [{ status }] })
  expect(kit.received.map(({ path }) => path)).toEqual(['/'])
})

it.each([
  ['22: no answer until the limit', () => undefined, 'timed_out'],
  ['23: an answer that drips', (response: ServerResponse) => void response.writeHead(200).write('x'), 'timed_out'],
  ['24: a connection that is reset', (response: ServerResponse) => void response.socket?.destroy(), 'UND_ERR_SOCKET'],
])('%s is a failure', async (_what, answer, error) => {
  kit.answer(answer)
  expect(await attemptAt()).toMatchObject({ state: 'owed', log: [{ status: null, error }] })
})

it('25: a certificate that nobody vouches for is refused', async () => {
  const { key, certificate } = await makeCertificate({ subject: 'CN=127.0.0.1', host: '127.0.0.1', uses: null })
  const server = createSecureServer({ key, cert: certificate }, (_request, response) => response.end())
  expect(await attemptSecurely(server)).toEqual({ status: null, error: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
})

it('26: TLS 1.1 is refused', async () => {
  const { key, certificate } = await makeCertificate({ subject: 'CN=127.0.0.1', host: '127.0.0.1', uses: null })
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
  const server = createSecureServer({ key, cert: certificate, ...old }, (_request, response) => response.end())
  expect(await attemptSecurely(server)).toEqual({ status: null, error: expect.stringMatching(/^(?:ERR_SSL|EPROTO)/) })
})

it('27: of an endless answer 16 kB are read, and the status counts', async () => {
  let written = 0
  kit.answer((response) => {
    response.writeHead(200)
    const more = (): void => {
      if (response.destroyed) return
      written += 65_536
      response.write(Buffer.alloc(65_536), () => setImmediate(more))
    }
    more()
  })
  expect(await attemptAt()).toMatchObject({ state: 'delivered', log: [{ status: 200 }] })
  expect(written).toBeLessThan(16_777_216) // what buffers on the way take, of an answer without an end
})

it('28: bytes that come after an answer poison no later one', async () => {
  let answers = 0
  const poisoning = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      answers++
      response.end('ok')
      setImmediate(() => request.socket.write('HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n'))
    })
  })
  await new Promise<void>((done) => void poisoning.listen(0, '127.0.0.1', done))
  const sender = openSender(LOOPBACK, noLookup, 2000)
  for (let attempt = 0; attempt < 5; attempt++) {
    const met = await sender.send(`http://127.0.0.1:${portOf(poisoning)}/`, '{}', {})
    expect(met).not.toMatchObject({ status: 410 })
  }
  expect(answers).toBeGreaterThan(0)
  await sender.close()
  poisoning.closeAllConnections()
  await new Promise((done) => poisoning.close(done))
})

it('29: a name that is not found is a failure with its reason', async () => {
  const notFound = (): Promise<string[]> => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
  const sender = openSender([], notFound, 2000)
  expect(await sender.send('https://hooks.example.com/', '{}', {})).toMatchObject({ status: null })
  await sender.close()
})

it('30: an address that has become private since it was saved is not connected to', async () => {
  await kit.add('/')
  await kit.database.admin(`update webhook_endpoints set url = 'https://10.0.0.1/'`)
  await kit.event()
  await kit.deliverer.idle()
  expect((await kit.log())[0]).toMatchObject({ state: 'owed', log: [{ status: null, error: 'not_public' }] })
  expect(kit.received).toEqual([])
})
