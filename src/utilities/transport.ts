import { Agent, type Dispatcher } from 'undici'

import { assertNoTransaction } from '../storage/db.ts'
import { allowedResource } from './allowed.ts'
import { type Answer, judgeAnswer, type JudgedAnswer } from './answers.ts'
import type { Utility } from './contract.ts'
import { ClientRejected, ForeignAddress, TokenRefused, UtilityUnavailable } from './errors.ts'
import { type BodyLimits, inflateStart, inflateWhole, readWire, type WireBody } from './inflate.ts'
import { BadRegistration, type Registration } from './registration.ts'

export type FetchLimits = BodyLimits & {
  /** Until the connection stands, its TLS handshake included. */
  connectMs: number
  headersMs: number
  /** Longest pause inside a body. */
  idleMs: number
  totalMs: number
}

/** whenBig: as readWire has it. */
export type GetOptions = { signal?: AbortSignal; accept?: string; whenBig?: () => Promise<void> }

/** An answer whose body is still as it came over the wire; of what it says, `bytes` are the beginning. */
export type Download = JudgedAnswer & { body: WireBody }

/** The only way to a utility: one connection pool with its certificate, its limits and its list of addresses. */
export type Transport = {
  /** The address parsed when it belongs to the utility's resources, else null. */
  allowed(url: string): URL | null
  /** Fetches a resource with a bearer token. Throws ForeignAddress before a token leaves, else as judgeAnswer. */
  get(url: string, token: string, options?: GetOptions): Promise<JudgedAnswer>
  /** The same for what may be large: the body is not inflated. */
  download(url: string, token: string, options?: GetOptions): Promise<Download>
  /** Deletes a resource. Throws TokenRefused on 401 and 403; any other answer as it came. */
  delete(url: string, token: string, options?: GetOptions): Promise<Answer>
  /** Posts to the token endpoint; the answer as it came. */
  post(url: string, request: { headers: Record<string, string>; body: string; signal?: AbortSignal }): Promise<Answer>
  /** Opens the authorize endpoint as a browser would, without following its redirect; the answer as it came. */
  visit(url: string): Promise<Answer>
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
const SMALL_MS = 60_000
/** A token answer is a few hundred bytes; anything far larger is not one. */
const SMALL_BYTES = 65_536
const OUR_NAME = 'green-button-proxy'
const FEED = 'application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1'

type Deps = { fetchLimits?: Partial<FetchLimits>; now?: () => Date }
type Outgoing = {
  method: 'GET' | 'POST' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal | undefined
  whenBig?: () => Promise<void>
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
  const own: Record<string, string> = { 'user-agent': utility.tls.userAgent ?? OUR_NAME }
  const small = {
    ...limits,
    totalMs: Math.min(limits.totalMs, SMALL_MS),
    wireBytes: SMALL_BYTES,
    inflatedBytes: SMALL_BYTES,
  }

  const resource = (
    method: 'GET' | 'DELETE',
    text: string,
    outgoing: Pick<Outgoing, 'headers' | 'signal' | 'whenBig'>,
  ) => {
    const url = allowedResource(addresses, text)
    if (!url) throw new ForeignAddress()
    return exchange(agent, { ...outgoing, method, url, headers: { ...own, ...outgoing.headers } }, limits)
  }

  const getResource = (url: string, token: string, { accept = FEED, ...options }: GetOptions = {}) =>
    resource('GET', url, { ...options, headers: { authorization: `Bearer ${token}`, accept } })

  return {
    allowed: (url) => allowedResource(addresses, url),
    async get(url, token, options) {
      return judgeAnswer(await whole(await getResource(url, token, options)), utility.answers, now())
    },
    async download(url, token, options) {
      const { body, ...answer } = await getResource(url, token, options)
      return { ...judgeAnswer({ ...answer, bytes: await inflateStart(body) }, utility.answers, now()), body }
    },
    async delete(url, token, { signal, accept = FEED } = {}) {
      const headers = { authorization: `Bearer ${token}`, accept }
      const answer = await whole(await resource('DELETE', url, { headers, signal }))
      if (utility.answers.tokenRefused.includes(answer.status)) throw new TokenRefused(answer.status)
      return answer
    },
    async post(text, { headers, body, signal }) {
      const url = endpointUrl(text, addresses.tokenEndpoint)
      return await whole(
        await exchange(agent, { method: 'POST', url, headers: { ...own, ...headers }, body, signal }, small),
      )
    },
    async visit(text) {
      const url = endpointUrl(text, addresses.authorizationEndpoint)
      return await whole(await exchange(agent, { method: 'GET', url, headers: { ...own, accept: 'text/html' } }, small))
    },
    async close() {
      await agent.close()
    },
  }
}

/** The address parsed, when it is this endpoint and at most its query differs. */
function endpointUrl(text: string, endpoint: string): URL {
  const url = new URL(text)
  const { origin, pathname } = new URL(endpoint)
  if (url.origin !== origin || url.pathname !== pathname || url.username !== '') throw new ForeignAddress()
  return url
}

function openAgent(utility: Utility, registration: Registration, limits: FetchLimits): Agent {
  const { certificate, key, ca, environment } = registration
  const wanted = utility.tls.clientCertificate
  const pair = wanted === 'none' || certificate === null || key === null ? null : { cert: certificate, key }
  if (pair === null && wanted !== 'none' && wanted !== 'optional') {
    throw new BadRegistration(`registration ${registration.registrationUid}: ${utility.id} wants a client certificate`)
  }
  return new Agent({
    connect: {
      timeout: limits.connectMs,
      // Stated, since the environment (NODE_TLS_REJECT_UNAUTHORIZED, --tls-min-v1.0) could weaken what is not.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...pair,
      ...(ca !== null && environment !== 'production' ? { ca } : {}),
    },
    allowH2: false,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
    keepAliveTimeout: 4000,
    maxHeaderSize: 32_768,
  })
}

type WireAnswer = Omit<Answer, 'bytes'> & { body: WireBody }

async function whole({ body, ...answer }: WireAnswer): Promise<Answer> {
  return { ...answer, bytes: await inflateWhole(body) }
}

async function exchange(agent: Agent, outgoing: Outgoing, limits: FetchLimits): Promise<WireAnswer> {
  assertNoTransaction()
  const { method, url, signal, whenBig } = outgoing
  const deadline = AbortSignal.timeout(limits.totalMs)
  const options: Dispatcher.RequestOptions = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { ...outgoing.headers, 'accept-encoding': 'gzip' },
    body: outgoing.body ?? null,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  }
  try {
    const { statusCode, headers, body } = await agent.request(options)
    const plain = textHeaders(headers)
    const wire = await readWire(body, plain['content-encoding'], { limits, whenBig })
    return { status: statusCode, headers: plain, body: wire }
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
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)/
/** The server is not who it has to be, or speaks a TLS that is too old: nothing was sent. */
const NOT_TRUSTED =
  /^(ERR_TLS_|ERR_SSL_(?:UNSUPPORTED|TLSV1_ALERT_PROTOCOL|WRONG_VERSION)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

function networkError(error: unknown): Error {
  if (error instanceof UtilityUnavailable) return error
  const code = codeOf(error)
  if (/ALERT/.test(code) && /CERT|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return new ClientRejected('certificate_refused', { cause: error })
  }
  if (NOT_TRUSTED.test(code)) return new UtilityUnavailable('server_not_trusted', { cause: error })
  return new UtilityUnavailable('network', { cause: error, outcomeUnknown: !NEVER_SENT.test(code) })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? '' : codeOf(error.cause)
}
