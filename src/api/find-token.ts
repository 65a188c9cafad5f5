import type { IncomingMessage } from 'node:http'

/**
 * The access token of a request: `Authorization: Bearer`, `X-Api-Key`, or `?access_token=`, in this order. Null when
 * there is none, or when one of them was given more than once: readers before us may have taken the other.
 */
export function findToken(
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  query: unknown,
): string | null {
  if (rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'authorization').length > 1) return null
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const key = headers['x-api-key']
  if (typeof key === 'string' && key !== '') return key
  const given = typeof query === 'object' && query !== null && 'access_token' in query ? query.access_token : null
  return typeof given === 'string' && given !== '' ? given : null
}
