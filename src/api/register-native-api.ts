import { Readable } from 'node:stream'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { type Answer, answerOnce } from './answer-once.ts'
import { ApiError } from './api-error.ts'
import { clientEndpoints } from './clients.ts'
import type { Call, Endpoint, NativeDeps } from './endpoint.ts'
import { exportEndpoints } from './exports.ts'
import { extendedEndpoints } from './extended-endpoints.ts'
import { memberEndpoints } from './members.ts'
import { mountApi, toApiError } from './mount-api.ts'
import { openPaths } from './open-paths.ts'
import { lineageEndpoints } from './lineage.ts'
import { qualityEndpoints } from './quality.ts'
import { openRateLimiter } from './rate-limiter.ts'
import { renderProblem } from './render/error.ts'
import { requestIdOf } from './request-id.ts'
import { sumEndpoints } from './sums.ts'
import { templateChangeEndpoints } from './template-changes.ts'
import { tokenEndpoints } from './tokens.ts'
import { utilityEndpoints } from './utilities.ts'
import { webhookActionEndpoints } from './webhook-actions.ts'
import { webhookEndpoints } from './webhooks.ts'

const prefix = '/api/v3'

/** Every endpoint of API v3: those of v2, and our own. */
export const nativeEndpoints: readonly Endpoint<NativeDeps>[] = [
  ...extendedEndpoints,
  ...webhookEndpoints,
  ...webhookActionEndpoints,
  ...sumEndpoints,
  ...qualityEndpoints,
  ...lineageEndpoints,
  ...utilityEndpoints,
  ...exportEndpoints,
  ...templateChangeEndpoints,
  ...memberEndpoints,
  ...tokenEndpoints,
  ...clientEndpoints,
]

/**
 * Mounts the API at /api/v3: the objects of v2 over the same tokens, with problem details (RFC 9457), request ids, a limit of
 * requests, idempotency keys, refusal of what is unknown, and what the incumbent's contract has no place for.
 */
export function registerNativeApi(app: FastifyInstance, deps: NativeDeps): void {
  const limiter = openRateLimiter(deps.rateLimit, deps.now)
  mountApi(app, {
    prefix,
    isNative: true,
    endpoints: nativeEndpoints,
    deps,
    open: openPaths({ publicUrl: deps.publicUrl, prefix, endpoints: nativeEndpoints, isNative: true }),
    begin: (request, reply) => void reply.header('x-request-id', requestIdOf(request.headers['x-request-id'])),
    sendError: (error, _request, reply) => sendProblem(reply, problemOf(error, reply, deps)),
    count: ({ companyUid }, header) => limiter.count(companyUid, header),
    async run(endpoint, call, request, reply) {
      const key = request.headers['idempotency-key']
      if (key === undefined || endpoint.method === 'GET') return await runStrictly(endpoint, call)
      return await runOnce(endpoint, call, request, reply)
    },
  })
}

async function runOnce(
  endpoint: Endpoint<NativeDeps>,
  call: Call<NativeDeps>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { deps, companyUid, query, params, body } = call
  const { access_token: _token, ...asked } = query
  const address = JSON.stringify([endpoint.path, params, asked])
  const once = { companyUid, key: request.headers['idempotency-key'], method: endpoint.method, address, body }
  const { status, body: told, isReplay } = await answerOnce(deps, once, async () => await judge(endpoint, call, reply))
  if (isReplay) reply.header('idempotency-replayed', 'true')
  return status === 200 ? told : sendProblem(reply.code(status), told)
}

/** Runs an endpoint; a refusal is an answer too, but what fails on our side is none. */
async function judge(endpoint: Endpoint<NativeDeps>, call: Call<NativeDeps>, reply: FastifyReply): Promise<Answer> {
  try {
    const body = await runStrictly(endpoint, call)
    if (Buffer.isBuffer(body) || body instanceof Readable) throw new Error('only answers in JSON can be kept')
    return { status: 200, body }
  } catch (thrown) {
    const error = toApiError(thrown)
    if (error.status >= 500) throw thrown
    return { status: error.status, body: problemOf(error, reply, call.deps) }
  }
}

async function runStrictly(endpoint: Endpoint<NativeDeps>, call: Call<NativeDeps>) {
  const { access_token: _token, ...query } = call.query
  const unknown = [
    ...Object.keys(query).filter((name) => !Object.hasOwn(endpoint.query.shape, name)),
    ...Object.keys(call.body).filter((name) => !Object.hasOwn(endpoint.body?.shape ?? {}, name)),
  ]
  const [first] = unknown
  if (first === undefined) return await endpoint.run(call)
  const fields = unknown.map((field) => ({ field, message: 'is not known here' }))
  throw new ApiError('unknown_param', `There is no parameter or field "${first}" here.`, { fields })
}

function problemOf(error: ApiError, reply: FastifyReply, { publicUrl }: NativeDeps): Record<string, unknown> {
  return renderProblem(error, { publicUrl, requestId: String(reply.getHeader('x-request-id')) })
}

function sendProblem(reply: FastifyReply, problem: Record<string, unknown>): FastifyReply {
  return reply.type('application/problem+json; charset=utf-8').send(JSON.stringify(problem))
}
