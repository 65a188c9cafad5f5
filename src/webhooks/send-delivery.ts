import { Agent, request } from 'undici'

import {
  AddressRefused,
  type AllowedNetworks,
  checkEndpoint,
  guardedLookup,
  type Resolve,
  resolveEndpoint,
} from './address-guard.ts'
import type { Attempt } from './judge-answer.ts'

/** Sends bodies to endpoints; one for the process. */
export type Sender = {
  /** One attempt; never throws for what the endpoint does. */
  send(address: string, body: string, headers: Record<string, string>): Promise<Attempt>
  close(): Promise<void>
}

const CONNECT_MS = 5000
const TOTAL_MS = 15_000
/** So much of an answer is read, and thrown away. */
const ANSWER_LIMIT = 16_384
const HEADERS_LIMIT = 16_384

/**
 * Opens the way out. Redirects are not followed, proxies of the environment not used, and the address of each connection is
 * judged on that connection. totalMs: for one attempt in all.
 */
export function openSender(allowed: AllowedNetworks, lookup: Resolve, totalMs = TOTAL_MS): Sender {
  const agent = new Agent({
    connect: { lookup: guardedLookup(allowed, lookup), timeout: CONNECT_MS },
    maxHeaderSize: HEADERS_LIMIT,
    headersTimeout: totalMs,
    bodyTimeout: totalMs,
    pipelining: 1,
  })
  return {
    async send(address, body, headers) {
      try {
        const url = checkEndpoint(address, allowed)
        await resolveEndpoint(url, allowed, lookup) // a literal address is never looked up by the socket
        const signal = AbortSignal.timeout(totalMs)
        const answer = await request(url, {
          dispatcher: agent,
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'green-button-proxy', ...headers },
          body,
          signal,
        })
        const retryAfter = answer.headers['retry-after']
        await answer.body.dump({ limit: ANSWER_LIMIT, signal })
        return { status: answer.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : null }
      } catch (error) {
        return { status: null, error: codeOf(error) }
      }
    },
    async close() {
      await agent.destroy()
    },
  }
}

/** What the log of an endpoint says: `timed_out`, `not_public`, or the system's own word (`ECONNREFUSED`). */
function codeOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.code
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timed_out'
  if (error.cause instanceof AddressRefused) return error.cause.code
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
