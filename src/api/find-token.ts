import type { IncomingHttpHeaders } from 'node:http'

/**
 * The access token of a request: `Authorization: Bearer`, `X-Api-Key`, or `?access_token=`, in this order. Null when
 * there is none, or when it was given more than once in the query.
 */
export function findToken(headers: IncomingHttpHeaders, query: unknown): string | null {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const key = headers['x-api-key']
  if (typeof key === 'string' && key !== '') return key
  const given = typeof query === 'object' && query !== null && 'access_token' in query ? query.access_token : null
  return typeof given === 'string' && given !== '' ? given : null
}
