import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { parameter } from './form-routes.ts'
import type { PagesDeps } from './pages-deps.ts'

const MOST_BYTES = 256 * 1024
const STATUS = { stored: 200, unknown: 404, busy: 503 } as const

/**
 * Where utilities post their notifications: any content type, the body as bytes. The answer says only whether the
 * address is one of ours; it is the same for every body. GET is how some utilities try the address.
 */
export async function notificationRoutes(app: FastifyInstance, { notify }: PagesDeps): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) => {
    done(null, body)
  })

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const outcome = await notify(parameter(request, 'key') ?? '', body)
    if (outcome === 'busy') reply.header('retry-after', '60')
    return reply.code(STATUS[outcome]).type('text/plain; charset=utf-8').send('')
  }
  app.route({
    method: ['GET', 'POST'],
    url: '/notifications/:key',
    bodyLimit: MOST_BYTES,
    exposeHeadRoute: false,
    handler: answer,
  })
}
