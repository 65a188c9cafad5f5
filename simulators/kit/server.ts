import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Socket } from 'node:net'
import { type SecureVersion, TLSSocket } from 'node:tls'
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
  /** Ends the connection without an answer when the next request comes on it. */
  endNext(): void
}

export type Answer = {
  status: number
  type?: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer | Iterable<string>
  /** A bad way to send it, in place of the right one. */
  send?: (response: ServerResponse, bytes: Buffer) => void | Promise<void>
}

export type Handler = (incoming: Incoming) => Answer | Promise<Answer>

export type Presented = { certificate: string; key: string; maxVersion?: SecureVersion }

/**
 * Meets a new connection before anything is read of it; `accept` goes on with it, with another certificate if given, and
 * ends it after the handshake if told so.
 */
export type Guard = (socket: Socket, accept: (tls?: Presented, thenEnd?: boolean) => void) => void

export type Listening = {
  origin: string
  /** Presents another certificate from the next handshake on; nothing on plain http. */
  present(tls: Presented): void
  /** Refuses connections, or takes them again, at the same port. */
  refuse(refusing: boolean): Promise<void>
  /** Makes clients that wait with an open connection open another one. */
  closeIdle(): void
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
  guard?: Guard
}): Promise<Listening> => {
  const { tls, handler, port, flag, guard } = options
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
  let presented: Presented | null = tls
  const use = (other: Presented): void => {
    if ('setSecureContext' in server)
      server.setSecureContext({
        cert: other.certificate,
        key: other.key,
        ...(other.maxVersion === undefined ? {} : { minVersion: 'TLSv1', maxVersion: other.maxVersion }),
      })
  }
  if (guard)
    guardConnections(server, guard, (other, go) => {
      use(other)
      go()
      if (presented) use(presented)
    })
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  const bound = portOf(server)
  const listens = (): Promise<void> => new Promise((resolve) => server.listen(bound, '127.0.0.1', () => resolve()))
  const stops = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
      for (const socket of open) socket.destroy() // those that never became a request
    })
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${portOf(server)}`,
    present: (other) => {
      presented = other
      use(other)
      server.closeIdleConnections()
    },
    refuse: async (refusing) => {
      if (refusing === server.listening) await (refusing ? stops() : listens())
    },
    closeIdle: () => server.closeIdleConnections(),
    close: stops,
  }
}

/** Hands every new connection to the guard, which may hand it on to the server's own listeners. */
function guardConnections(
  server: Server | TlsServer,
  guard: Guard,
  withTls: (other: Presented, go: () => void) => void,
): void {
  const own = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const ports = portsOf(socket)
    sockets.set(ports, socket)
    socket.once('close', () => sockets.delete(ports))
    const go = (): void => {
      for (const listener of own) Reflect.apply(listener, server, [socket])
    }
    guard(socket, (tls, thenEnd = false) => {
      if (thenEnd)
        server.once('secureConnection', (secure: Socket) => {
          if (portsOf(secure) === ports) secure.destroy()
        })
      if (tls === undefined) go()
      else withTls(tls, go)
    })
  })
}

export const portOf = (server: Pick<Server, 'address'>): number => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function respond(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
  try {
    if (ending.has(request.socket)) return void request.socket.destroy()
    const answer = await handler(await read(request))
    if (response.destroyed) return
    if (answer.send) return await answer.send(response, bytesOf(answer.body ?? ''))
    const body = answer.body ?? ''
    const headers = { ...answer.headers, ...(answer.type ? { 'content-type': answer.type } : {}) }
    const isWhole = typeof body === 'string' || Buffer.isBuffer(body)
    const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && !isWhole
    response.writeHead(
      answer.status,
      gzip ? { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' } : headers,
    )
    if (isWhole) response.end(request.method === 'HEAD' ? '' : body)
    else if (gzip) await pipeline(Readable.from(chunked(body)), createGzip({ level: 1 }), response)
    else await pipeline(Readable.from(chunked(body)), response)
  } catch (error) {
    if (response.headersSent || response.destroyed) return void response.destroy()
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    response.writeHead(500, { 'content-type': 'text/plain' }).end('Simulator fault: see its standard error')
  }
}

/** TCP connections below the servers that have a guard, by their ports: one within TLS cannot be reset itself. */
const sockets = new Map<string, Socket>()

const portsOf = (socket: Socket): string => `${socket.localPort}:${socket.remotePort}`

/** Ends a connection with RST, without a word. */
export const reset = (socket: Socket | null): void => {
  if (socket) (sockets.get(portsOf(socket)) ?? socket).resetAndDestroy()
}

/** Connections that end when the next request comes on them. */
const ending = new WeakSet<Socket>()

export const bytesOf = (body: NonNullable<Answer['body']>): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : [...body].join(''))

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
    endNext: () => void ending.add(request.socket),
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
