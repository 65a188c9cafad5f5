import { z } from 'zod'

import type { Answer } from '../utilities/answers.ts'
import { isCertificateRefusal, isLimited, isWebPage, retryAfterOf, TRY_LATER } from '../utilities/answers.ts'
import type { OAuth, Utility } from '../utilities/contract.ts'
import { ClientRejected, UtilityUnavailable } from '../utilities/errors.ts'

/** Longest life of an access token that we believe; past it the profile's own value counts. */
const MAX_EXPIRES = 366 * 86_400
/** RFC 6749 section 5.2 and those of section 4.1.2.1 that token endpoints were seen to use. */
const OAUTH_ERRORS = [
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_request',
  'temporarily_unavailable',
  'server_error',
] as const

const printable = z.string().regex(/^[\x21-\x7e]{1,4096}$/)

/** A token answer after repair, as we rely on it. */
export const tokenAnswerSchema = z.object({
  access_token: printable,
  refresh_token: printable.optional(),
  expires_in: z.number().int().min(1).max(MAX_EXPIRES),
  scope: z.string().max(4096).optional(),
  resourceURI: z.string().max(2048).optional(),
  authorizationURI: z.string().max(2048).optional(),
  customerResourceURI: z.string().max(2048).optional(),
})

/**
 * Makes a utility's token answer one that openid-client takes, and nothing more: 201 becomes 200, a missing token_type
 * Bearer, text numbers numbers, the utility's own token field the standard one, an XML or plain error the JSON of RFC
 * 6749. Throws UtilityUnavailable on what is no token answer at all, ClientRejected on a refused certificate.
 */
export function repairTokenAnswer(
  answer: Answer,
  { oauth, answers }: Pick<Utility, 'oauth' | 'answers'>,
  now: Date,
): { status: number; body: string } {
  const { status } = answer
  if (isCertificateRefusal(answer, answers)) throw new ClientRejected('certificate_refused', { status })
  const retryAfter = retryAfterOf(answer.headers['retry-after'], now)
  if (isLimited(answer, answers)) throw new UtilityUnavailable('too_many_requests', { status, retryAfter })
  const json = jsonOf(answer.bytes)
  if (status >= 400) return errorAnswer(answer, json, retryAfter)
  if (status >= 300) throw new UtilityUnavailable('redirected', { status, outcomeUnknown: true })
  if (status > 201 || json === null || isWebPage({ ...answer, headers: {} })) {
    throw new UtilityUnavailable('bad_token_answer', { status, outcomeUnknown: true })
  }
  return { status: 200, body: JSON.stringify(repaired(json, oauth)) }
}

function errorAnswer(
  { status, bytes }: Answer,
  json: Record<string, unknown> | null,
  retryAfter: number | null,
): { status: number; body: string } {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString('utf8')
  const named = json && typeof json['error'] === 'string' ? json['error'] : (/[a-z]+(?:_[a-z]+)+/.exec(text)?.[0] ?? '')
  const error = OAUTH_ERRORS.find((known) => known === named) ?? OAUTH_ERRORS.find((known) => text.includes(known))
  if (error === 'temporarily_unavailable' || error === 'server_error' || status >= 500 || TRY_LATER.has(status)) {
    throw new UtilityUnavailable('server_error', { status, retryAfter, outcomeUnknown: true })
  }
  if (error === undefined) throw new ClientRejected('request_refused', { status })
  return { status: error === 'invalid_client' ? 401 : 400, body: JSON.stringify({ error }) }
}

function repaired(json: Record<string, unknown>, oauth: OAuth): Record<string, unknown> {
  const token = json['access_token'] ?? json[oauth.clientTokenField]
  const optional = Object.fromEntries(
    ['refresh_token', 'scope', 'resourceURI', 'authorizationURI', 'customerResourceURI'].flatMap((name) =>
      typeof json[name] === 'string' && json[name].trim() !== '' ? [[name, json[name].trim()]] : [],
    ),
  )
  const type = json['token_type']
  return {
    access_token: token,
    token_type: typeof type === 'string' && type.trim() !== '' ? type.trim() : 'Bearer',
    expires_in: secondsOf(json['expires_in'], oauth.accessTokenSeconds),
    ...optional,
  }
}

/** A life that makes no sense (negative, absent, thousands of years) is replaced by the one that the profile states. */
function secondsOf(value: unknown, fallback: number): number {
  const seconds = typeof value === 'string' ? Number(value.trim()) : value
  const isLife = typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_EXPIRES
  return isLife ? seconds : fallback
}

function jsonOf(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\uFEFF/, ''),
    )
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
