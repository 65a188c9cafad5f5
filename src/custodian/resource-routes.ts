import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { ApiError } from '../api/api-error.ts'
import { encodeAnswer } from '../api/encode-answer.ts'
import type { RateLimiter } from '../api/rate-limiter.ts'
import { momentOf } from '../api/render/espi-feed.ts'
import { streamOf } from '../api/stream-of.ts'
import { writeFeed } from '../espi/write/write-feed.ts'
import { queryOf } from '../pages/page-tools.ts'
import { AWAY_SECONDS, isDatabaseAway } from '../storage/database-away.ts'
import { codeOf } from '../storage/db.ts'
import { findBearer } from './bearer.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'
import { answerResource, deleteResource, type ResourceAnswer } from './resources.ts'
import { ResourceError } from './resource-error.ts'
import { readWindow } from './read-window.ts'

const MEDIA_TYPE = 'application/atom+xml'
const WAIT_SECONDS = '60'

/** Everything below the address of resources. Who asks is known before anything of the address is looked at. */
export async function resourceRoutes(app: FastifyInstance, deps: CustodianDeps, limiter: RateLimiter): Promise<void> {
  const { pathname } = new URL(resourceBase(deps))
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  app.route({
    method: ['GET', 'DELETE', 'POST', 'PUT', 'PATCH'],
    url: `${pathname}/*`,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const bearer = await findBearer(deps, request.headers.authorization)
      limiter.count(bearer.clientUid, (name, value) => void reply.header(name, value))
      const parts = partsOf(request, pathname)
      if (request.method === 'DELETE') {
        await deleteResource(deps, bearer, parts)
        return reply.code(200).send()
      }
      if (request.method !== 'GET') throw new ResourceError(405, 'Resources are only read.')
      return await send(
        request,
        reply,
        await answerResource(deps, bearer, { parts, window: readWindow(queryOf(request)) }),
      )
    },
  })

  async function send(request: FastifyRequest, reply: FastifyReply, answer: ResourceAnswer): Promise<FastifyReply> {
    if (answer === 'later') return reply.code(202).header('retry-after', WAIT_SECONDS).send()
    reply.type(`${MEDIA_TYPE}; charset=utf-8`)
    if (answer instanceof Uint8Array) return reply.send(Buffer.from(answer))
    const { side, title, entries } = answer
    const self = `${deps.config.publicUrl}${request.url}`
    const head = {
      id: null,
      title,
      updated: momentOf(deps.now()),
      self: URL.canParse(self) ? new URL(self).href : self,
    }
    const pieces = writeFeed({ ...head, side, edition: 'recent' }, entries)
    const header = (name: string, value: string): void => void reply.header(name, value)
    const accepted = request.headers['accept-encoding'] ?? ''
    return reply.send(encodeAnswer(streamOf(await begun(pieces)), { mediaType: MEDIA_TYPE, accepted, header }))
  }
}

/** What fails before the first piece is an answer, and not a stream that breaks. */
async function begun(pieces: AsyncGenerator<Uint8Array, void, undefined>): Promise<AsyncIterable<Uint8Array>> {
  return joined(await pieces.next(), pieces)
}

async function* joined(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.done === true) return
  yield first.value
  yield* rest
}

/** The parts of the path, decoded. */
function partsOf(request: FastifyRequest, base: string): string[] {
  const [path = ''] = request.url.split('?')
  try {
    return path
      .slice(base.length + 1)
      .split('/')
      .map(decodeURIComponent)
  } catch {
    throw new ResourceError(404, 'There is no such resource.')
  }
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ResourceError) {
    if (error.status === 401) reply.header('www-authenticate', 'Bearer')
    return reply.code(error.status).send({ error: error.message })
  }
  if (error instanceof ApiError) return reply.code(error.status).send({ error: error.message })
  if (isDatabaseAway(error)) {
    request.log.warn({ error: codeOf(error) }, 'the database is away')
    return reply.code(503).header('retry-after', AWAY_SECONDS).send({ error: 'The service is restarting. Try again.' })
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) return reply.code(status).send({ error: 'The request cannot be read.' })
  request.log.error({ error: error instanceof Error ? error.name : typeof error }, 'a resource request failed')
  return reply.code(500).send({ error: 'Something failed on our side.' })
}
