import { createHash } from 'node:crypto'
import { createToken, findAuthorization, isActive } from './authorizations.ts'
import type { Fault } from './faults.ts'
import { type Answer, type Incoming, json } from './server.ts'
import type { Authorization } from './state.ts'
import type { Utility } from './utility.ts'

/** How one utility's token answers look. */
export type TokenProfile = {
  clientTokenField: 'access_token' | 'client_access_token'
  clientScope: string
  secretInBody: boolean
  test: boolean
  /** The whole answer, in the utility's own order of fields. */
  render(tokens: {
    access: string
    refresh: string
    expiresIn: number | string
    authorization: Authorization
  }): Record<string, string | number>
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

export const oauthError = (status: number, error: string, description?: string): Answer =>
  json(
    status,
    { error, ...(description === undefined ? {} : { error_description: description }) },
    {
      ...noStore,
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="token"' } : {}),
    },
  )

/** Parameters of a token request: form body, or query string with an empty body. */
export const tokenParameters = (incoming: Incoming): URLSearchParams =>
  incoming.form.size > 0 ? incoming.form : incoming.query

/** RFC 6749 sections 4.1.3, 4.4 and 6, with the utility's field names; `fault` bends the answer. */
export const answerToken = (
  utility: Utility,
  incoming: Incoming,
  profile: TokenProfile,
  fault: Fault | null,
): Answer => {
  const parameters = tokenParameters(incoming)
  const grant = parameters.get('grant_type')
  if (!grant) return oauthError(400, 'invalid_request', 'Missing grant_type')
  if (!isClient(utility, incoming, profile)) return oauthError(401, 'invalid_client', 'Client authentication failed')
  if (grant === 'client_credentials') return clientAnswer(utility, profile, fault)
  if (fault?.mode === 'invalid-grant') return oauthError(400, 'invalid_grant', 'Grant is not valid')
  if (grant === 'authorization_code') return codeAnswer(utility, parameters, profile, fault)
  if (grant === 'refresh_token') return refreshAnswer(utility, parameters, profile, fault)
  return oauthError(400, 'unsupported_grant_type')
}

function isClient(utility: Utility, incoming: Incoming, profile: TokenProfile): boolean {
  const { clientId, clientSecret } = utility.registration
  const basic = /^basic\s+(\S+)$/i.exec(incoming.header('authorization'))?.[1]
  if (basic !== undefined) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    return decode(id) === clientId && decode(secret) === clientSecret
  }
  return (
    profile.secretInBody &&
    incoming.form.get('client_id') === clientId &&
    incoming.form.get('client_secret') === clientSecret
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function clientAnswer(utility: Utility, profile: TokenProfile, fault: Fault | null): Answer {
  const seconds = utility.settings.accessTokenSeconds
  const expiresAt = utility.now() + seconds
  const token = createToken(utility, { kind: 'client', authorization: null, expiresAt, test: profile.test })
  return json(
    200,
    {
      token_type: 'Bearer',
      [profile.clientTokenField]: token,
      expires_in: expiry(seconds, fault),
      scope: profile.clientScope,
    },
    noStore,
  )
}

function codeAnswer(utility: Utility, parameters: URLSearchParams, profile: TokenProfile, fault: Fault | null): Answer {
  const text = parameters.get('code') ?? ''
  if (text === '') return oauthError(400, 'invalid_request', 'Missing code')
  const code = Object.hasOwn(utility.state.codes, text) ? utility.state.codes[text] : undefined
  if (!code || code.used || code.test !== profile.test || code.expiresAt <= utility.now())
    return oauthError(400, 'invalid_grant', 'Invalid authorization code')
  if ((parameters.get('redirect_uri') ?? '') !== code.redirectUri)
    return oauthError(400, 'invalid_grant', 'Invalid redirect URI')
  const verifier = parameters.get('code_verifier') ?? ''
  if (code.challenge && createHash('sha256').update(verifier).digest('base64url') !== code.challenge)
    return oauthError(400, 'invalid_grant', 'Invalid code verifier')
  code.used = true
  const authorization = findAuthorization(utility, code.authorization)
  if (!authorization || !isActive(utility, authorization))
    return oauthError(400, 'invalid_grant', 'Authorization has ended')
  return grantAnswer(utility, { authorization, profile, fault, refresh: null })
}

function refreshAnswer(
  utility: Utility,
  parameters: URLSearchParams,
  profile: TokenProfile,
  fault: Fault | null,
): Answer {
  const text = parameters.get('refresh_token') ?? ''
  if (text === '') return oauthError(400, 'invalid_request', 'Missing refresh_token')
  const token = Object.hasOwn(utility.state.tokens, text) ? utility.state.tokens[text] : undefined
  const authorization = findAuthorization(utility, token?.authorization ?? '')
  if (
    token?.kind !== 'refresh' ||
    token.expiresAt <= utility.now() ||
    !authorization ||
    !isActive(utility, authorization)
  )
    return oauthError(400, 'invalid_grant', 'Invalid refresh token')
  const rotate = utility.settings.refreshRotation && fault?.mode !== 'rotation-off'
  if (rotate) delete utility.state.tokens[text]
  return grantAnswer(utility, { authorization, profile, fault, refresh: rotate ? null : text })
}

type Grant = { authorization: Authorization; profile: TokenProfile; fault: Fault | null; refresh: string | null }

function grantAnswer(utility: Utility, { authorization, profile, fault, refresh }: Grant): Answer {
  const { accessTokenSeconds, refreshTokenSeconds } = utility.settings
  const make = (kind: 'access' | 'refresh', seconds: number): string =>
    createToken(utility, {
      kind,
      authorization: authorization.id,
      expiresAt: utility.now() + seconds,
      test: profile.test,
    })
  const body = profile.render({
    access: make('access', accessTokenSeconds),
    refresh: refresh ?? make('refresh', refreshTokenSeconds),
    expiresIn: expiry(accessTokenSeconds, fault),
    authorization,
  })
  return json(200, bend(body, fault), noStore)
}

const expiry = (seconds: number, fault: Fault | null): number | string =>
  fault?.mode === 'string-expires-in' ? String(seconds) : seconds

function bend(body: Record<string, string | number>, fault: Fault | null): Record<string, string | number> {
  const scope = String(body['scope'] ?? '')
  if (fault?.mode === 'narrower-scope') return { ...body, scope: scope.replace(/FB=[\d_]*/, 'FB=1_3_4_5_13_14') }
  if (fault?.mode === 'wider-scope') return { ...body, scope: scope.replace(/FB=([\d_]*)/, 'FB=$1_51_99') }
  if (fault?.mode === 'no-refresh-token')
    return Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'refresh_token'))
  if (fault?.mode === 'foreign-resource-uri')
    return {
      ...body,
      resourceURI: String(body['resourceURI'] ?? '').replace(/^\w+:\/\/[^/]+/, 'https://foreign.example'),
    }
  return body
}
