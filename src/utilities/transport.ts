import { Agent, type Dispatcher } from 'undici'

import { assertNoTransaction } from '../storage/db.ts'
import { allowedResource } from './allowed.ts'
import { type Answer, judgeAnswer } from './answers.ts'
import type { Utility } from './contract.ts'
import { ClientRejected, ForeignAddress, TokenRefused, UtilityUnavailable } from './errors.ts'
import { type BodyLimits, readBody } from './inflate.ts'
import { BadRegistration, type Registration } from './registration.ts'

export type FetchLimits = BodyLimits & {
  connectMs: number
  headersMs: number
  /** Longest pause inside a body. */
  idleMs: number
  totalMs: number
}

export type GetOptions = { signal?: AbortSignal; accept?: string }

/** The only way to a utility: one connection pool with its certificate, its limits and its list of addresses. */
export type Transport = {
  /** The address parsed when it belongs to the utility's resources, else null. */
  allowed(url: string): URL | null
  /** Fetches a resource with a bearer token. Throws ForeignAddress before a token leaves, else as judgeAnswer. */
  get(url: string, token: string, options?: GetOptions): Promise<Answer>
  /** Deletes a resource. Throws TokenRefused on 401 and 403; any other answer as it came. */
  delete(url: string, token: string, options?: GetOptions): Promise<Answer>
  /** Posts to the token endpoint; the answer as it came. */
  post(url: string, request: { headers: Record<string, string>; body: string; signal?: AbortSignal }): Promise<Answer>
  close(): Promise<void>
}

export const FETCH_LIMITS: FetchLimits = {
  connectMs: 10_000,
  headersMs: 60_000,
  idleMs: 30_000,
  totalMs: 300_000,
  wireBytes: 67_108_864,
  inflatedBytes: 536_870_912,
  ratio: 200,
}

/** Shorter than a refresh lease, so that no two processes ever refresh at once. */
const TOKEN_MS = 60_000
/** A token answer is a few hundred bytes; anything far larger is not one. */
const TOKEN_BYTES = 65_536
const FEED = 'application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1'

type Deps = { fetchLimits?: Partial<FetchLimits>; now?: () => Date }
type Outgoing = {
  method: 'GET' | 'POST' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal | undefined
}

/**
 * Opens the way to a utility under one registration: mutual TLS where the profile has it, limits on every phase, gzip
 * inflated under a cap, redirects never followed. Throws BadRegistration when the certificate is missing.
 */
export function openTransport(utility: Utility, registration: Registration, deps: Deps = {}): Transport {
  const limits = { ...FETCH_LIMITS, ...deps.fetchLimits }
  const now = deps.now ?? (() => new Date())
  const agent = openAgent(utility, registration, limits)
  const { addresses } = registration

  const resource = (method: 'GET' | 'DELETE', text: string, headers: Record<string, string>, signal?: AbortSignal) => {
    const url = allowedResource(addresses, text)
    if (!url) throw new ForeignAddress()
    return exchange(agent, { method, url, headers, signal }, limits)
  }

  return {
    allowed: (url) => allowedResource(addresses, url),
    async get(url, token, { signal, accept = FEED } = {}) {
      return judgeAnswer(await resource('GET', url, { authorization: `Bearer ${token}`, accept }, signal), now())
    },
    async delete(url, token, { signal, accept = FEED } = {}) {
      const answer = await resource('DELETE', url, { authorization: `Bearer ${token}`, accept }, signal)
      if (answer.status === 401 || answer.status === 403) throw new TokenRefused(answer.status)
      return answer
    },
    async post(text, { headers, body, signal }) {
      const url = new URL(text)
      const endpoint = new URL(addresses.tokenEndpoint)
      if (url.origin !== endpoint.origin || url.pathname !== endpoint.pathname) throw new ForeignAddress()
      const small = {
        ...limits,
        totalMs: Math.min(limits.totalMs, TOKEN_MS),
        wireBytes: TOKEN_BYTES,
        inflatedBytes: TOKEN_BYTES,
      }
      return await exchange(agent, { method: 'POST', url, headers, body, signal }, small)
    },
    async close() {
      await agent.close()
    },
  }
}

function openAgent(utility: Utility, registration: Registration, limits: FetchLimits): Agent {
  const { certificate, key, ca, environment } = registration
  const mutual = utility.oauth.mutualTls !== 'none'
  if (mutual && (certificate === null || key === null)) {
    throw new BadRegistration(`registration ${registration.registrationUid}: ${utility.id} wants a client certificate`)
  }
  return new Agent({
    connect: {
      timeout: limits.connectMs,
      ...(mutual && certificate !== null && key !== null ? { cert: certificate, key } : {}),
      ...(ca !== null && environment !== 'production' ? { ca } : {}),
    },
    allowH2: false,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
    keepAliveTimeout: 4000,
    maxHeaderSize: 32_768,
  })
}

async function exchange(agent: Agent, outgoing: Outgoing, limits: FetchLimits): Promise<Answer> {
  assertNoTransaction()
  const { method, url, signal } = outgoing
  const deadline = AbortSignal.timeout(limits.totalMs)
  const options: Dispatcher.RequestOptions = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { 'user-agent': 'green-button-proxy', ...outgoing.headers, 'accept-encoding': 'gzip' },
    body: outgoing.body ?? null,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  }
  try {
    const { statusCode, headers, body } = await agent.request(options)
    const plain = textHeaders(headers)
    return { status: statusCode, headers: plain, bytes: await readBody(body, plain['content-encoding'], limits) }
  } catch (error) {
    if (signal?.aborted) throw error
    throw networkError(error)
  }
}

function textHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

/** Codes after which nothing can have reached the utility. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

function networkError(error: unknown): Error {
  if (error instanceof UtilityUnavailable) return error
  const code = codeOf(error)
  if (/ALERT/.test(code) && /CERT|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return new ClientRejected('certificate_refused', { cause: error })
  }
  return new UtilityUnavailable('network', { cause: error, outcomeUnknown: !NEVER_SENT.test(code) })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? '' : codeOf(error.cause)
}
