import { agreementsOf, flowsOf } from '../world/household.ts'
import { activeFor, bearerOf, endAuthorization, findAuthorization, isActive, isOf } from '../kit/authorizations.ts'
import type { Answer, Incoming } from '../kit/server.ts'
import type { Authorization } from '../kit/state.ts'
import type { Party } from '../kit/parties.ts'
import { householdOf, type Utility } from '../kit/utility.ts'
import { BadWindow, isOpen, windowOf } from '../kit/window.ts'
import { applicationInformationEntry, authorizationEntry, authorizationFeed } from './authorization-xml.ts'
import { bulkPath, customerBody, fetchPrepared, latestDay, noData, prepare } from './batches.ts'
import { batchFeed, everything, hasBlocks, type Selection } from './feeds.ts'
import { atomType, makingOf, partOf, pathOf } from './making.ts'
import { customerDataIn } from './scope.ts'
import { answerSubscription } from './subscription.ts'
import { localTimeEntry, readingTypeEntry, readingTypesOf } from './usage-xml.ts'
import { feedEnd, feedStart, nested } from './xml.ts'

/** Which bearer token opens a resource; everything else is 403. */
type TokenClass = 'client' | 'registration' | 'access' | 'access or client'

type Access = { authorization: Authorization | null; party: Party }

type Call = Access & { incoming: Incoming; parts: string[]; selection: Selection }

type Resource = {
  path: RegExp
  token: TokenClass
  methods?: readonly string[]
  answer(utility: Utility, call: Call): Answer
}

const ok = (body: Answer['body']): Answer => ({ status: 200, type: atomType, body: body ?? '' })
export const forbidden = (): Answer => ({ status: 403, type: 'application/json', body: '{"error":"Forbidden"}' })
export const noListener = (path: string): Answer => ({
  status: 404,
  type: 'text/plain',
  body: `No listener for endpoint: ${path}`,
})
const accepted = (utility: Utility): Answer => ({ status: 202, type: atomType, body: utility.settings.acceptedBody })
const invalidCertificate: Answer = { status: 400, type: 'application/json', body: '"Invalid Certificate"' }

const status =
  '<ServiceStatus xsi:schemaLocation="http://naesb.org/espi espiDerived.xsd" xmlns="http://naesb.org/espi" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><currentStatus>1</currentStatus></ServiceStatus>'

const resources: readonly Resource[] = [
  {
    path: /^ReadServiceStatus$/,
    token: 'client',
    answer: () => ({ status: 200, type: 'application/xml', body: status }),
  },
  { path: /^DownloadSampleData$/, token: 'client', answer: () => ok(status) },
  {
    path: /^ApplicationInformation\/([^/]+)$/,
    token: 'registration',
    answer: (utility, { parts, party }) =>
      parts[0] === party.registration.applicationInformationId
        ? ok(applicationInformationEntry(utility, makingOf(utility, 'resource'), party))
        : forbidden(),
  },
  {
    path: /^Authorization$/,
    token: 'client',
    answer: (utility, { party }) => ok(authorizationFeed(utility, makingOf(utility, 'resource'), party)),
  },
  { path: /^Authorization\/([^/]+)$/, token: 'client', methods: ['GET', 'DELETE'], answer: oneAuthorization },
  {
    path: /^LocalTimeParameters$/,
    token: 'access',
    answer: (utility) => feedOf(utility, 'LocalTimeParameters', [localTimeEntry(makingOf(utility, 'resource'))]),
  },
  {
    path: /^LocalTimeParameters\/1$/,
    token: 'access',
    answer: (utility) => ok(localTimeEntry(makingOf(utility, 'resource'))),
  },
  { path: /^ReadingType(?:\/([^/]+))?$/, token: 'access', answer: readingTypes },
  {
    path: /^Subscription\/([^/]+)\/(UsagePoint.*)$/,
    token: 'access',
    answer: (utility, call) => answerSubscription(utility, { ...call, rest: call.parts[1] ?? '' }),
  },
  { path: /^Batch\/Subscription\/([^/]+)\/UsagePoint\/([^/]+)$/, token: 'access', answer: batchOfUsagePoint },
  { path: /^Batch\/Subscription\/([^/]+)$/, token: 'access or client', answer: batchOfSubscription },
  { path: /^Batch\/RetailCustomer\/([^/]+)\/?$/, token: 'access', answer: retailCustomer },
  { path: /^Batch\/RetailDRPrgInfo\/([^/]+)$/, token: 'access', answer: () => ({ status: 204 }) },
  { path: /^Batch\/(Bulk|BulkRetailCustomerInfo|BulkRetailDRPrgInfo)\/([^/]+)$/, token: 'client', answer: bulk },
]

/** Answers a resource under PG&E's base path; `path` is what follows it. */
export const answerResource = (utility: Utility, incoming: Incoming, path: string): Answer => {
  for (const resource of resources) {
    const match = resource.path.exec(path)
    if (!match) continue
    const parties = utility.parties.filter((p) => p.fingerprint !== null && p.fingerprint === incoming.certificate)
    if (parties.length === 0) return invalidCertificate
    if (!(resource.methods ?? ['GET']).includes(incoming.method))
      return { status: 405, type: 'application/json', body: '{"error":"Method Not Allowed"}' }
    const parts = match.slice(1).map((part) => (part === undefined ? '' : decode(part)))
    const access = accessOf(utility, resource.token, incoming)
    if ('status' in access) return access
    if (!parties.includes(access.party)) return invalidCertificate
    if (
      access.authorization &&
      /^(Batch\/)?(Subscription|RetailCustomer)\//.test(path) &&
      parts[0] !== access.authorization.id
    )
      return forbidden()
    return withWindow(utility, incoming, (selection) =>
      resource.answer(utility, { incoming, parts, selection, ...access }),
    )
  }
  return noListener(incoming.path)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function withWindow(utility: Utility, incoming: Incoming, answer: (selection: Selection) => Answer): Answer {
  try {
    return answer({
      ...everything,
      window: windowOf(incoming.query, 'published', utility.settings.windowDates),
      updated: windowOf(incoming.query, 'updated', utility.settings.windowDates),
    })
  } catch (error) {
    if (error instanceof BadWindow) return { status: 400, type: 'text/plain', body: 'Invalid request' }
    throw error
  }
}

function accessOf(utility: Utility, wanted: TokenClass, incoming: Incoming): Answer | Access {
  const bearer = bearerOf(utility, incoming.header('authorization'))
  if (bearer.kind === 'none') return { status: 401, type: 'application/json', body: '{"error":"Unauthorized"}' }
  const revoked = { status: utility.settings.revokedStatus, type: 'application/json', body: '{"error":"Forbidden"}' }
  if (!('party' in bearer)) return revoked
  if (!wanted.split(' or ').includes(bearer.kind)) return forbidden()
  const { party } = bearer
  if (bearer.kind !== 'access') return { authorization: null, party }
  const authorization = findAuthorization(utility, bearer.authorization)
  return authorization && isActive(utility, authorization) && !bearer.test ? { authorization, party } : revoked
}

function oneAuthorization(utility: Utility, { incoming, parts, party }: Call): Answer {
  const authorization = findAuthorization(utility, parts[0] ?? '')
  if (!authorization || !isOf(authorization, party))
    return { status: 404, type: 'application/json', body: '{"error":"Not Found"}' }
  if (incoming.method === 'DELETE') {
    endAuthorization(utility, authorization)
    return { status: utility.settings.deleteStatus }
  }
  isActive(utility, authorization) // ends it when its time is over
  return ok(authorizationEntry(utility, makingOf(utility, 'resource'), authorization))
}

function feedOf(utility: Utility, path: string, entries: readonly string[]): Answer {
  const { ms } = makingOf(utility, 'resource')
  return ok(
    feedStart('resource', { title: 'Green Button Usage Feed', self: `${pathOf(utility)}/${path}`, ms }) +
      entries.map(nested).join('') +
      feedEnd,
  )
}

function readingTypes(utility: Utility, { parts, authorization }: Call): Answer {
  const household = householdOf(utility, authorization?.login ?? '')
  const making = makingOf(utility, 'resource')
  const types = readingTypesOf(household ? agreementsOf(household) : [])
  if (!parts[0])
    return feedOf(
      utility,
      'ReadingType',
      types.map(({ agreement, flow }) => readingTypeEntry(making, agreement, flow)),
    )
  const one = types.find(({ agreement, flow }) => making.places.readingType(agreement, flow) === parts[0])
  return one ? ok(readingTypeEntry(making, one.agreement, one.flow)) : forbidden()
}

function batchOfUsagePoint(utility: Utility, { parts, authorization, selection }: Call): Answer {
  if (!authorization) return forbidden()
  const part = partOf(utility, authorization)
  const agreement = part.agreements.find((a) => a.id === parts[1])
  if (!agreement || !part.shared.usage) return forbidden()
  const one = { ...part, agreements: [agreement] }
  if (!hasBlocks(utility.world, [one], selection)) return noData(utility)
  const self = `${pathOf(utility)}/Batch/Subscription/${authorization.id}/UsagePoint/${agreement.id}`
  const { mappingsOutsideEntry } = utility.settings
  return ok(
    batchFeed(utility.world, makingOf(utility, 'batch'), { parts: [one], selection, self, mappingsOutsideEntry }),
  )
}

function batchOfSubscription(utility: Utility, { incoming, parts, authorization, selection, party }: Call): Answer {
  const path = `Batch/Subscription/${parts[0] ?? ''}`
  const correlation = incoming.query.get('correlationID')
  if (correlation) return fetchPrepared(utility, correlation, { path, party, authorization: authorization?.id ?? null })
  if (!authorization) return forbidden()
  const part = partOf(utility, authorization)
  if (!part.shared.usage) return forbidden()
  if (
    !part.agreements.some((agreement) => flowsOf(agreement).length > 0) ||
    !hasBlocks(utility.world, [part], selection)
  )
    return noData(utility)
  prepare(utility, { party, path, authorizations: [authorization], window: selection.window })
  return accepted(utility)
}

function retailCustomer(utility: Utility, { authorization }: Call): Answer {
  if (!authorization || !customerDataIn(authorization.data)) return forbidden()
  return ok(customerBody(utility, authorization))
}

function bulk(utility: Utility, { incoming, parts, selection, party }: Call): Answer {
  const [kind = '', id = ''] = parts
  if (id !== party.registration.bulkId) return forbidden()
  const path = kind === 'Bulk' ? bulkPath(party) : `Batch/${kind}/${id}`
  const correlation = incoming.query.get('correlationID')
  if (correlation) return fetchPrepared(utility, correlation, { path, party, authorization: null })
  const authorizations = activeFor(utility, party)
  prepare(utility, {
    party,
    path,
    authorizations,
    window: isOpen(selection.window) ? latestDay(utility) : selection.window, // without parameters: the latest package
    ...(kind === 'Bulk' ? {} : { kinds: [kind === 'BulkRetailCustomerInfo' ? 'customer' : 'programs'] }),
  })
  return accepted(utility)
}
