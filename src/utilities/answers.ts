import type { Answers } from './contract.ts'
import { ClientRejected, TokenRefused, UtilityUnavailable } from './errors.ts'

/** An answer as it came, its body inflated. */
export type Answer = { status: number; headers: Record<string, string>; bytes: Uint8Array }

/** What a readable answer says: here are data, a notification will follow, nothing in the window, no such address. */
export type Meaning = 'data' | 'promised' | 'no-data' | 'gone'
export type JudgedAnswer = Answer & { meaning: Meaning }

/** A server that gave up waiting or asks to be asked later: like a 5xx, nobody's fault here. */
export const TRY_LATER: ReadonlySet<number> = new Set([408, 425])

/**
 * Sorts the answer of a resource by who must act, with the profile's own statuses before those of RFC 9110.
 * Throws ClientRejected on a refused certificate and on requests that the utility does not accept, TokenRefused where the
 * token is not taken, UtilityUnavailable on limits, 5xx, redirects and a web page where a feed should be.
 */
export function judgeAnswer(answer: Answer, answers: Answers, now: Date): JudgedAnswer {
  const { status, headers } = answer
  const retryAfter = retryAfterOf(headers['retry-after'], now)
  if (isCertificateRefusal(answer, answers)) throw new ClientRejected('certificate_refused', { status })
  if (isLimited(answer, answers)) throw new UtilityUnavailable('too_many_requests', { status, retryAfter })
  if (answers.tokenRefused.includes(status)) throw new TokenRefused(status)
  const meaning = meaningOf(answer, answers)
  if (meaning !== null) return { ...answer, meaning }
  if (status >= 500 || TRY_LATER.has(status)) throw new UtilityUnavailable('server_error', { status, retryAfter })
  if (status >= 300 && status < 400) throw new UtilityUnavailable('redirected', { status })
  throw new ClientRejected('request_refused', { status })
}

function meaningOf(answer: Answer, answers: Answers): Meaning | null {
  const { status, bytes } = answer
  if (answers.promised.includes(status)) return 'promised'
  if (answers.noData.includes(status)) return 'no-data'
  if (answers.gone.includes(status)) return 'gone'
  if (status < 200 || status > 299) return null
  if (isWebPage(answer)) throw new UtilityUnavailable('page_instead_of_feed', { status })
  return bytes.length === 0 ? 'no-data' : 'data'
}

/** A utility's gateway that takes any certificate in the handshake refuses it in the answer: 400 and a short text. */
export function isCertificateRefusal(
  { status, bytes }: Answer,
  { certificateText }: Pick<Answers, 'certificateText'>,
): boolean {
  if (certificateText === null || (status !== 400 && status !== 403)) return false
  return startOf(bytes).toLowerCase().includes(certificateText.toLowerCase())
}

/** True when a limit of the utility is used up: by the profile's statuses, or its text in a 4xx. */
export function isLimited({ status, bytes }: Answer, { limited, limitText }: Answers): boolean {
  if (limited.includes(status)) return true
  return (
    limitText !== null &&
    status >= 400 &&
    status < 500 &&
    startOf(bytes).toLowerCase().includes(limitText.toLowerCase())
  )
}

/** A maintenance page with status 200, whatever its content type claims; a feed that is called a page is none. */
export function isWebPage({ headers, bytes }: Answer): boolean {
  if (bytes.length === 0) return false
  const start = startOf(bytes).replace(/^\uFEFF/, '')
  if (/^\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)?(<!doctype html|<html[\s>])/i.test(start)) return true
  return /^text\/html\b/i.test(headers['content-type'] ?? '') && !/^\s*<(\?xml\s|(\w+:)?feed[\s>])/.test(start)
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
