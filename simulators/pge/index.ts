import { randomUUID } from 'node:crypto'
import { createAuthorization, createCode } from '../kit/authorizations.ts'
import { createFlows, withParameters } from '../kit/flows.ts'
import { type Mount, mount, type Mounted } from '../kit/mount.ts'
import { type Answer, type Incoming, json, redirect } from '../kit/server.ts'
import { answerToken, oauthError, type TokenProfile, tokenParameters } from '../kit/token-endpoint.ts'
import { partyOfClient, type Utility } from '../kit/utility.ts'
import { hooksOf } from './batches.ts'
import { answerPage } from './pages.ts'
import { answerPortal } from './portal.ts'
import { answerResource, noListener } from './resources.ts'
import { pathOf } from './making.ts'

const resourcePath = '/GreenButtonConnect/espi/1_1/resource/'

/** PG&E Share My Data: browser pages on plain http, token and resource API on TLS with a client certificate. */
export const startPge = (utility: Utility, ports: { pages: number; api: number }): Promise<Mounted> => {
  const flows = createFlows()
  const hooks = hooksOf(utility)
  const mounts: Mount[] = [
    {
      port: ports.pages,
      flag: 'pge',
      role: 'pages',
      kindOf: (incoming) => (incoming.path.startsWith('/myAuthorization') ? 'authorize' : 'page'),
      handle: (incoming) => answerPage(utility, flows, incoming) ?? answerPortal(utility, incoming),
    },
    {
      port: ports.api,
      flag: 'pge-api',
      role: 'api',
      kindOf: (incoming) =>
        incoming.path.endsWith('/token') ? 'token' : incoming.path.endsWith('/authorize') ? 'authorize' : 'resource',
      handle: (incoming, fault) => gateway(answerApi(utility, incoming, fault)),
    },
  ]
  return mount(utility, hooks, mounts)
}

/** Headers that are on every answer of PG&E's gateway. */
const gateway = (answer: Answer): Answer => ({
  ...answer,
  headers: {
    ...answer.headers,
    server: 'Mulesoft-API-Gateway',
    'x-transaction-id': randomUUID(),
    'x-tracking-id': randomUUID(),
  },
})

function answerApi(utility: Utility, incoming: Incoming, fault: Parameters<typeof answerToken>[3]): Answer {
  const { path, method } = incoming
  if (path.startsWith(resourcePath)) return answerResource(utility, incoming, path.slice(resourcePath.length))
  const twin = /^\/datacustodian\/(test\/)?oauth\/v2\/(token|authorize)$/.exec(path)
  const test = twin?.[1] !== undefined
  if (twin?.[2] === 'authorize' && method === 'GET')
    return test ? testAuthorize(utility, incoming) : liveAuthorize(utility, incoming)
  if (twin?.[2] !== 'token') return noListener(path)
  if (method !== 'POST' && !test) return oauthError(405, 'invalid_request', `${method} not permitted`)
  if (!tokenParameters(incoming).get('grant_type')) return oauthError(400, 'invalid_request', 'Missing grant_type')
  const parties = utility.parties.filter((p) => p.fingerprint !== null && p.fingerprint === incoming.certificate)
  if (parties.length === 0) return json(400, 'Invalid Certificate')
  return answerToken(utility, incoming, profileOf(utility, { test, parties }), fault)
}

const profileOf = (utility: Utility, { test, parties }: Pick<TokenProfile, 'test' | 'parties'>): TokenProfile => ({
  parties,
  clientTokenField: 'client_access_token',
  clientScope: '5+6+7',
  secretInBody: false,
  test,
  render: ({ access, refresh, expiresIn, authorization }) => ({
    token_type: 'Bearer',
    scope: authorization.scope,
    refresh_token: refresh,
    access_token: access,
    resourceURI: `${pathOf(utility)}/Batch/Subscription/${authorization.id}`,
    authorizationURI: `${pathOf(utility)}/Authorization/${authorization.id}`,
    ...(utility.settings.customerResourceUri
      ? { customerResourceURI: `${pathOf(utility)}/Batch/RetailCustomer/${authorization.id}` }
      : {}),
    expires_in: expiresIn,
  }),
})

/** The OAuth test: no page, a dummy code at once. */
function testAuthorize(utility: Utility, { query }: Incoming): Answer {
  if (!query.get('client_id')) return { status: 400, type: 'text/plain', body: 'client_id is empty' }
  const redirectUri = query.get('redirect_uri')
  const party = partyOfClient(utility, query.get('client_id'))
  if (!party || !redirectUri || redirectUri !== party.addresses?.redirectUri)
    return { status: 400, type: 'text/plain', body: 'Invalid request' }
  const authorization = createAuthorization(utility, {
    login: '',
    party: party.name,
    agreements: [],
    data: ['test'],
    scope: `FB=1_3_8_13_14_18_19_31_32_35_37_38_39;BR=${party.registration.bulkId};dataCustodianId=PGE`,
    endsAt: null,
  })
  const code = createCode(utility, { authorization: authorization.id, redirectUri, test: true })
  const state = query.get('state')
  return redirect(
    withParameters(redirectUri, [
      ['code', code],
      ['state', state === null ? null : encodeURIComponent(state)],
    ]),
  )
}

/** The address that ApplicationInformation names leads to the pages. */
const liveAuthorize = (utility: Utility, incoming: Incoming): Answer =>
  redirect(`${utility.origins.pages}/myAuthorization?${incoming.query.toString()}`)
