import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { createGzip } from 'node:zlib'

/** A request, read whole; `certificate` is the SHA-256 of the client certificate in hexadecimal, if one was shown. */
export type Incoming = {
  method: string
  path: string
  /** Path and query as they came. */
  target: string
  query: URLSearchParams
  form: URLSearchParams
  body: string
  header(name: string): string
  cookie(name: string): string | null
  certificate: string | null
  /** Ends the connection without an answer. */
  destroy(): void
}

export type Answer = {
  status: number
  type?: string
  headers?: Record<string, string | string[]>
  body?: string | Iterable<string>
  /** Bad ways to send it: the connection ends after so many bytes of the announced length, or 100 bytes come at a time. */
  cutAfter?: number
  dripMs?: number
}

export type Handler = (incoming: Incoming) => Answer | Promise<Answer>

export type Listening = {
  origin: string
  /** Presents another certificate from the next handshake on; nothing on plain http. */
  present(tls: { certificate: string; key: string }): void
  close(): Promise<void>
}

/** Thrown when a port that was asked for is not free; says which option sets it. */
export class PortTaken extends Error {
  readonly code = 'port_taken'
}

const maxBody = 1_000_000

/** Listens on 127.0.0.1 only. With `tls` a client certificate is asked for and never required in the handshake. */
export const listen = async (options: {
  port: number
  flag: string
  tls: { certificate: string; key: string } | null
  handler: Handler
}): Promise<Listening> => {
  const { tls, handler, port, flag } = options
  const listener: RequestListener = (request, response) => void respond(request, response, handler)
  const server: Server | TlsServer = tls
    ? createTlsServer({ cert: tls.certificate, key: tls.key, requestCert: true, rejectUnauthorized: false }, listener)
    : createServer(listener)
  server.keepAliveTimeout = 65_000 // shorter, and a client that is busy meets a closing connection
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      const message = `Port ${port} is not free: choose another one with --${flag} PORT (0 takes any free port).`
      reject(taken ? new PortTaken(message, { cause: error }) : error)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${portOf(server)}`,
    present: ({ certificate, key }) => {
      if ('setSecureContext' in server) server.setSecureContext({ cert: certificate, key })
      server.closeIdleConnections()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const portOf = (server: Pick<Server, 'address'>): number => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function respond(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
  try {
    const answer = await handler(await read(request))
    if (response.destroyed) return
    if (answer.cutAfter !== undefined || answer.dripMs !== undefined) return await sendBadly(response, answer)
    const body = answer.body ?? ''
    const headers = { ...answer.headers, ...(answer.type ? { 'content-type': answer.type } : {}) }
    const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && typeof body !== 'string'
    response.writeHead(
      answer.status,
      gzip ? { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' } : headers,
    )
    if (typeof body === 'string') response.end(request.method === 'HEAD' ? '' : body)
    else if (gzip) await pipeline(Readable.from(chunked(body)), createGzip({ level: 1 }), response)
    else await pipeline(Readable.from(chunked(body)), response)
  } catch (error) {
    if (response.headersSent || response.destroyed) return void response.destroy()
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    response.writeHead(500, { 'content-type': 'text/plain' }).end('Simulator fault: see its standard error')
  }
}

async function sendBadly(response: ServerResponse, answer: Answer): Promise<void> {
  const bytes = Buffer.from(typeof answer.body === 'string' ? answer.body : [...(answer.body ?? [])].join(''))
  const type = answer.type === undefined ? {} : { 'content-type': answer.type }
  response.writeHead(answer.status, { ...answer.headers, ...type, 'content-length': bytes.length })
  if (answer.cutAfter !== undefined) {
    response.write(bytes.subarray(0, answer.cutAfter), () => response.destroy())
    return
  }
  for (let at = 0; at < bytes.length && !response.destroyed; at += 100) {
    response.write(bytes.subarray(at, at + 100))
    await wait(answer.dripMs)
  }
  response.end()
}

/** Joins small pieces, so that a large feed goes out in writes of some 64 KB. */
function* chunked(pieces: Iterable<string>): Generator<Buffer> {
  let buffer = ''
  for (const piece of pieces) {
    buffer += piece
    if (buffer.length < 65_536) continue
    yield Buffer.from(buffer)
    buffer = ''
  }
  if (buffer !== '') yield Buffer.from(buffer)
}

async function read(request: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > maxBody) throw new Error('Request body too large')
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks).toString('utf8')
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  const header = (name: string): string => String(request.headers[name] ?? '')
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    target,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    form: new URLSearchParams(isForm ? body : ''),
    body,
    header,
    cookie: (name) => new RegExp(`(?:^|;\\s*)${name}=([^;]*)`).exec(header('cookie'))?.[1] ?? null,
    certificate: certificateOf(request),
    destroy: () => request.socket.destroy(),
  }
}

function certificateOf(request: IncomingMessage): string | null {
  if (!(request.socket instanceof TLSSocket)) return null
  const shown = request.socket.getPeerCertificate()
  return shown?.fingerprint256 ? shown.fingerprint256.replaceAll(':', '').toLowerCase() : null
}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  type: 'application/json',
  headers,
  body: JSON.stringify(value),
})

export const redirect = (location: string): Answer => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store' },
})
