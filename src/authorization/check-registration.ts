import { parseServiceStatus } from '../espi/parse-batch-list.ts'
import type { Connection } from '../utilities/connections.ts'
import type { Addresses, MetadataToken } from '../utilities/contract.ts'
import { type Finding, missing, ok, warning } from '../utilities/finding.ts'
import { BadRegistration, type Registration, testTwins } from '../utilities/registration.ts'
import { openTransport } from '../utilities/transport.ts'
import { type Step, step } from './check-step.ts'
import { newKey, type Random } from './keys.ts'
import { authorizeUrl, clientCredentials, exchangeCode, refreshGrant, type TokenGrant } from './oauth.ts'

export type CheckDeps = {
  now: () => Date
  random: Random
  /** Our addresses as they have to be registered at the utility. */
  redirectUri: string
  notificationUri: string
}

/** What the conversation needs of a Connection; the registration may be one that is not stored (a rotation on trial). */
export type Tried = Pick<Connection, 'utility' | 'registration' | 'quota' | 'admit' | 'admitToken'>

const LIMITS = { connectMs: 10_000, headersMs: 20_000, totalMs: 30_000 }

/**
 * Speaks with the utility as its own tests want it (PG&E: API connectivity test, then OAuth test), at its test twins where
 * it has them: our token, service status, sample data, a dummy code and its tokens, a refresh, our own entry. Reads only.
 * Returns a finding a step; a step that cannot be tried without an earlier one is left out.
 */
export async function checkRegistration(deps: CheckDeps, tried: Tried): Promise<Finding[]> {
  const twins = testTwins(tried.registration)
  const { addresses } = tried.registration
  const findings = await within(tried, twins ?? addresses, async (connection) => {
    const connectivity = await checkConnectivity(deps, connection)
    return [
      ...connectivity,
      ...(twins === null ? [] : await checkOAuth(deps, connection)),
      ...(await checkEntry(deps, connection)),
    ]
  })
  if (twins === null) {
    const says = `${tried.utility.name} has no test of the customer's path. Share an account of your own before anybody else's.`
    return [...findings, warning('oauth_test', says)]
  }
  if (twins.tokenEndpoint === addresses.tokenEndpoint) return findings
  return [
    ...findings,
    ...(await within(tried, addresses, async (connection) => [await checkProduction(deps, connection)])),
  ]
}

async function within(
  tried: Tried,
  addresses: Addresses,
  work: (connection: Connection) => Promise<Finding[]>,
): Promise<Finding[]> {
  const registration: Registration = { ...tried.registration, addresses }
  let transport
  try {
    transport = openTransport(tried.utility, registration, { fetchLimits: LIMITS })
  } catch (error) {
    if (!(error instanceof BadRegistration)) throw error
    return [missing('connection', `Nothing was asked: ${error.message}.`)]
  }
  try {
    return await work({ ...tried, registration, transport })
  } finally {
    await transport.close()
  }
}

async function checkConnectivity(deps: CheckDeps, connection: Connection): Promise<Finding[]> {
  const { utility, registration } = connection
  const { status, sample } = utility.espi.paths
  const token = await step('client_token', connection, async () => {
    const { token: value } = await clientCredentials(connection, deps.now())
    return { value, finding: ok('client_token', `${utility.name} gives us a token of our own.`) }
  })
  if (token.value === null) return [token.finding]
  const findings = [token.finding]
  const statusToken = tokenOf(utility.espi.metadataTokens.status, { client: token.value, registration })
  if (statusToken !== null) {
    findings.push(
      (await step('service_status', connection, async () => askStatus(connection, status, statusToken))).finding,
    )
  }
  const client = token.value
  if (sample !== null) {
    findings.push((await step('sample_data', connection, async () => askSample(connection, sample, client))).finding)
  }
  return findings
}

async function askStatus(connection: Connection, path: string, token: string): Promise<Step<true>> {
  const { meaning, bytes } = await get(connection, path, token)
  const isUp = meaning === 'data' && parseServiceStatus(bytes) === 1
  const finding = isUp
    ? ok('service_status', 'The service says that it is available.')
    : warning('service_status', 'The service says that it is not available now. Try again later.')
  return { value: true, finding }
}

async function askSample(connection: Connection, path: string, token: string): Promise<Step<true>> {
  const { meaning } = await get(connection, path, token)
  const came = meaning === 'data' || meaning === 'promised'
  const finding = came
    ? ok('sample_data', 'Sample data can be had.')
    : missing('sample_data', 'No sample data came. Ask the utility whether the registration is approved.')
  return { value: true, finding }
}

/** From the authorize request (the utility answers with a dummy code at once) to tokens and their renewal. */
async function checkOAuth(deps: CheckDeps, connection: Connection): Promise<Finding[]> {
  const code = await step('dummy_code', connection, async () => askCode(deps, connection))
  const { value } = code
  if (value === null) return [code.finding]
  const grant = await step('code_exchange', connection, async () => {
    const asked = { code: value.code, redirectUri: deps.redirectUri, codeVerifier: value.codeVerifier, now: deps.now() }
    const tokens = await exchangeCode(connection, asked)
    return { value: tokens, finding: ok('code_exchange', 'The code was exchanged for tokens.') }
  })
  if (grant.value === null) return [code.finding, grant.finding]
  return [code.finding, grant.finding, await checkRefresh(deps, connection, grant.value)]
}

async function askCode(
  deps: CheckDeps,
  connection: Connection,
): Promise<Step<{ code: string; codeVerifier: string | null }>> {
  const state = newKey(deps.random)
  const codeVerifier = connection.utility.oauth.pkce ? newKey(deps.random) : null
  const now = deps.now()
  const ends = new Date(now.getTime() + 86_400_000)
  const asked = { state, codeVerifier, dataClasses: ['intervals'] as const, historyMonths: 1, ends, now }
  await connection.admit()
  const url = authorizeUrl(connection, { ...asked, redirectUri: deps.redirectUri })
  const { status, headers } = await connection.transport.visit(url)
  const back = URL.canParse(headers['location'] ?? '') ? new URL(headers['location'] ?? '') : null
  const code = connection.utility.oauth.codeParameters.map((name) => back?.searchParams.get(name)).find(Boolean)
  if (back === null || !code) {
    const says = `The OAuth test gave no code (status ${status}). Is ${deps.redirectUri} registered there as redirect address?`
    return { value: null, finding: missing('dummy_code', says) }
  }
  if (`${back.origin}${back.pathname}` !== deps.redirectUri) {
    const says = `The utility sends customers to ${back.origin}${back.pathname} instead of ${deps.redirectUri}. Change it there, or PUBLIC_URL.`
    return { value: null, finding: missing('dummy_code', says) }
  }
  const isOurs = back.searchParams.get('state') === state
  const says = 'The OAuth test gave a code'
  const finding = isOurs
    ? ok('dummy_code', `${says}, and our state came back.`)
    : missing('dummy_code', `${says}, but not our state: no customer's answer would be taken. Ask the utility.`)
  return { value: { code, codeVerifier }, finding }
}

async function checkRefresh(deps: CheckDeps, connection: Connection, grant: TokenGrant): Promise<Finding> {
  const { refreshToken, scope } = grant
  if (refreshToken === null) {
    return warning('refresh', 'No refresh token came: customers would have to share again when the first token ends.')
  }
  const { finding } = await step('refresh', connection, async () => {
    const scopes = { granted: scope, asked: scope }
    const renewed = await refreshGrant(connection, { refreshToken, scopes, now: deps.now() })
    const rotates = renewed.refreshToken !== null && renewed.refreshToken !== refreshToken
    const says = `The token was renewed${rotates ? ', and the refresh token with it' : '; the refresh token stays'}.`
    const asProfile = rotates === connection.utility.oauth.refreshRotates
    const differs = `${says} The profile says otherwise (oauth.refreshRotates); nothing breaks, but tell its maintainer.`
    return { value: true, finding: asProfile ? ok('refresh', says) : warning('refresh', differs) }
  })
  return finding
}

/** Our own entry in the utility's register, and whether it names our addresses. */
async function checkEntry(deps: CheckDeps, connection: Connection): Promise<Finding[]> {
  const { utility, registration } = connection
  const path = utility.espi.paths.application
  if (path === null) return []
  const { applicationId, registrationAccessToken } = registration
  if (!applicationId || registrationAccessToken === null) {
    const what = applicationId ? 'registration access token' : 'ApplicationInformation id'
    const says = `Our own entry was not looked at: the ${what} is not stored. It is in the utility's portal or its mail.`
    return [missing('application', says)]
  }
  const { finding } = await step('application', connection, async () => {
    const { meaning, bytes } = await get(
      connection,
      path.replace('{a}', encodeURIComponent(applicationId)),
      registrationAccessToken,
    )
    const text = Buffer.from(bytes).toString('utf8').replaceAll('&amp;', '&')
    const wrong = [deps.redirectUri, deps.notificationUri].filter((address) => !text.includes(address))
    if (meaning !== 'data')
      return { value: true, finding: missing('application', 'The utility has no entry under this id.') }
    const says = `Our entry at the utility does not name ${wrong.join(' and ')}. Register it there, or no ${wrong.includes(deps.redirectUri) ? 'customer comes back' : 'notification comes'}.`
    return {
      value: true,
      finding: wrong.length === 0 ? ok('application', 'Our entry names our addresses.') : missing('application', says),
    }
  })
  return [finding]
}

async function checkProduction(deps: CheckDeps, connection: Connection): Promise<Finding> {
  const { finding } = await step('production_token', connection, async () => {
    await clientCredentials(connection, deps.now())
    return { value: true, finding: ok('production_token', 'The production address gives us a token too.') }
  })
  return finding
}

async function get({ transport, registration, admit }: Connection, path: string, token: string) {
  await admit()
  return await transport.get(`${registration.addresses.resourceBase}/${path}`, token)
}

function tokenOf(
  which: MetadataToken,
  { client, registration }: { client: string; registration: Registration },
): string | null {
  if (which === 'registration') return registration.registrationAccessToken
  return which === 'client' ? client : null
}
