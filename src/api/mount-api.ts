import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Uid } from '../model/uid.ts'
import { UnknownCursor } from '../storage/list-page.ts'
import { ApiError, invalidParam, notFound } from './api-error.ts'
import type { ApiDeps, Call, Endpoint } from './endpoint.ts'
import { findToken } from './find-token.ts'
import { parseBody } from './parse-body.ts'

/** One version of the API: where it is, what it has, and how it speaks where versions differ. */
export type ApiVersion<Deps extends ApiDeps> = {
  prefix: string
  endpoints: readonly Endpoint<Deps>[]
  deps: Deps
  /** Paths that need no token. */
  open: Record<string, (reply: FastifyReply) => unknown>
  /** Called with each request before anything else. */
  begin(request: FastifyRequest, reply: FastifyReply): void
  sendError(error: ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply
  run(endpoint: Endpoint<Deps>, call: Call<Deps>, request: FastifyRequest, reply: FastifyReply): Promise<unknown>
}

const BODY_LIMIT = 256 * 1024
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Mounts a version. The company comes from the token and from nowhere else. Errors of this part of the tree are answered here. */
export function mountApi<Deps extends ApiDeps>(app: FastifyInstance, version: ApiVersion<Deps>): void {
  const { prefix, endpoints, deps } = version
  app.register(
    async (api) => {
      api.removeAllContentTypeParsers()
      api.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
        done(null, body),
      )
      api.addHook('onRequest', async (request, reply) => {
        // Bodies are JSON whatever they claim to be (parse-body.ts); a claim that is no type must not refuse them.
        delete request.headers['content-type']
        reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
        version.begin(request, reply)
      })
      api.setErrorHandler(async (error, request, reply) => await answerError(version, error, request, reply))
      for (const [path, answer] of Object.entries(version.open))
        api.get(path, async (_request, reply) => await answer(reply))
      for (const endpoint of endpoints) mount(api, version, endpoint)
      for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) refuseOtherMethods(api, version, path)
      // A route and not a not-found handler, which would be logged by the rules of the whole server.
      api.route({
        method: [...METHODS, 'OPTIONS'],
        url: '/*',
        handler: async (request) => {
          await authenticate(request, deps)
          throw notFound()
        },
      })
    },
    { prefix, logSerializers: { req: loggedRequest } },
  )
}

function mount<Deps extends ApiDeps>(api: FastifyInstance, version: ApiVersion<Deps>, endpoint: Endpoint<Deps>): void {
  const { deps, prefix } = version
  api.route<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>({
    method: endpoint.method,
    url: endpoint.path,
    bodyLimit: BODY_LIMIT,
    handler: async (request, reply) => {
      const caller = await authenticate(request, deps)
      const call = {
        deps,
        prefix,
        ...caller,
        query: request.query,
        body: parseBody(request.body, request.headers['content-encoding']),
        params: request.params,
        header: (name: string, value: string) => void reply.header(name, value),
      }
      return await version.run(endpoint, call, request, reply)
    },
  })
}

function refuseOtherMethods<Deps extends ApiDeps>(
  api: FastifyInstance,
  { endpoints, deps }: ApiVersion<Deps>,
  path: string,
): void {
  const allowed = endpoints.filter((endpoint) => endpoint.path === path).map(({ method }) => method)
  api.route({
    method: METHODS.filter((method) => !allowed.some((each) => each === method)),
    url: path,
    handler: async (request, reply) => {
      await authenticate(request, deps)
      reply.header('allow', allowed.join(', '))
      throw new ApiError('method_not_allowed', `This address answers to ${allowed.join(', ')}.`)
    },
  })
}

async function authenticate(request: FastifyRequest, deps: ApiDeps): Promise<{ companyUid: Uid; memberUid: Uid }> {
  const token = findToken(request.headers, request.query)
  const caller = token === null ? null : await deps.authenticate(token)
  if (caller) return { companyUid: caller.companyUid, memberUid: caller.memberUid }
  throw new ApiError('unauthorized', 'A valid access token is required.')
}

async function answerError<Deps extends ApiDeps>(
  version: ApiVersion<Deps>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answer = toApiError(error)
  if (answer.code === 'server_error') request.log.error(faultOf(error), 'an API request failed')
  if (answer.code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  return await version.sendError(answer, request, reply.code(answer.status))
}

/** What a log line tells of a request: never its query, where a token may be. */
function loggedRequest(request: FastifyRequest): string {
  return `${request.method} ${request.url.split('?')[0]}`
}

/** What a log line tells of a fault: where it is. Not its message: a database quotes values in it. */
function faultOf(error: unknown): { name: string; code: unknown; at: string[] } {
  if (!(error instanceof Error)) return { name: 'not an error', code: null, at: [] }
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return { name: error.name, code: 'code' in error ? error.code : null, at: at.map((line) => line.trim()).slice(0, 10) }
}

/** Whatever was thrown, as an answer. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof UnknownCursor) return invalidParam('after', 'there is nothing at this place; start again')
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return new ApiError('payload_too_large', `A body has at most ${BODY_LIMIT} bytes.`)
  if (status === 415) return new ApiError('unsupported_media_type', 'The body must be JSON.')
  if (status === 400) return new ApiError('invalid_param', 'The request cannot be read.')
  return new ApiError('server_error', 'Something failed on our side. Try again later.', { cause: error })
}
