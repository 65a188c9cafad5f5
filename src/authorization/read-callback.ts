import type { OAuth } from '../utilities/contract.ts'

/** What a utility sent back, judged: exactly one of `code` and `error` is set. */
export type CallbackAnswer = { code: string; error: null } | { code: null; error: CallbackError }

/** `declined`, `unavailable`: what the utility says. `mix_up`: the answer is another server's. `malformed`: not an answer. */
export type CallbackError = 'declined' | 'unavailable' | 'refused' | 'mix_up' | 'malformed'

const MAX_CODE = 2048

/** The state of an answer; null when it is missing, empty or given twice. */
export function stateOf(query: readonly [string, string][]): string | null {
  return only(query, 'state')
}

/**
 * Judges the rest of the answer (RFC 6749 section 4.1.2, RFC 9207). An error beside a code is an error; names that come
 * twice, and codes with characters that no code has, are no answer.
 */
export function readCallback(oauth: OAuth, query: readonly [string, string][]): CallbackAnswer {
  if (isMixUp(oauth, query)) return { code: null, error: 'mix_up' }
  const errors = valuesOf(query, 'error')
  if (errors.length > 0) return { code: null, error: errorOf(errors) }
  const name = oauth.codeParameters.find((candidate) => valuesOf(query, candidate).length > 0)
  const code = name === undefined ? null : only(query, name)
  if (code === null || code.length > MAX_CODE || !/^[\x20-\x7e]+$/.test(code)) return { code: null, error: 'malformed' }
  return { code, error: null }
}

function isMixUp({ issuer }: OAuth, query: readonly [string, string][]): boolean {
  const issuers = valuesOf(query, 'iss')
  if (issuers.length > 1) return true
  return issuer === null ? false : issuers[0] !== issuer
}

function errorOf(errors: readonly string[]): CallbackError {
  const [error] = errors
  if (errors.length > 1) return 'malformed'
  if (error === 'access_denied') return 'declined'
  return error === 'server_error' || error === 'temporarily_unavailable' ? 'unavailable' : 'refused'
}

function valuesOf(query: readonly [string, string][], name: string): string[] {
  return query.flatMap(([key, value]) => (key === name ? [value] : []))
}

function only(query: readonly [string, string][], name: string): string | null {
  const values = valuesOf(query, name)
  return values.length === 1 ? values[0] || null : null
}
