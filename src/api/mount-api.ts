import { Readable } from 'node:stream'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Credential } from '../accounts/api-tokens.ts'
import type { Scope } from '../model/roles.ts'
import { AWAY_SECONDS, isDatabaseAway } from '../storage/database-away.ts'
import { UnknownCursor } from '../storage/list-page.ts'
import { ApiError, invalidParam, notFound } from './api-error.ts'
import { encodeAnswer } from './encode-answer.ts'
import type { ApiDeps, Call, Endpoint } from './endpoint.ts'
import { findToken } from './find-token.ts'
import { parseBody } from './parse-body.ts'

/** One version of the API: where it is, what it has, and how it speaks where versions differ. */
export type ApiVersion<Deps extends ApiDeps> = {
  prefix: string
  isNative: boolean
  endpoints: readonly Endpoint<Deps>[]
  deps: Deps
  /** Paths that need no token. */
  open: Record<string, (reply: FastifyReply) => unknown>
  /** Called with each request before anything else. */
  begin(request: FastifyRequest, reply: FastifyReply): void
  sendError(error: ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply
  /** Called with each authenticated request before its scope is judged. */
  count(caller: Credential, header: (name: string, value: string) => void): void
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
      api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
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
      const { companyUid, memberUid, role, scopes } = await authenticate(request, deps)
      const header = (name: string, value: string): void => void reply.header(name, value)
      version.count({ companyUid, memberUid, role, scopes }, header)
      requireScope(endpoint.scope, scopes, header)
      const call = {
        deps,
        prefix,
        isNative: version.isNative,
        ...{ companyUid, memberUid, role, scopes },
        query: request.query,
        body: parseBody(request.body, {
          contentEncoding: request.headers['content-encoding'],
          isStrict: version.isNative,
        }),
        params: request.params,
        header,
      }
      const answer = await version.run(endpoint, call, request, reply)
      if (!(answer instanceof Readable)) return answer
      const mediaType = String(reply.getHeader('content-type') ?? '')
      return encodeAnswer(answer, { mediaType, accepted: request.headers['accept-encoding'] ?? '', header })
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

async function authenticate(request: FastifyRequest, deps: ApiDeps): Promise<Credential> {
  const token = findToken(request.raw, request.query)
  const found = token === null ? null : await deps.authenticate(token)
  if (found && !('refused' in found)) return found
  throw new ApiError('unauthorized', found ? REFUSED[found.refused] : 'A valid access token is required.')
}

/** Only who holds the whole token is told what became of it. */
const REFUSED = { expired: 'The access token has expired.', revoked: 'The access token was revoked.' }

/** RFC 6750, 3.1. Before anything is looked up, so that a refusal tells nothing of what is there. */
function requireScope(scope: Scope, scopes: readonly Scope[], header: (name: string, value: string) => void): void {
  if (scopes.includes(scope)) return
  header('www-authenticate', `Bearer error="insufficient_scope", scope="${scope}"`)
  throw new ApiError(
    'insufficient_scope',
    `This needs a token with the scope "${scope}", and a member who may have it.`,
  )
}

async function answerError<Deps extends ApiDeps>(
  version: ApiVersion<Deps>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answer = toApiError(error)
  if (answer.code === 'server_error') request.log.error(faultOf(error), 'an API request failed')
  if (answer.code === 'unavailable') {
    request.log.warn(faultOf(error), 'the database is away')
    reply.header('retry-after', AWAY_SECONDS)
  }
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
  if (isDatabaseAway(error))
    return new ApiError('unavailable', 'The service is restarting. Try again in some seconds.', { cause: error })
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return new ApiError('payload_too_large', `A body has at most ${BODY_LIMIT} bytes.`)
  if (status === 415) return new ApiError('unsupported_media_type', 'The body must be JSON.')
  if (status === 400) return new ApiError('invalid_param', 'The request cannot be read.')
  return new ApiError('server_error', 'Something failed on our side. Try again later.', { cause: error })
}
