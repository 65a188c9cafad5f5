import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { ApiError } from '../api/api-error.ts'
import type { RateLimiter } from '../api/rate-limiter.ts'
import { AWAY_SECONDS, isDatabaseAway } from '../storage/database-away.ts'
import { codeOf } from '../storage/db.ts'
import type { ClientRow } from '../storage/clients.ts'
import { authenticateClient } from './authenticate-client.ts'
import type { CustodianDeps } from './custodian-deps.ts'
import { exchangeCode, issueClientToken, refresh, type TokenAnswer } from './exchange.ts'
import { OAuthError } from './oauth-error.ts'

const MOST_BYTES = 16 * 1024

/** The token endpoint (RFC 6749 section 3.2), with HTTP Basic and nothing else. Bodies are forms of either kind. */
export async function tokenRoutes(app: FastifyInstance, deps: CustodianDeps, limiter: RateLimiter): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  for (const url of ['/DataCustodian/oauth/token', '/DataCustodian/:utility/oauth/token'])
    app.route({
      method: 'POST',
      url,
      bodyLimit: MOST_BYTES,
      handler: async (request, reply) => {
        const client = await authenticateClient(deps, request.headers.authorization)
        limiter.count(client.clientUid, (name, value) => void reply.header(name, value))
        return await answer(deps, client, await readForm(request))
      },
    })
}

type Fields = ReadonlyMap<string, string>

async function answer(deps: CustodianDeps, client: ClientRow, fields: Fields): Promise<TokenAnswer> {
  if (fields.has('client_id') || fields.has('client_secret'))
    throw new OAuthError('invalid_request', 'A client is known by HTTP Basic alone.')
  switch (fields.get('grant_type')) {
    case 'authorization_code':
      return await exchangeCode(deps, client, {
        code: required(fields, 'code'),
        redirectUri: fields.get('redirect_uri') ?? null,
        verifier: fields.get('code_verifier') ?? null,
      })
    case 'refresh_token':
      return await refresh(deps, client, {
        token: required(fields, 'refresh_token'),
        scope: fields.get('scope') ?? null,
      })
    case 'client_credentials':
      return await issueClientToken(deps, client)
    case undefined:
      throw new OAuthError('invalid_request', 'grant_type is required.')
    default:
      throw new OAuthError(
        'unsupported_grant_type',
        'grant_type is authorization_code, refresh_token or client_credentials.',
      )
  }
}

function required(fields: Fields, name: string): string {
  const value = fields.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is required.`)
  return value
}

/** Fields of a urlencoded or multipart form; what is empty counts as left out, what comes twice is refused (section 3.2). */
async function readForm({ body, headers }: FastifyRequest): Promise<Fields> {
  const type = headers['content-type'] ?? ''
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const entries = await readEntries(type, bytes)
  const fields = new Map<string, string>()
  for (const [name, value] of entries) {
    if (value === '') continue
    if (fields.has(name)) throw new OAuthError('invalid_request', `${name.slice(0, 40)} is given twice.`)
    fields.set(name, value)
  }
  return fields
}

async function readEntries(type: string, bytes: Buffer): Promise<[string, string][]> {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return [...new URLSearchParams(bytes.toString('utf8'))]
  if (!/^multipart\/form-data\b/i.test(type)) throw new OAuthError('invalid_request', 'The body is to be a form.')
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
    return [...form].map(([name, value]) => [name, typeof value === 'string' ? value : ''])
  } catch {
    throw new OAuthError('invalid_request', 'The body cannot be read as a form.')
  }
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof OAuthError) {
    if (error.status === 401) reply.header('www-authenticate', 'Basic realm="green button"')
    return reply.code(error.status).send({ error: error.code, error_description: error.message })
  }
  // The standard has no code for it here; the status says what to do.
  if (error instanceof ApiError)
    return reply.code(error.status).send({ error: 'temporarily_unavailable', error_description: error.message })
  if (isDatabaseAway(error)) {
    request.log.warn({ error: codeOf(error) }, 'the database is away')
    reply.header('retry-after', AWAY_SECONDS)
    return reply
      .code(503)
      .send({ error: 'temporarily_unavailable', error_description: 'The service is restarting. Try again.' })
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500) return reply.code(status).send({ error: 'invalid_request' })
  request.log.error({ error: error instanceof Error ? error.name : typeof error }, 'a token request failed')
  return reply.code(500).send({ error: 'server_error' })
}
