import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Uid } from '../model/uid.ts'
import { UnknownCursor } from '../storage/list-page.ts'
import { ApiError, invalidParam, notFound } from './api-error.ts'
import { authorizationEndpoints } from './authorizations.ts'
import { billEndpoints } from './bills.ts'
import { billingAccountEndpoints } from './billing-accounts.ts'
import { billingSummaryEndpoints } from './billing-summaries.ts'
import { collectionEndpoints } from './collection.ts'
import type { ApiDeps, Endpoint } from './endpoint.ts'
import { eventEndpoints } from './events.ts'
import { fileEndpoints } from './files.ts'
import { findToken } from './find-token.ts'
import { formEndpoints } from './forms.ts'
import { intervalFileEndpoints } from './interval-files.ts'
import { intervalEndpoints } from './intervals.ts'
import { meterEndpoints } from './meters.ts'
import { parseBody } from './parse-body.ts'
import { templateEndpoints } from './templates.ts'

export type { ApiDeps } from './endpoint.ts'

const PREFIX = '/api/v2'
const BODY_LIMIT = 256 * 1024
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Every endpoint of the API, also for the suites that go through all of them. */
export const endpoints: readonly Endpoint[] = [
  ...templateEndpoints,
  ...formEndpoints,
  ...authorizationEndpoints,
  ...collectionEndpoints,
  ...meterEndpoints,
  ...billEndpoints,
  ...intervalEndpoints,
  ...billingAccountEndpoints,
  ...billingSummaryEndpoints,
  ...eventEndpoints,
  ...fileEndpoints,
  ...intervalFileEndpoints,
]

/**
 * Mounts the API at /api/v2: the contract of the incumbent, so that its clients run by changing the base URL. The
 * company comes from the token and from nowhere else. Errors of this part of the tree are answered here, as JSON.
 */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
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
      })
      api.setErrorHandler(async (error, request, reply) => await answerError(error, { request, reply, deps }))
      api.get('/', () => index(deps.publicUrl))
      for (const endpoint of endpoints) mount(api, endpoint, deps)
      for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) refuseOtherMethods(api, path, deps)
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
    { prefix: PREFIX, logSerializers: { req: loggedRequest } },
  )
}

function mount(api: FastifyInstance, endpoint: Endpoint, deps: ApiDeps): void {
  api.route<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>({
    method: endpoint.method,
    url: endpoint.path,
    bodyLimit: BODY_LIMIT,
    handler: async (request, reply) => {
      const caller = await authenticate(request, deps)
      return await endpoint.run({
        deps,
        ...caller,
        query: request.query,
        body: parseBody(request.body, request.headers['content-encoding']),
        params: request.params,
        header: (name, value) => void reply.header(name, value),
      })
    },
  })
}

function refuseOtherMethods(api: FastifyInstance, path: string, deps: ApiDeps): void {
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

async function answerError(
  error: unknown,
  { request, reply, deps }: { request: FastifyRequest; reply: FastifyReply; deps: ApiDeps },
): Promise<FastifyReply> {
  const answer = toApiError(error)
  if (answer.code === 'server_error') request.log.error(faultOf(error), 'an API request failed')
  if (answer.code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  return await reply.code(answer.status).send(answer.toJson(deps.publicUrl))
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

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof UnknownCursor) return invalidParam('after', 'there is nothing at this place; start again')
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return new ApiError('payload_too_large', `A body has at most ${BODY_LIMIT} bytes.`)
  if (status === 415) return new ApiError('unsupported_media_type', 'The body must be JSON.')
  if (status === 400) return new ApiError('invalid_param', 'The request cannot be read.')
  return new ApiError('server_error', 'Something failed on our side. Try again later.', error)
}

function index(publicUrl: string): Record<string, unknown> {
  const paths = [...new Set(endpoints.map(({ path }) => path))].filter((path) => !path.includes(':'))
  return {
    name: 'green-button-proxy',
    version: 'v2',
    docs: `${publicUrl}/docs/api`,
    endpoints: paths.map((path) => `${publicUrl}${PREFIX}${path}`),
  }
}
