import { randomUUID } from 'node:crypto'

const GIVEN = /^[\w.:+/=@-]{1,128}$/

/** The X-Request-Id of a request: the caller's, where it is harmless, else a new one. */
export function requestIdOf(given: unknown): string {
  return typeof given === 'string' && GIVEN.test(given) ? given : `req_${randomUUID()}`
}
