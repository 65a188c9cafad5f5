import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import type { UtilityInfo } from './contract.ts'

/** What came over the wire, down to the way it ended: for the tests of the fault modes. */
export type Seen = {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** Code of the error, or "aborted" for a body that broke off. */
  error: string | null
  /** Number of pieces in which the body came. */
  pieces: number
}

export type RawClient = {
  request(
    path: string,
    options: { token?: string; basic?: string; form?: string; headers?: Record<string, string> },
  ): Promise<Seen>
  close(): void
}

/** A plain node:https client with the registered certificate; it gives up on silence after `patienceMs`. */
export const rawClientOf = (utility: UtilityInfo, options: { keepAlive?: boolean; patienceMs?: number } = {}) => {
  const { certificate, key } = utility.registration
  const { keepAlive = false, patienceMs = 10_000 } = options
  const agent = new Agent({
    keepAlive,
    maxSockets: 1,
    ...(utility.ca === null ? {} : { ca: utility.ca }),
    ...(certificate === null || key === null ? {} : { cert: certificate, key }),
  })
  const client: RawClient = {
    close: () => agent.destroy(),
    request: (path, { token, basic, form, headers }) =>
      new Promise((resolve) => {
        const authorization = token === undefined ? `Basic ${basic ?? ''}` : `Bearer ${token}`
        const sent = tlsRequest(`${utility.api}${path}`, {
          agent,
          method: form === undefined ? 'GET' : 'POST',
          timeout: patienceMs,
          headers: {
            authorization,
            ...headers,
            ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
        })
        let failure: string | null = null
        let answered = false
        sent.on('timeout', () => sent.destroy(Object.assign(new Error('silent'), { code: 'silent' })))
        sent.on('error', (error) => {
          failure = codeOf(error)
          if (!answered) resolve({ ...nothing, error: failure })
        })
        sent.on('response', (answer) => {
          answered = true
          void bodyOf(answer).then((seen) =>
            resolve(seen.error === null ? seen : { ...seen, error: failure ?? seen.error }),
          )
        })
        sent.end(form)
      }),
  }
  return client
}

const nothing: Seen = { status: 0, headers: {}, body: Buffer.alloc(0), error: null, pieces: 0 }

const bodyOf = async (answer: IncomingMessage): Promise<Seen> => {
  const chunks: Buffer[] = []
  let error: string | null = null
  try {
    for await (const chunk of answer) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  } catch (problem) {
    error = codeOf(problem)
  }
  const body = Buffer.concat(chunks)
  return { status: answer.statusCode ?? 0, headers: answer.headers, body, error, pieces: chunks.length }
}

const codeOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error)
