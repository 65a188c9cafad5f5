import { returnWith } from '../authorization/return-address.ts'
import { findCompany } from '../storage/companies.ts'
import { findClient, type ClientRow } from '../storage/clients.ts'
import { type Asked, readAsked } from './asked-scope.ts'
import type { CustodianDeps } from './custodian-deps.ts'

/** A request that may be shown to the customer. */
export type JudgedRequest = Asked & {
  client: ClientRow
  companyName: string
  redirectUri: string
  isRedirectGiven: boolean
  state: string | null
  codeChallenge: string | null
  /** The id of the utility that the address names; null: any. */
  utility: string | null
}

export type Refusal = 'unknown_client' | 'bad_redirect' | 'bad_request'

export type Judgement = { request: JudgedRequest } | { refused: Refusal } | { redirect: string }

const NAMES = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
]
const LONGEST = 2000

/**
 * Judges an authorize request (RFC 6749 section 4.1.1; RFC 7636). Until client and redirect address are known good, what is wrong is
 * said on a page of ours; afterwards by a redirect (section 4.1.2.1). An address counts only letter by letter.
 */
export async function judgeRequest(
  { db, now, utilityBySlug }: CustodianDeps,
  query: URLSearchParams,
  slug: string | null,
): Promise<Judgement> {
  if (NAMES.some((name) => query.getAll(name).length > 1)) return { refused: 'bad_request' }
  const utility = slug === null ? null : utilityBySlug(slug)
  if (slug !== null && utility === null) return { refused: 'bad_request' }
  const clientId = query.get('client_id') ?? ''
  const found = await db.readOperator(async (tx) => {
    const client = clientId === '' ? null : await findClient(tx, clientId)
    return client && { client, company: await findCompany(tx, client.companyUid) }
  })
  if (!found?.company) return { refused: 'unknown_client' }
  const { client, company } = found
  const given = query.get('redirect_uri')
  const [first, ...others] = client.redirectUris
  const redirectUri = given === null && others.length === 0 ? first : client.redirectUris.find((uri) => uri === given)
  if (redirectUri === undefined) return { refused: 'bad_redirect' }
  const state = query.get('state')
  if (state !== null && state.length > LONGEST) return { refused: 'bad_request' }
  const asked = readAsked(query.get('scope') ?? '', client.dataClasses, now())
  const error = errorOf(query) ?? (asked === null ? 'invalid_scope' : null)
  if (error !== null || asked === null) return { redirect: returnWith(redirectUri, { error, state }) }
  const codeChallenge = query.get('code_challenge')
  const place = { redirectUri, isRedirectGiven: given !== null, state, codeChallenge }
  return { request: { ...asked, client, companyName: company.name, ...place, utility: utility?.id ?? null } }
}

function errorOf(query: URLSearchParams): string | null {
  const type = query.get('response_type')
  if (type === null) return 'invalid_request'
  if (type !== 'code') return 'unsupported_response_type'
  const challenge = query.get('code_challenge')
  const method = query.get('code_challenge_method')
  if (challenge === null) return method === null ? null : 'invalid_request'
  // `plain`, the default, would show the verifier to whoever sees the request.
  return method === 'S256' && /^[A-Za-z0-9_-]{43}$/.test(challenge) ? null : 'invalid_request'
}
