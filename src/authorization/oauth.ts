import { createHash } from 'node:crypto'

import * as client from 'openid-client'

import type { DataClass } from '../model/authorization-states.ts'
import type { Connection } from '../utilities/connections.ts'
import type { OAuth } from '../utilities/contract.ts'
import { AuthorizationRevoked, ClientRejected, ForeignAddress, UtilityUnavailable } from '../utilities/errors.ts'
import { writeEspiScope } from './espi-scope.ts'
import { repairTokenAnswer, tokenAnswerSchema } from './token-answer.ts'

/** What a utility grants: tokens, the scope it names, and the addresses of the grant, all on the utility's own ground. */
export type TokenGrant = {
  accessToken: string
  refreshToken: string | null
  expiresIn: number
  scope: string | null
  subscriptionUri: string | null
  authorizationUri: string | null
  customerUri: string | null
}

/** The transport's own limits are shorter; this one only stands behind them. */
const TIMEOUT_SECONDS = 120

export type Asked = {
  redirectUri: string
  state: string
  codeVerifier: string | null
  dataClasses: readonly DataClass[]
  historyMonths: number
  ends: Date
  now: Date
}

/** The scope that the authorize request asks for, by profile; '' where the utility takes none. */
export function scopeToAsk(
  { utility, registration }: Pick<Connection, 'utility' | 'registration'>,
  asked: Pick<Asked, 'dataClasses' | 'historyMonths' | 'ends' | 'now'>,
): string {
  const { requestScope } = utility.oauth
  if (requestScope.kind === 'none') return ''
  if (requestScope.kind === 'fixed') return requestScope.scope
  if (requestScope.kind === 'espi') {
    return writeEspiScope(requestScope, {
      dataClasses: asked.dataClasses,
      historyMonths: asked.historyMonths,
      ongoingMs: asked.ends.getTime() - asked.now.getTime(),
      bulkId: registration.bulkId,
    })
  }
  // The customer stays free to end earlier at the utility: the least that we need is one day.
  const seconds = (moment: number): number => Math.floor(moment / 1000)
  const least = Math.min(asked.now.getTime() + 86_400_000, asked.ends.getTime())
  return `MinAuthEndDate=${seconds(least)};PreferredAuthEndDate=${seconds(asked.ends.getTime()) - 1}`
}

/** Where the customer's browser goes, RFC 6749 section 4.1.1, PKCE S256 where the profile has it. */
export function authorizeUrl(connection: Connection, asked: Asked): string {
  const scope = scopeToAsk(connection, asked)
  const challenge =
    asked.codeVerifier === null ? null : createHash('sha256').update(asked.codeVerifier).digest('base64url')
  const parameters = {
    redirect_uri: asked.redirectUri,
    response_type: 'code',
    state: asked.state,
    ...(scope === '' ? {} : { scope }),
    ...(challenge === null ? {} : { code_challenge: challenge, code_challenge_method: 'S256' }),
  }
  return client.buildAuthorizationUrl(configurationOf(connection, asked.now), parameters).href
}

/** Exchanges a code, once. Throws AuthorizationRevoked `invalid_grant` when the utility refuses the code. */
export async function exchangeCode(
  connection: Connection,
  asked: { code: string; redirectUri: string; codeVerifier: string | null; now: Date },
): Promise<TokenGrant> {
  return await judged(connection, async () =>
    client.genericGrantRequest(configurationOf(connection, asked.now), 'authorization_code', {
      code: asked.code,
      redirect_uri: asked.redirectUri,
      ...(asked.codeVerifier === null ? {} : { code_verifier: asked.codeVerifier }),
    }),
  )
}

/** A new pair. Throws AuthorizationRevoked `invalid_grant` when the refresh token is no longer taken. */
export async function refreshGrant(
  connection: Connection,
  refresh: { refreshToken: string; scopes: { granted: string | null; asked: string | null }; now: Date },
): Promise<TokenGrant> {
  const { refreshScope } = connection.utility.oauth
  const scope = refreshScope === 'none' ? null : refresh.scopes[refreshScope]
  return await judged(connection, async () =>
    client.refreshTokenGrant(
      configurationOf(connection, refresh.now),
      refresh.refreshToken,
      scope === null || scope === '' ? {} : { scope },
    ),
  )
}

/** A token of our own, for metadata, bulk files and revocation. */
export async function clientCredentials(
  connection: Connection,
  now: Date,
): Promise<{ token: string; expiresIn: number }> {
  const { clientTokenScope } = connection.utility.oauth
  const grant = await judged(connection, async () =>
    client.clientCredentialsGrant(
      configurationOf(connection, now),
      clientTokenScope === null ? {} : { scope: clientTokenScope },
    ),
  )
  return { token: grant.accessToken, expiresIn: grant.expiresIn }
}

async function judged(connection: Connection, request: () => Promise<object>): Promise<TokenGrant> {
  const answer = tokenAnswerSchema.safeParse(await asOurErrors(request))
  if (!answer.success) throw new UtilityUnavailable('bad_token_answer', { outcomeUnknown: true })
  const { data } = answer
  const own = (address: string | undefined): string | null => {
    if (address === undefined) return null
    const url = connection.transport.allowed(address)
    if (!url) throw new ForeignAddress()
    return url.href
  }
  return {
    accessToken: data.access_token,
    refreshToken: data.refresh_token ?? null,
    expiresIn: data.expires_in,
    scope: data.scope ?? null,
    subscriptionUri: own(data.resourceURI),
    authorizationUri: own(data.authorizationURI),
    customerUri: own(data.customerResourceURI),
  }
}

async function asOurErrors(request: () => Promise<object>): Promise<object> {
  try {
    return await request()
  } catch (error) {
    const ours = findOurs(error)
    if (ours) throw ours
    if (error instanceof client.ResponseBodyError) throw oauthError(error)
    throw new UtilityUnavailable('bad_token_answer', { cause: error, outcomeUnknown: true })
  }
}

function oauthError(error: client.ResponseBodyError): Error {
  if (error.error === 'invalid_grant') return new AuthorizationRevoked('invalid_grant', error)
  return new ClientRejected(error.error, { status: error.status, cause: error })
}

/** Our own errors pass through openid-client, at times as the cause of one of its own. */
function findOurs(error: unknown): Error | null {
  if (error instanceof UtilityUnavailable || error instanceof ClientRejected || error instanceof ForeignAddress)
    return error
  return error instanceof Error && error.cause !== undefined ? findOurs(error.cause) : null
}

function configurationOf(connection: Connection, now: Date): client.Configuration {
  const { utility, registration, transport, admitToken } = connection
  const { authorizationEndpoint, tokenEndpoint } = registration.addresses
  const configuration = new client.Configuration(
    {
      issuer: utility.oauth.issuer ?? new URL(tokenEndpoint).origin,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
    },
    registration.clientId,
    {},
    authenticationOf(connection),
  )
  configuration.timeout = TIMEOUT_SECONDS
  if (`${tokenEndpoint} ${authorizationEndpoint}`.includes('http:')) client.allowInsecureRequests(configuration)
  configuration[client.customFetch] = async (url, { method, headers, body, signal }) => {
    if (method !== 'POST') throw new TypeError('token requests are posts')
    const text = body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : ''
    const request = placed(utility.oauth.parameterPlace, url, text)
    await admitToken()
    const answer = await transport.post(request.url, {
      headers: { ...headers, ...request.headers, accept: 'application/json' },
      body: request.body,
      ...(signal ? { signal } : {}),
    })
    const repaired = repairTokenAnswer(answer, utility, now)
    return new Response(repaired.body, { status: repaired.status, headers: { 'content-type': 'application/json' } })
  }
  return configuration
}

/** The parameters of a token request where this utility wants them. */
function placed(
  place: OAuth['parameterPlace'],
  url: string,
  form: string,
): { url: string; body: string; headers: Record<string, string> } {
  if (place === 'query') return { url: `${url}?${form}`, body: '', headers: {} }
  if (place === 'form') return { url, body: form, headers: {} }
  const camel = [...new URLSearchParams(form)].map(([name, value]) => [
    name.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase()),
    value,
  ])
  const body = JSON.stringify(Object.fromEntries(camel))
  return { url, body, headers: { 'content-type': 'application/json' } }
}

function authenticationOf({ utility, registration }: Connection): client.ClientAuth {
  const { clientId, clientSecret } = registration
  if (utility.oauth.clientAuthentication === 'form') return client.ClientSecretPost(clientSecret)
  if (utility.oauth.clientAuthentication === 'basic') return client.ClientSecretBasic(clientSecret)
  return (_server, _client, _body, headers) => {
    headers.set('authorization', `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`)
  }
}
