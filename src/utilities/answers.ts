import { ClientRejected, TokenRefused, UtilityUnavailable } from './errors.ts'

/** An answer as it came, its body inflated. */
export type Answer = { status: number; headers: Record<string, string>; bytes: Uint8Array }

/** Answers that a caller has to read: data, "wait for the notification", nothing in the window, gone. */
const READABLE = new Set([200, 202, 204, 404, 410])

/**
 * Sorts the answer of a resource by who must act (utilities.md A10). Returns 200, 202, 204, 404 and 410 as they are.
 * Throws ClientRejected on 400 "Invalid Certificate" and on requests that the utility does not accept, TokenRefused on
 * 401 and 403, UtilityUnavailable on 429, 5xx, redirects and a web page where a feed should be.
 */
export function judgeAnswer(answer: Answer, now: Date): Answer {
  const { status, headers } = answer
  if (status === 200 && isWebPage(answer)) throw new UtilityUnavailable('page_instead_of_feed', { status })
  if (READABLE.has(status) || (status > 200 && status < 300)) return answer
  if (status === 401 || status === 403) throw new TokenRefused(status)
  const retryAfter = retryAfterOf(headers['retry-after'], now)
  if (status === 429) throw new UtilityUnavailable('too_many_requests', { status, retryAfter })
  if (status >= 500) throw new UtilityUnavailable('server_error', { status, retryAfter })
  if (status >= 300 && status < 400) throw new UtilityUnavailable('redirected', { status })
  if (isCertificateRefusal(answer)) throw new ClientRejected('certificate_refused', { status })
  throw new ClientRejected('request_refused', { status })
}

/** The gateway accepts any certificate in the handshake and refuses it in the answer: 400 and the JSON text. */
export function isCertificateRefusal({ status, bytes }: Answer): boolean {
  return (status === 400 || status === 403) && /^\s*"?\s*invalid certificate/i.test(startOf(bytes))
}

/** A maintenance page with status 200, whatever its content type claims. */
export function isWebPage({ headers, bytes }: Answer): boolean {
  if (bytes.length === 0) return false
  const start = startOf(bytes).replace(/^\uFEFF/, '')
  return /^\s*(<!doctype html|<html[\s>])/i.test(start) || /^text\/html\b/i.test(headers['content-type'] ?? '')
}

/** Seconds of a Retry-After header (RFC 9110 section 10.2.3), within a day; null when absent or not understood. */
export function retryAfterOf(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  if (!/^\d{1,9}$|^[A-Z][a-z]{2}/.test(header.trim())) return null
  const seconds = /^\d/.test(header.trim()) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000
  return Number.isFinite(seconds) ? Math.min(86_400, Math.max(0, Math.ceil(seconds))) : null
}

function startOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 256)).toString('utf8')
}
