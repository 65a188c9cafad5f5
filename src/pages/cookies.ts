import type { FastifyReply, FastifyRequest } from 'fastify'

/** `flow` binds the customer's path to this browser, `csrf` its forms, `lang` keeps a chosen language. */
export type CookieName = 'flow' | 'csrf' | 'lang'

export type Cookies = {
  read: (request: FastifyRequest, name: CookieName) => string | null
  write: (reply: FastifyReply, name: CookieName, value: string) => void
}

/** A grant waits a day for its confirmation; the flow's cookie lives somewhat longer. The others end with the browser. */
const FLOW_SECONDS = 26 * 60 * 60

/**
 * Our cookies: HttpOnly and SameSite=Lax (they must come along when the utility sends the browser back); with `secure`
 * also Secure and named `__Host-`, so that no other host of the domain can plant them (RFC 6265bis, 4.1.3).
 */
export function openCookies(secure: boolean): Cookies {
  const nameOf = (name: CookieName): string => (secure ? `__Host-gbp-${name}` : `gbp-${name}`)
  return {
    read: (request, name) => request.cookies[nameOf(name)] ?? null,
    write: (reply, name, value) => {
      const age = name === 'flow' ? { maxAge: FLOW_SECONDS } : {}
      reply.setCookie(nameOf(name), value, { path: '/', httpOnly: true, sameSite: 'lax', secure, ...age })
    },
  }
}
