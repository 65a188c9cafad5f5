import fastifyCookie from '@fastify/cookie'
import fastifyFormbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'

import { openRateLimiter } from '../api/rate-limiter.ts'
import { openPageTools } from '../pages/page-tools.ts'
import { securityHeaders } from '../pages/security-headers.ts'
import { authorizeRoutes } from './authorize-routes.ts'
import { consentRoutes } from './consent-routes.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import { resourceRoutes } from './resource-routes.ts'
import { tokenRoutes } from './token-routes.ts'

const FORM_BYTES = 16 * 1024

/**
 * Mounts the Green Button face (docs/green-button-server.md): we are a data custodian to whoever our customers let in. Pages, token
 * endpoint and resources are scopes of their own.
 */
export async function registerCustodian(app: FastifyInstance, deps: CustodianDeps): Promise<void> {
  await app.register(async (pages) => {
    const headers = securityHeaders(deps.config.publicUrl)
    pages.addHook('onRequest', async (_request, reply) => {
      reply.headers(headers)
    })
    await pages.register(fastifyCookie)
    pages.removeAllContentTypeParsers()
    await pages.register(fastifyFormbody, { bodyLimit: FORM_BYTES })
    const paged = { ...deps, tools: openPageTools(deps) }
    authorizeRoutes(pages, paged)
    consentRoutes(pages, paged)
  })
  const limiter = openRateLimiter(deps.rateLimit, deps.now, 'client')
  await app.register((inner) => tokenRoutes(inner, deps, limiter))
  await app.register((inner) => resourceRoutes(inner, deps, limiter))
}
