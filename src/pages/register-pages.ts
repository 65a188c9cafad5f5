import fastifyCookie from '@fastify/cookie'
import fastifyFormbody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { AWAY_SECONDS, isDatabaseAway } from '../storage/database-away.ts'
import { finalRoutes } from './final-routes.ts'
import { formRoutes } from './form-routes.ts'
import { infoRoutes } from './info-routes.ts'
import { notificationRoutes } from './notification-routes.ts'
import { openPageTools, type PageTools } from './page-tools.ts'
import type { PagesDeps } from './pages-deps.ts'
import { problemPage } from './problem-page.ts'
import { receiptRoutes } from './receipt-routes.ts'
import { securityHeaders } from './security-headers.ts'

const FORM_BYTES = 16 * 1024

/**
 * The customer's pages (design, section 2), in a scope of their own: form bodies, cookies, security headers and the pages
 * for errors touch no other route. Also answers whatever address no route has, as a page.
 */
export async function registerPages(app: FastifyInstance, deps: PagesDeps): Promise<void> {
  await app.register(async (scope) => {
    const tools = openPageTools(deps)
    const headers = securityHeaders(deps.config.publicUrl)
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers(headers)
    })
    await scope.register(fastifyCookie)
    scope.removeAllContentTypeParsers()
    await scope.register(fastifyFormbody, { bodyLimit: FORM_BYTES })
    scope.setErrorHandler((error, request, reply) => answerError(error, request, reply, tools))
    scope.setNotFoundHandler((request, reply) => notFound(request, reply, tools))
    formRoutes(scope, deps, tools)
    finalRoutes(scope, deps, tools)
    receiptRoutes(scope, deps, tools)
    infoRoutes(scope, deps, tools)
    await scope.register((inner) => notificationRoutes(inner, deps))
  })
}

/** A page for people, problem details (RFC 9457) for programs: whoever asks for HTML is a person. */
function notFound(request: FastifyRequest, reply: FastifyReply, tools: PageTools): FastifyReply {
  if ((request.headers.accept ?? '').includes('text/html')) {
    return tools.send(reply, problemPage(tools.context(request, '/'), { kind: 'notFound' }), 404)
  }
  return reply.code(404).type('application/problem+json').send({ title: 'Not Found', status: 404 })
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, tools: PageTools): FastifyReply {
  if (isDatabaseAway(error)) return answerAway(error, request, reply, tools)
  const status = statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'page failed')
  const problem =
    status >= 500 ? ({ kind: 'fault', reference: request.id } as const) : ({ kind: 'badRequest' } as const)
  return tools.send(reply, problemPage(tools.context(request, '/'), problem), status)
}

/** The page can be opened anew by its address; of a form that was sent it cannot be said whether it was kept. */
function answerAway(error: unknown, request: FastifyRequest, reply: FastifyReply, tools: PageTools): FastifyReply {
  request.log.warn({ err: error }, 'the database is away')
  // `//host` and `/\host` would lead elsewhere.
  const isOurs = /^\/(?![/\\])/.test(request.url)
  const back = request.method === 'GET' && isOurs ? { back: request.url } : {}
  const page = problemPage(tools.context(request, '/'), { kind: 'away', ...back })
  return tools.send(reply.header('retry-after', AWAY_SECONDS), page, 503)
}

/** 4xx where Fastify refused the request (too large, not a form); everything else is a fault of ours. */
function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 500
  const { statusCode } = error
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500
}
