import { bearerOf, endAuthorization, findAuthorization, isActive, isOf } from '../kit/authorizations.ts'
import { createFlows } from '../kit/flows.ts'
import { mount, type Mounted } from '../kit/mount.ts'
import type { Answer, Incoming } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import { answerToken, oauthError, type TokenProfile } from '../kit/token-endpoint.ts'
import { householdOf, type Utility } from '../kit/utility.ts'
import { BadWindow, windowOf } from '../kit/window.ts'
import { authorizationEntry } from './authorization-xml.ts'
import { customerFeed } from './customer-feed.ts'
import { hooksOf, resourceBase } from './hooks.ts'
import { answerPage } from './pages.ts'
import { createScenarios, type Scenarios } from './scenarios.ts'
import { usageFeed } from './usage-feed.ts'

const resourcePath = '/espi/1_1/resource/'

/** A clean ESPI 4.0 custodian in one plain http server: everything by the book, batches at once. */
export const startDemo = (utility: Utility, { port }: { port: number }): Promise<Mounted> => {
  const flows = createFlows()
  const hooks = hooksOf(utility)
  const scenarios = createScenarios(utility, hooks.revoked)
  return mount(utility, hooks, [
    {
      port,
      flag: 'demo',
      role: 'both',
      kindOf: ({ path }) =>
        path === '/oauth/token'
          ? 'token'
          : path.startsWith('/oauth/')
            ? 'authorize'
            : path.startsWith(resourcePath)
              ? 'resource'
              : 'page',
      handle: (incoming, fault) => {
        if (incoming.path.startsWith(resourcePath)) return answerResource(utility, scenarios, incoming)
        if (incoming.path !== '/oauth/token') return answerPage(utility, flows, incoming, () => undefined)
        if (incoming.method !== 'POST') return oauthError(405, 'invalid_request', 'POST only')
        return answerToken(utility, incoming, profileOf(utility), fault)
      },
    },
  ])
}

const profileOf = (utility: Utility): TokenProfile => ({
  parties: utility.parties,
  clientTokenField: 'access_token',
  clientScope: 'FB=34_35',
  secretInBody: true,
  test: false,
  render: ({ access, refresh, expiresIn, authorization }) => ({
    access_token: access,
    token_type: 'Bearer',
    expires_in: expiresIn,
    refresh_token: refresh,
    scope: authorization.scope,
    resourceURI: `${resourceBase(utility)}/Batch/Subscription/${authorization.id}`,
    authorizationURI: `${resourceBase(utility)}/Authorization/${authorization.id}`,
    customerResourceURI: `${resourceBase(utility)}/Batch/RetailCustomer/${authorization.id}`,
  }),
})

const error = (status: number, text: string): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify({ error: text }),
  ...(status === 401 ? { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } } : {}),
})

const atom = (body: Answer['body']): Answer => ({
  status: 200,
  type: 'application/atom+xml; charset=utf-8',
  body: body ?? '',
})

function answerResource(utility: Utility, scenarios: Scenarios, incoming: Incoming): Answer {
  const path = incoming.path.slice(resourcePath.length)
  const bearer = bearerOf(utility, incoming.header('authorization'))
  if (!('party' in bearer)) return error(401, 'invalid_token')
  if (bearer.kind === 'registration') return error(403, 'access_denied')
  const client = bearer.kind === 'client'
  const own = bearer.kind === 'access' ? bearer.authorization : null
  if (path === 'ReadServiceStatus' && incoming.method === 'GET' && client)
    return {
      status: 200,
      type: 'application/xml',
      body: '<?xml version="1.0" encoding="UTF-8"?><ServiceStatus xmlns="http://naesb.org/espi"><currentStatus>1</currentStatus></ServiceStatus>',
    }
  const match = /^(Authorization|Batch\/Subscription|Batch\/RetailCustomer)\/([^/]+)(?:\/UsagePoint\/([^/]+))?$/.exec(
    path,
  )
  if (!match) return error(404, 'not_found')
  const [, kind, id = '', usagePoint] = match
  const authorization = findAuthorization(utility, id)
  if (!authorization || !isOf(authorization, bearer.party)) return error(client ? 404 : 403, 'access_denied')
  if (own !== null && own !== id) return error(403, 'access_denied')
  if (kind === 'Authorization') return oneAuthorization(utility, incoming, authorization)
  if (incoming.method !== 'GET') return error(405, 'method_not_allowed')
  if (own === null || !isActive(utility, authorization)) return error(403, 'access_denied')
  const played = scenarios.meet(authorization)
  if (played) return played
  if (kind === 'Batch/RetailCustomer') return customer(utility, authorization)
  return usage(utility, incoming, { authorization, usagePoint, hasReadings: scenarios.hasReadings(authorization) })
}

function oneAuthorization(utility: Utility, incoming: Incoming, authorization: Authorization): Answer {
  if (incoming.method === 'DELETE') {
    endAuthorization(utility, authorization)
    return { status: 204 }
  }
  if (incoming.method !== 'GET') return error(405, 'method_not_allowed')
  isActive(utility, authorization) // ends it when its time is over
  return atom(authorizationEntry(utility, authorization))
}

function customer(utility: Utility, authorization: Authorization): Answer {
  const household = householdOf(utility, authorization.login)
  if (!household || !authorization.data.includes('Account')) return error(403, 'access_denied')
  return atom(customerFeed(utility, { household, authorization }))
}

function usage(
  utility: Utility,
  incoming: Incoming,
  of: { authorization: Authorization; usagePoint: string | undefined; hasReadings: boolean },
): Answer {
  try {
    const window = windowOf(incoming.query, 'published')
    const all = utility.sharedOf(of.authorization)
    const shared = { ...all, usage: all.usage && of.hasReadings }
    const agreements = shared.agreements.filter((a) => of.usagePoint === undefined || a.id === of.usagePoint)
    if (agreements.length === 0 && of.usagePoint !== undefined) return error(403, 'access_denied')
    return atom(usageFeed(utility, { authorization: of.authorization, shared, agreements, window }))
  } catch (problem) {
    if (problem instanceof BadWindow) return error(400, problem.message)
    throw problem
  }
}
