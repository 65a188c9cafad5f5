import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import * as fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'

import { encodeAnswer } from './encode-answer.ts'
import { streamOf } from './stream-of.ts'

let server: http.Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Parts of these lengths, all of them written into one piece of memory, as a renderer does. */
function* partsOf(lengths: readonly number[]): Generator<Uint8Array> {
  const room = new Uint8Array(Math.max(0, ...lengths))
  let last = 0
  for (const length of lengths) {
    for (let at = 0; at < length; at++) room[at] = last = (last * 5 + 3 + at) & 0xff
    yield room.subarray(0, length)
  }
  room.fill(0)
}

/** Serves them; returns where, and all bytes. */
async function serve(lengths: readonly number[]): Promise<{ port: number; expected: Buffer }> {
  const expected = Buffer.concat(Array.from(partsOf(lengths), (part) => Uint8Array.from(part)))
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield* partsOf(lengths)
  }
  server = http.createServer((request, response) => {
    const accepted = request.headers['accept-encoding'] ?? ''
    const header = (name: string, value: string): void => void response.setHeader(name, value)
    encodeAnswer(streamOf(parts()), { mediaType: 'text/csv', accepted, header }).pipe(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, expected }
}

/** Reads an answer as it comes; everyMs: a client that pauses after each piece. */
async function read(port: number, { accept = 'identity', everyMs = 0 } = {}): Promise<Buffer> {
  const request = http.get({ port, host: '127.0.0.1', headers: { 'accept-encoding': accept } })
  const [response]: http.IncomingMessage[] = await once(request, 'response')
  const parts: Buffer[] = []
  for await (const part of response ?? []) {
    parts.push(part)
    if (everyMs > 0) await sleep(everyMs)
  }
  return Buffer.concat(parts)
}

it('says every byte of its parts, whatever their sizes, and however it is encoded', async () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 700_000 }), fc.constantFrom(8192, 262_144)),
    { maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const { port, expected } = await serve(lengths)
      expect(Buffer.compare(await read(port), expected)).toBe(0)
      expect(Buffer.compare(gunzipSync(await read(port, { accept: 'gzip' })), expected)).toBe(0)
      expect(Buffer.compare(zstdDecompressSync(await read(port, { accept: 'zstd' })), expected)).toBe(0)
      server?.close()
    }),
    { numRuns: 40 },
  )
})

it('says every byte to a client that reads slowly', async () => {
  const { port, expected } = await serve(Array.from({ length: 200 }, (_, at) => 60_000 + at))
  expect(Buffer.compare(await read(port, { everyMs: 1 }), expected)).toBe(0)
})

it('says every byte of an answer that waits for another one on its connection', async () => {
  const { port, expected } = await serve(Array.from({ length: 30 }, (_, at) => 90_000 + at))
  const socket = net.connect(port, '127.0.0.1')
  const question = 'GET / HTTP/1.1\r\nhost: proxy.example\r\nconnection: keep-alive\r\n\r\n'
  socket.write(question + question.replace('keep-alive', 'close'))
  const parts: Buffer[] = []
  for await (const part of socket) {
    parts.push(part)
    await sleep(1)
  }
  const bodies = bodiesOf(Buffer.concat(parts))
  expect(bodies.map((body) => Buffer.compare(body, expected))).toEqual([0, 0])
})

/** The bodies of answers that are sent in chunks. Source: RFC 9112 section 7.1. */
function bodiesOf(answers: Buffer): Buffer[] {
  const bodies: Buffer[] = []
  for (let at = 0; at < answers.length;) {
    at = answers.indexOf('\r\n\r\n', at) + 4
    const chunks: Buffer[] = []
    for (let length = -1; length !== 0;) {
      const begins = answers.indexOf('\r\n', at) + 2
      length = Number.parseInt(answers.toString('latin1', at, begins), 16)
      chunks.push(answers.subarray(begins, begins + length))
      at = begins + length + 2
    }
    bodies.push(Buffer.concat(chunks))
  }
  return bodies
}
