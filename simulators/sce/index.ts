import { publishedSince } from '../kit/announce.ts'
import { bearerOf, endAuthorization, findAuthorization, isActive, isOf } from '../kit/authorizations.ts'
import { createFlows } from '../kit/flows.ts'
import { mount, type Mounted } from '../kit/mount.ts'
import type { Answer, Incoming } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import { answerToken, oauthError, type TokenProfile } from '../kit/token-endpoint.ts'
import type { Party } from '../kit/parties.ts'
import { partyNamed, type Utility } from '../kit/utility.ts'
import { announce, announceKept, customerKey, deliverPending, fetchFile, hooksOf, resourceBase } from './files.ts'
import { answerPage } from './pages.ts'
import { answerPortal } from './portal.ts'
import { escape, idOf, stamp } from './xml.ts'

const resourcePath = '/DataCustodian/espi/1_1/resource/'

/** SCE Green Button Connect: pages on plain http, token and resource API on TLS without client certificate. */
export const startSce = (utility: Utility, ports: { pages: number; api: number }): Promise<Mounted> => {
  const flows = createFlows()
  const done = (authorization: Authorization): void => {
    const party = partyNamed(utility, authorization.party)
    announce(utility, party, deliverPending(utility, party, [authorization]))
  }
  return mount(utility, hooksOf(utility), [
    {
      port: ports.pages,
      flag: 'sce',
      role: 'pages',
      kindOf: (incoming) => (isOAuthPage(utility, incoming.path) ? 'authorize' : 'page'),
      handle: (incoming) => answerPage(utility, flows, incoming, done) ?? answerPortal(utility, incoming),
    },
    {
      port: ports.api,
      flag: 'sce-api',
      role: 'api',
      kindOf: (incoming) => (incoming.path === utility.settings.tokenPath ? 'token' : 'resource'),
      handle: (incoming, fault) => {
        if (incoming.path.startsWith(resourcePath))
          return answerResource(utility, incoming, incoming.path.slice(resourcePath.length))
        if (incoming.path !== utility.settings.tokenPath) return null
        if (incoming.method !== 'POST') return oauthError(405, 'invalid_request', 'POST only')
        return answerToken(utility, incoming, profileOf(utility), fault)
      },
    },
  ])
}

const isOAuthPage = (utility: Utility, path: string): boolean =>
  path.startsWith('/DataCustodian/oauth/') || path === utility.settings.authorizePath

const profileOf = (utility: Utility): TokenProfile => ({
  parties: utility.parties,
  clientTokenField: 'access_token',
  clientScope: 'FB=34_35',
  secretInBody: false,
  test: false,
  render: ({ access, refresh, expiresIn, authorization }) => ({
    access_token: access,
    token_type: 'Bearer',
    expires_in: expiresIn,
    refresh_token: refresh,
    scope: authorization.scope,
    resourceURI: `${resourceBase(utility)}/Batch/Subscription/${authorization.id}`,
    authorizationURI: `${resourceBase(utility)}/Authorization/${authorization.id}`,
    customerResourceURI: `${resourceBase(utility)}/Batch/RetailCustomer/${customerKey(utility, authorization.login)}`,
  }),
})

const error = (status: number, text: string): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify({ error: text }),
})

function answerResource(utility: Utility, incoming: Incoming, path: string): Answer {
  if (utility.settings.needsCertificate && incoming.certificate === null) return error(403, 'certificate_required')
  const bearer = bearerOf(utility, incoming.header('authorization'))
  if (!('party' in bearer)) return error(401, 'invalid_token')
  if (bearer.kind === 'registration') return error(403, 'access_denied')
  const { party } = bearer
  if (bearer.kind === 'access') return ownAuthorization(utility, incoming, { path, own: bearer.authorization, party })
  const [head = '', second = '', bulk = '', file, more] = path.split('/')
  if (path === 'ReadServiceStatus' && incoming.method === 'GET')
    return { status: 200, type: 'application/xml', body: serviceStatus }
  if (head === 'Authorization' && bulk === '') return oneAuthorization(utility, incoming, { id: second, party })
  if (head !== 'Batch' || second !== 'Bulk' || more !== undefined || incoming.method !== 'GET')
    return error(404, 'not_found')
  if (bulk !== party.registration.bulkId) return error(403, 'access_denied')
  if (file !== undefined && file !== '') return fetchFile(utility, party, file)
  announceKept(utility, party)
  return { status: 202 }
}

const serviceStatus =
  '<?xml version="1.0" encoding="UTF-8"?>\n<ServiceStatus xmlns="http://naesb.org/espi"><currentStatus>1</currentStatus></ServiceStatus>\n'

type Own = { path: string; own: string; party: Party }

/** A customer's own token reads its own Authorization and nothing else: data come in files. */
function ownAuthorization(utility: Utility, incoming: Incoming, { path, own, party }: Own): Answer {
  return path === `Authorization/${own}`
    ? oneAuthorization(utility, incoming, { id: own, party })
    : error(403, 'access_denied')
}

function oneAuthorization(utility: Utility, incoming: Incoming, { id, party }: { id: string; party: Party }): Answer {
  const authorization = findAuthorization(utility, id)
  if (!authorization || !isOf(authorization, party)) return error(404, 'not_found')
  if (incoming.method === 'DELETE') {
    endAuthorization(utility, authorization)
    return { status: 200 }
  }
  if (incoming.method !== 'GET') return error(405, 'method_not_allowed')
  isActive(utility, authorization) // ends it when its time is over
  return { status: 200, type: 'application/atom+xml', body: authorizationEntry(utility, authorization) }
}

function authorizationEntry(utility: Utility, authorization: Authorization): string {
  const base = resourceBase(utility)
  const { createdAt, endsAt } = authorization
  const first = publishedSince(utility, authorization)
  const forever = 3_155_760_000
  const period = (name: string, start: number): string =>
    `<${name}><duration>${endsAt === null ? forever : endsAt - start}</duration><start>${start}</start></${name}>`
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<entry xmlns="http://www.w3.org/2005/Atom"><id>${idOf(authorization.id, 1)}</id>` +
    `<link rel="self" href="${base}/Authorization/${authorization.id}" /><link rel="up" href="${base}/Authorization" /><title />` +
    `<content><Authorization xmlns="http://naesb.org/espi">${period('authorizedPeriod', createdAt)}${period('publishedPeriod', first)}` +
    `<status>${authorization.status}</status><expires_at>${endsAt ?? createdAt + forever}</expires_at><scope>${escape(authorization.scope)}</scope><token_type>Bearer</token_type>` +
    `<resourceURI>${base}/Batch/Subscription/${authorization.id}</resourceURI><authorizationURI>${base}/Authorization/${authorization.id}</authorizationURI>` +
    `<customerResourceURI>${base}/Batch/RetailCustomer/${customerKey(utility, authorization.login)}</customerResourceURI></Authorization></content>` +
    `<updated>${stamp(utility.now())}</updated><published>${stamp(utility.now())}</published></entry>\n`
  )
}
