import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Cookies } from './cookies.ts'

/**
 * Protection against forms that other sites post in the customer's name: a random secret in a cookie, and in each form a
 * token made of that secret and of what the form is about. Needs no store and no key of the server. On top of it the
 * browser's own word on where the request comes from (Fetch Metadata; Origin is `null` under our referrer policy).
 */
export type FormGuard = {
  /** The token of a form; sets the cookie on the first visit. */
  token: (request: FastifyRequest, reply: FastifyReply, subject: string) => string
  /** Whether a posted form is ours, from this browser, and about this subject. */
  accepts: (request: FastifyRequest, subject: string, token: string) => boolean
}

export function openFormGuard(cookies: Cookies, publicUrl: string): FormGuard {
  const origin = new URL(publicUrl).origin
  return {
    token: (request, reply, subject) => {
      const present = cookies.read(request, 'csrf')
      if (present !== null && isSecret(present)) return sign(present, subject)
      const secret = randomBytes(24).toString('base64url')
      cookies.write(reply, 'csrf', secret)
      return sign(secret, subject)
    },
    accepts: (request, subject, token) => {
      const secret = cookies.read(request, 'csrf')
      if (secret === null || !isSecret(secret) || !isSameOrigin(request, origin)) return false
      return isEqual(sign(secret, subject), token)
    },
  }
}

const isSecret = (text: string): boolean => /^[\w-]{32}$/.test(text)

function sign(secret: string, subject: string): string {
  return createHmac('sha256', secret).update(subject).digest('base64url')
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** `none` is the customer's own doing, such as loading the answer of a form anew. */
function isSameOrigin({ headers }: FastifyRequest, origin: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return headers.origin === undefined || headers.origin === 'null' || headers.origin === origin
}
