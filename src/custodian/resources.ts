import { stopConsent } from '../authorization/stop-consent.ts'
import { type FeedSide, writeBare, type WrittenEntry } from '../espi/write/write-feed.ts'
import type { Uid } from '../model/uid.ts'
import { listClientConsents, listRunningConsents, type RunningConsent } from '../storage/client-consents.ts'
import { listClients } from '../storage/clients.ts'
import { type Bearer, consentFor, requireClient } from './bearer.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'
import { customerEntries } from './customer-entries.ts'
import { applicationEntry, authorizationEntry } from './management-entries.ts'
import type { Window } from './read-window.ts'
import { forbidden, notThere, ResourceError } from './resource-error.ts'
import { findEntry, listEntries } from './select-entries.ts'
import { listMeters, metersOf, usageEntries } from './usage-entries.ts'

/** A feed, a bare resource, or `later`: nothing has been collected yet. */
export type ResourceAnswer =
  | { side: FeedSide; title: string; entries: AsyncIterable<WrittenEntry> | Iterable<WrittenEntry> }
  | Uint8Array
  | 'later'

export type Asked = { parts: readonly string[]; window: Window }

type Answer = (deps: CustodianDeps, bearer: Bearer, asked: Asked) => Promise<ResourceAnswer>

/** What there is below the address of resources, by the first part of the path. */
const RESOURCES: Record<string, Answer> = {
  ReadServiceStatus: serviceStatus,
  ApplicationInformation: application,
  Authorization: authorization,
  Batch: batch,
  Subscription: subscription,
  ReadingType: ofOwnSubscription,
  LocalTimeParameters: ofOwnSubscription,
  RetailCustomer: retailCustomer,
}

/** Answers a resource that is read. Throws ResourceError. Source: ESPI 4.0, the REST interface of a data custodian. */
export async function answerResource(deps: CustodianDeps, bearer: Bearer, asked: Asked): Promise<ResourceAnswer> {
  const [name = ''] = asked.parts
  const answer = Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined
  if (!answer) throw notThere()
  return await answer(deps, bearer, asked)
}

/** Ends what a customer let the client have: DELETE of its Authorization. Throws ResourceError. */
export async function deleteResource(deps: CustodianDeps, bearer: Bearer, parts: readonly string[]): Promise<void> {
  const [name, id = '', ...rest] = parts
  if (name !== 'Authorization' || id === '' || rest.length > 0) throw new ResourceError(405, 'This is not deleted.')
  const { companyUid } = bearer
  const consents = await consentsOf(deps, bearer, id)
  for (const { authorizationUid, consentNo } of consents)
    await deps.db.company(companyUid, (tx) =>
      stopConsent(tx, { authorizationUid, consentNo, by: 'client', now: deps.now() }),
    )
}

async function serviceStatus(_deps: CustodianDeps, bearer: Bearer, { parts }: Asked): Promise<ResourceAnswer> {
  requireClient(bearer)
  if (parts.length > 1) throw notThere()
  return writeBare({ kind: 'ServiceStatus', value: { currentStatus: 1 } })
}

async function application(deps: CustodianDeps, bearer: Bearer, { parts }: Asked): Promise<ResourceAnswer> {
  const { companyUid, clientUid } = requireClient(bearer, 'registration')
  const [, id, ...rest] = parts
  if (id !== clientUid || rest.length > 0) throw forbidden()
  const [client] = await deps.db.readCompany(companyUid, (tx) => listClients(tx, clientUid))
  if (!client) throw notThere()
  return { side: 'usage', title: 'Application', entries: [applicationEntry(deps, client)] }
}

/** A client sees all that were granted to it and are in force; one of them also when it has ended. */
async function authorization(deps: CustodianDeps, bearer: Bearer, { parts }: Asked): Promise<ResourceAnswer> {
  const [, id, ...rest] = parts
  if (rest.length > 0) throw notThere()
  if (id !== undefined) {
    const [consent] = await consentsOf(deps, bearer, id)
    if (!consent) throw forbidden()
    const running = (await runningOf(deps, bearer)).find(
      ({ authorizationUid, consentNo }) => authorizationUid === id && consentNo === consent.consentNo,
    )
    const told = running ? { ...running, ended: null } : consent
    return { side: 'usage', title: 'Authorization', entries: [authorizationEntry(deps, told, running !== undefined)] }
  }
  requireClient(bearer)
  const entries = (await runningOf(deps, bearer)).map((each) =>
    authorizationEntry(deps, { ...each, ended: null }, true),
  )
  return { side: 'usage', title: 'Authorizations', entries }
}

async function runningOf(deps: CustodianDeps, bearer: Bearer): Promise<RunningConsent[]> {
  if (bearer.kind === 'access') return [bearer.consent]
  const { companyUid, clientUid } = bearer
  return await deps.db.readCompany(companyUid, (tx) => listRunningConsents(tx, clientUid, deps.now()))
}

/** The client's consents of one customer, newest first. Throws ResourceError 403. */
async function consentsOf(deps: CustodianDeps, bearer: Bearer, id: string) {
  if (bearer.kind === 'registration' || !/^[1-9]\d{0,15}$/.test(id)) throw forbidden()
  if (bearer.kind === 'access') consentFor(bearer, id)
  const { companyUid, clientUid } = bearer
  const of = { authorizationUid: id, clientUid }
  const found = await deps.db.readCompany(companyUid, (tx) => listClientConsents(tx, of))
  if (found.length === 0) throw forbidden()
  return found
}

async function batch(deps: CustodianDeps, bearer: Bearer, { parts, window }: Asked): Promise<ResourceAnswer> {
  const [, kind, id = '', below, meterUid, ...rest] = parts
  if (rest.length > 0) throw notThere()
  if (kind === 'Bulk' && below === undefined) return await bulk(deps, bearer, id, window)
  if (kind === 'RetailCustomer' && below === undefined) return await customerFeed(deps, bearer, id)
  if (kind !== 'Subscription') throw notThere()
  const consent = consentFor(bearer, id)
  if (below !== undefined && (below !== 'UsagePoint' || meterUid === undefined)) throw notThere()
  return await wholeFeed(deps, consent, meterUid ?? null, window)
}

async function wholeFeed(
  deps: CustodianDeps,
  consent: RunningConsent,
  meterUid: Uid | null,
  window: Window,
): Promise<ResourceAnswer> {
  const all = await listMeters(deps, consent)
  if (all.length === 0 && consent.status === 'pending') return 'later'
  const meters = metersOf(all, meterUid)
  if (meterUid !== null && meters.length === 0) throw notThere()
  return { side: 'usage', title: 'Green Button data', entries: usageEntries(deps, { consent, meters, window }) }
}

/** All subscriptions of a client in one feed, one after another. */
async function bulk(deps: CustodianDeps, bearer: Bearer, id: string, window: Window): Promise<ResourceAnswer> {
  const { clientUid } = requireClient(bearer)
  if (id !== clientUid) throw forbidden()
  const consents = await runningOf(deps, bearer)
  async function* entries(): AsyncGenerator<WrittenEntry> {
    for (const consent of consents)
      yield* usageEntries(deps, { consent, meters: await listMeters(deps, consent), window })
  }
  return { side: 'usage', title: 'Green Button data', entries: entries() }
}

/** `Subscription/{s}` is its whole feed; below it each collection and each entry has its own address. */
async function subscription(deps: CustodianDeps, bearer: Bearer, asked: Asked): Promise<ResourceAnswer> {
  const [, id = '', ...below] = asked.parts
  const consent = consentFor(bearer, id)
  if (below.length === 0) return await wholeFeed(deps, consent, null, asked.window)
  const [kind, meterUid = null] = below
  if (kind !== 'UsagePoint') throw notThere()
  const meters = metersOf(await listMeters(deps, consent), meterUid)
  const entries = usageEntries(deps, { consent, meters, window: asked.window })
  return await oneOrMany(deps, entries, asked, below.length > 1)
}

/** Types and time zones have no subscription in their address; the token's own counts. */
async function ofOwnSubscription(deps: CustodianDeps, bearer: Bearer, asked: Asked): Promise<ResourceAnswer> {
  if (bearer.kind !== 'access' || asked.parts.length > 2) throw forbidden()
  const { consent } = bearer
  const meters = await listMeters(deps, consent)
  return await oneOrMany(deps, usageEntries(deps, { consent, meters, window: asked.window }), asked, false)
}

/** An even number of parts is one resource, an odd one a collection. hangs: below a resource that has an entry. */
async function oneOrMany(
  deps: CustodianDeps,
  entries: AsyncIterable<WrittenEntry>,
  { parts, window }: Asked,
  hangs: boolean,
): Promise<ResourceAnswer> {
  const base = resourceBase(deps)
  const address = addressOf(base, parts)
  const side = parts[0] === 'RetailCustomer' ? 'customer' : 'usage'
  const title = parts.findLast((_part, at) => at % 2 === 0) ?? ''
  if (parts.length % 2 === 0) return { side, title, entries: [await findEntry(entries, address)] }
  const below = hangs ? addressOf(base, parts.slice(0, -1)) : null
  return { side, title, entries: await listEntries(entries, { address, below }, window) }
}

const addressOf = (base: string, parts: readonly string[]): string =>
  `${base}/${parts.map(encodeURIComponent).join('/')}`

async function customerFeed(deps: CustodianDeps, bearer: Bearer, id: string): Promise<ResourceAnswer> {
  const consent = consentOfPeople(bearer, id)
  const meters = await listMeters(deps, consent)
  if (meters.length === 0 && consent.status === 'pending') return 'later'
  return { side: 'customer', title: 'Customer data', entries: customerEntries({ deps, consent }, meters) }
}

async function retailCustomer(deps: CustodianDeps, bearer: Bearer, asked: Asked): Promise<ResourceAnswer> {
  const [, id = '', ...below] = asked.parts
  const consent = consentOfPeople(bearer, id)
  if (below.length === 0) return await customerFeed(deps, bearer, id)
  const entries = customerEntries({ deps, consent }, await listMeters(deps, consent))
  async function* given(): AsyncGenerator<WrittenEntry> {
    yield* entries
  }
  return await oneOrMany(deps, given(), asked, below.length > 1)
}

/** A consent that is of neither meters nor accounts opens no customer data. */
function consentOfPeople(bearer: Bearer, id: string): RunningConsent {
  const consent = consentFor(bearer, id)
  if (!consent.dataClasses.includes('meters') && !consent.dataClasses.includes('accounting')) throw forbidden()
  return consent
}
