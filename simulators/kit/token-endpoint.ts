import { createHash } from 'node:crypto'
import { createToken, findAuthorization, isActive, isOf } from './authorizations.ts'
import type { Fault } from './faults/contract.ts'
import { type Answer, type Incoming, json } from './server.ts'
import type { Authorization } from './state.ts'
import { firstParty, type Party } from './parties.ts'
import { partyNamed, type Utility } from './utility.ts'

/** How one utility's token answers look. */
export type TokenProfile = {
  clientTokenField: 'access_token' | 'client_access_token'
  clientScope: string
  secretInBody: boolean
  test: boolean
  /** Third parties whose request this may be: where certificates are checked, those with the one that was shown. */
  parties: readonly Party[]
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

/** RFC 6749 sections 4.1.3, 4.4 and 6, with the utility's field names; `fault` may refuse the grant or keep the refresh token. */
export const answerToken = (
  utility: Utility,
  incoming: Incoming,
  profile: TokenProfile,
  fault: Fault | null,
): Answer => {
  const parameters = tokenParameters(incoming)
  const grant = parameters.get('grant_type')
  if (!grant) return oauthError(400, 'invalid_request', 'Missing grant_type')
  const party = profile.parties.find((p) => isClient(p, incoming, profile))
  if (!party) return oauthError(401, 'invalid_client', 'Client authentication failed')
  if (grant === 'client_credentials') return clientAnswer(utility, profile, party)
  if (fault?.mode === 'invalid-grant') return oauthError(400, 'invalid_grant', 'Grant is not valid')
  if (grant === 'authorization_code') return codeAnswer(utility, parameters, { profile, party })
  if (grant === 'refresh_token') return refreshAnswer(utility, parameters, { profile, party, fault })
  return oauthError(400, 'unsupported_grant_type')
}

function isClient(party: Party, incoming: Incoming, profile: TokenProfile): boolean {
  const { clientId, clientSecret } = party.registration
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

function clientAnswer(utility: Utility, profile: TokenProfile, party: Party): Answer {
  const seconds = utility.settings.accessTokenSeconds
  const expiresAt = utility.now() + seconds
  const token = createToken(utility, {
    kind: 'client',
    party: party.name,
    authorization: null,
    expiresAt,
    test: profile.test,
  })
  return json(
    200,
    {
      token_type: 'Bearer',
      [profile.clientTokenField]: token,
      expires_in: expiry(utility, seconds),
      scope: profile.clientScope,
    },
    noStore,
  )
}

type Asked = { profile: TokenProfile; party: Party }

function codeAnswer(utility: Utility, parameters: URLSearchParams, { profile, party }: Asked): Answer {
  const text = parameters.get('code') ?? ''
  if (text === '') return oauthError(400, 'invalid_request', 'Missing code')
  const code = Object.hasOwn(utility.state.codes, text) ? utility.state.codes[text] : undefined
  const authorization = findAuthorization(utility, code?.authorization ?? '')
  const isTheirs = authorization !== null && isOf(authorization, party)
  if (!code || !isTheirs || code.used || code.test !== profile.test || code.expiresAt <= utility.now())
    return oauthError(400, 'invalid_grant', 'Invalid authorization code')
  if ((parameters.get('redirect_uri') ?? '') !== code.redirectUri)
    return oauthError(400, 'invalid_grant', 'Invalid redirect URI')
  const verifier = parameters.get('code_verifier') ?? ''
  if (code.challenge && createHash('sha256').update(verifier).digest('base64url') !== code.challenge)
    return oauthError(400, 'invalid_grant', 'Invalid code verifier')
  code.used = true
  if (!isActive(utility, authorization)) return oauthError(400, 'invalid_grant', 'Authorization has ended')
  return grantAnswer(utility, { authorization, profile, refresh: null })
}

function refreshAnswer(
  utility: Utility,
  parameters: URLSearchParams,
  { profile, party, fault }: Asked & { fault: Fault | null },
): Answer {
  const text = parameters.get('refresh_token') ?? ''
  if (text === '') return oauthError(400, 'invalid_request', 'Missing refresh_token')
  const token = Object.hasOwn(utility.state.tokens, text) ? utility.state.tokens[text] : undefined
  const authorization = findAuthorization(utility, token?.authorization ?? '')
  if (
    token?.kind !== 'refresh' ||
    (token.party ?? firstParty) !== party.name ||
    token.expiresAt <= utility.now() ||
    !authorization ||
    !isActive(utility, authorization)
  )
    return oauthError(400, 'invalid_grant', 'Invalid refresh token')
  const rotate = utility.settings.refreshRotation && fault?.mode !== 'rotation-off'
  if (rotate) delete utility.state.tokens[text]
  return grantAnswer(utility, { authorization, profile, refresh: rotate ? null : text })
}

type Grant = { authorization: Authorization; profile: TokenProfile; refresh: string | null }

function grantAnswer(utility: Utility, { authorization, profile, refresh }: Grant): Answer {
  const { accessTokenSeconds, refreshTokenSeconds } = utility.settings
  const make = (kind: 'access' | 'refresh', seconds: number): string =>
    createToken(utility, {
      kind,
      party: partyNamed(utility, authorization.party).name,
      authorization: authorization.id,
      expiresAt: utility.now() + seconds,
      test: profile.test,
    })
  const body = profile.render({
    access: make('access', accessTokenSeconds),
    refresh: refresh ?? make('refresh', refreshTokenSeconds),
    expiresIn: expiry(utility, accessTokenSeconds),
    authorization,
  })
  return json(200, body, noStore)
}

const expiry = (utility: Utility, seconds: number): number | string =>
  utility.settings.expiresInText ? String(seconds) : seconds
