import type { DecodedFeed } from '../model/decoded-feed.ts'
import type { Tokens } from '../authorization/tokens.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { type AuthorizationRow, getAuthorization } from '../storage/authorizations.ts'
import { countProducts } from '../storage/count-products.ts'
import type { Db, Tx } from '../storage/db.ts'
import { findGrant } from '../storage/grants.ts'
import { saveRawFeed, setOutcome } from '../storage/raw-feeds.ts'
import type { Envelope } from '../storage/secrets.ts'
import { closeRequests, listUnplanned } from '../storage/window-hints.ts'
import { finishWindow, type OwedWindow, oweWindows, PRIORITY } from '../storage/windows.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import type { Connection, Connections } from '../utilities/connections.ts'
import type { Espi, Utility } from '../utilities/contract.ts'
import { ClientRejected } from '../utilities/errors.ts'
import { decodeFeed, decodingOf, fileQualityOf } from '../utilities/decode.ts'
import { dropForeign } from './drop-foreign.ts'
import { finishUpdate } from './finish-update.ts'
import {
  CLASSES_OF,
  isConsented,
  plannedOf,
  type PlannedWindow,
  planCustomer,
  planUsagePoint,
  reachOf,
} from './plan-windows.ts'
import { requestAddress } from './request-address.ts'
import type { SharedFiles } from './shared-files.ts'
import { splitCustomers } from './split-customers.ts'
import { storeFeed } from './store-feed.ts'

export type CollectDeps = {
  db: Db
  envelope: Envelope
  connections: Connections
  tokens: Tokens
  now: () => Date
  /** Waits for the right to send one request; called right before each. Throws UtilityUnavailable `quota_used_up`. */
  admit: () => Promise<void>
  /** Bulk data that this process has fetched for others a moment ago; without it each customer's window fetches. */
  files?: SharedFiles<BulkFile>
}

/** What a request brought: a feed, nothing (success without data), or a promise of the utility to notify us. */
type Fetched =
  | { kind: 'feed'; bytes: Uint8Array; mediaType: string; foreign: number }
  | { kind: 'empty' }
  | { kind: 'promised' }

/** A bulk file, taken apart: each customer's part by the utility's id. */
export type BulkFile =
  | { kind: 'file'; parts: ReadonlyMap<string, Uint8Array>; mediaType: string }
  | Exclude<Fetched, { kind: 'feed' }>

const EMPTY = { kind: 'empty' } as const
const PROMISED = { kind: 'promised' } as const
const DAY_MS = 86_400_000
/** Files of many customers open with our own token. */
const ASKED_AS_OURSELVES: ReadonlySet<string> = new Set(['file', 'bulk_request'])

/**
 * Fetches, decodes and stores one leased window. The network is used outside any transaction; then one transaction checks
 * lease and consent, keeps the raw feed, stores the products with their events, owes what follows, and closes the window.
 * Returns false when the utility promised to notify us later; the window is then still the caller's to settle.
 * Throws what jobs/ and the scheduler sort by who must act: UtilityUnavailable, AuthorizationRevoked, ClientRejected,
 * FeedRejected (the raw feed is kept first), ConsentEnded, LeaseLost.
 */
export async function collectWindow(
  deps: CollectDeps,
  owed: OwedWindow,
  lease: Lease,
  signal: AbortSignal,
): Promise<boolean> {
  const { db, now } = deps
  const connection = await deps.connections.of(owed.registrationUid ?? '')
  const window = plannedOf(owed)
  const asked = { connection, window, owedSince: owed.created, signal }
  const { authorization, fetched } = await fetchUnderGrant(deps, owed.authorizationUid, asked)
  if (fetched.kind === 'promised') return false

  const { utility } = connection
  if (fetched.kind === 'feed' && fetched.foreign > 0) await alarmForeign(deps, authorization, fetched.foreign)
  if (fetched.kind === 'empty') {
    if (await isTooEarly(deps, authorization, { utility, window })) return false
    await db.operator(async (tx) => {
      await finishWindow(tx, owed.authorizationUid, lease, now())
      await finishUpdate(tx, owed.authorizationUid, now())
    })
    return true
  }

  const rawFeedUid = await db.operator(async (tx) => {
    await enterWrite(tx, owed.authorizationUid, { dataClass: CLASSES_OF[window.product], fence: lease, now: now() })
    const { product, resource } = window
    const feed = { product, resource, mediaType: fetched.mediaType, body: fetched.bytes }
    return (await saveRawFeed(tx, owed.authorizationUid, feed, { envelope: deps.envelope, now: now() })).rawFeedUid
  })
  const decoded = decodeFeed(fetched.bytes, decodingOf(utility, fileQualityOf(utility, window.resource)))
  if (decoded.meters.length === 0 && (await isTooEarly(deps, authorization, { utility, window }))) return false
  await db.operator(async (tx) => {
    const { dataClasses, historyStart } = await enterWrite(tx, owed.authorizationUid, {
      dataClass: CLASSES_OF[window.product],
      fence: lease,
      now: now(),
    })
    await storeFeed(tx, owed.authorizationUid, decoded, {
      timezone: utility.timezone,
      dataClasses,
      historyStart,
      source: rawFeedUid,
      now: now(),
      completeList: window.product === 'usage_points',
    })
    await setOutcome(tx, owed.authorizationUid, rawFeedUid, outcomeOf(decoded))
    if (window.product === 'usage_points') await oweUsagePoints(tx, { authorization, utility, decoded, now: now() })
    if (window.product === 'file') await closeRequests(tx, owed.authorizationUid, now())
    if (window.product === 'file') await oweDiscovery(tx, { authorization, utility, decoded, now: now() })
    await finishWindow(tx, owed.authorizationUid, lease, now())
    await finishUpdate(tx, owed.authorizationUid, now())
  })
  return true
}

/** Fetches under the grant in use; once more when a renewal has replaced it meanwhile and the old one was refused. */
async function fetchUnderGrant(
  deps: CollectDeps,
  authorizationUid: Uid,
  request: Pick<Request, 'connection' | 'window' | 'owedSince' | 'signal'>,
): Promise<{ authorization: AuthorizationRow; fetched: Fetched }> {
  const grantInUse = async (): Promise<Pick<Request, 'authorization' | 'subscriptionUri'>> =>
    await deps.db.operator(async (tx) => ({
      authorization: await getAuthorization(tx, authorizationUid),
      subscriptionUri: (await findGrant(tx, authorizationUid))?.subscriptionUri ?? null,
    }))
  const before = await grantInUse()
  try {
    return { ...before, fetched: await fetchWindow(deps, { ...request, ...before }) }
  } catch (error) {
    const after = await grantInUse()
    const isReplaced = after.authorization.subscription !== before.authorization.subscription
    if (!isReplaced || !(error instanceof ClientRejected)) throw error
    return { ...after, fetched: await fetchWindow(deps, { ...request, ...after }) }
  }
}

type Request = {
  authorization: AuthorizationRow
  subscriptionUri: string | null
  connection: Connection
  window: PlannedWindow
  owedSince: Date
  signal: AbortSignal
}

async function fetchWindow(
  deps: CollectDeps,
  { authorization, subscriptionUri, connection, window, owedSince, signal }: Request,
): Promise<Fetched> {
  const { utility, registration, transport } = connection
  const ids = {
    subscription: authorization.subscription ?? '',
    retailCustomer: authorization.retailCustomer ?? '',
    bulkId: registration.bulkId ?? '',
    subscriptionUri,
  }
  const at = Math.floor(deps.now().getTime() / 1000)
  const address = requestAddress(utility, registration.addresses.resourceBase, ids, { window, now: at })
  if (address === null) return EMPTY
  const isFile = window.product === 'file' && utility.espi.delivery !== 'notified-batches'
  const isBulk = isFile || (utility.espi.delivery === 'bulk-files' && ASKED_AS_OURSELVES.has(window.product))
  const get = async (token: string): Promise<Fetched> => {
    await deps.admit()
    const { status, meaning, headers, bytes } = await transport.get(address, token, { signal })
    if (meaning === 'no-data') return EMPTY
    if (meaning === 'promised') return PROMISED
    // A file lives some days, and may be named before it is there; else an address that is not there is the profile's fault.
    if (meaning === 'gone') {
      const lives = owedSince.getTime() + utility.espi.fileRetentionDays * DAY_MS
      if (window.product === 'file') return status === 404 && deps.now().getTime() < lives ? PROMISED : EMPTY
      throw new ClientRejected('address_not_found', { status })
    }
    return { kind: 'feed', bytes, mediaType: headers['content-type'] ?? 'application/atom+xml', foreign: 0 }
  }
  if (!isBulk) {
    const fetched = await deps.tokens.withAccessToken(authorization.authorizationUid, get)
    return fetched.kind === 'feed' ? { ...fetched, ...dropForeign(fetched.bytes, ids) } : fetched
  }
  const asOurselves = (): Promise<Fetched> => deps.tokens.withClientToken(registration.registrationUid, get)
  if (isFile) return await fetchPart(deps, { address, asOurselves, ids, delivery: utility.espi.delivery })
  await asOurselves()
  return PROMISED // files are named in a notification
}

type PartRequest = {
  address: string
  asOurselves: () => Promise<Fetched>
  ids: { subscription: string; retailCustomer: string }
  delivery: Espi['delivery']
}

/** One customer's part of a bulk file, which is fetched and taken apart once for all customers of this process. */
async function fetchPart(
  { files }: CollectDeps,
  { address, asOurselves, ids, delivery }: PartRequest,
): Promise<Fetched> {
  const byCustomer = delivery === 'bulk-files'
  const fetchFile = async (): Promise<BulkFile> => {
    const fetched = await asOurselves()
    if (fetched.kind !== 'feed') return fetched
    const parts = splitCustomers(fetched.bytes, byCustomer ? 'RetailCustomer' : 'Subscription')
    return { kind: 'file', parts, mediaType: fetched.mediaType }
  }
  const file = await (files ? files.get(address, fetchFile) : fetchFile())
  if (file.kind !== 'file') return file
  const bytes = file.parts.get(byCustomer ? ids.retailCustomer : ids.subscription)
  return bytes === undefined ? EMPTY : { kind: 'feed', bytes, mediaType: file.mediaType, foreign: 0 }
}

/** The utility sent data of somebody else: none of it is kept, and the operator has to ask the utility why. */
async function alarmForeign(deps: CollectDeps, authorization: AuthorizationRow, entries: number): Promise<void> {
  const { authorizationUid, companyUid } = authorization
  await deps.db.operator((tx) =>
    appendAudit(tx, {
      actor: 'utility',
      action: 'foreign_entries_dropped',
      companyUid,
      authorizationUid,
      now: deps.now(),
      details: { entries },
    }),
  )
}

async function oweUsagePoints(
  tx: Tx,
  of: { authorization: AuthorizationRow; utility: Utility; decoded: DecodedFeed; now: Date },
): Promise<void> {
  const { authorization, utility, decoded, now } = of
  const reach = reachOf(authorization, utility, now)
  const told = decoded.meters.map(({ usagePoint }) => usagePoint)
  const { authorizationUid, dataClasses } = authorization
  const isCovered = ({ product }: PlannedWindow): boolean => isConsented(product, dataClasses, utility.espi)
  const unplanned = await listUnplanned(tx, authorizationUid, told)
  const windows = unplanned.flatMap((usagePoint) => planUsagePoint(utility.espi, usagePoint, reach)).filter(isCovered)
  await oweWindows(tx, authorizationUid, windows, { now })
  // Where the new ones are, and what became of the others, is told with the customer's data.
  const customer = unplanned.length === 0 ? [] : planCustomer(utility.espi, PRIORITY.present + 1).filter(isCovered)
  await oweWindows(tx, authorizationUid, customer, { now, again: true })
}

/** A package brought a usage point that was never asked for: the customer has a new one, and its history is owed. */
async function oweDiscovery(
  tx: Tx,
  of: { authorization: AuthorizationRow; utility: Utility; decoded: DecodedFeed; now: Date },
): Promise<void> {
  const { authorization, utility, decoded, now } = of
  if (utility.espi.delivery !== 'usage-point-windows') return
  const told = [...new Set(decoded.series.map(({ usagePoint }) => usagePoint))]
  if ((await listUnplanned(tx, authorization.authorizationUid, told)).length === 0) return
  const list = { product: 'usage_points', resource: '', from: 0, to: 0, priority: PRIORITY.fresh }
  await oweWindows(tx, authorization.authorizationUid, [list], { now, again: true })
}

/** Some utilities answer at once and have the data some minutes later: until the first reading nothing means "not yet". */
async function isTooEarly(
  { db, now }: CollectDeps,
  { authorizationUid, created }: AuthorizationRow,
  { utility, window }: { utility: Utility; window: PlannedWindow },
): Promise<boolean> {
  const isUsage = window.product === 'usage' || window.product === 'usage_points'
  const sinceMs = now().getTime() - created.getTime()
  if (!isUsage || sinceMs >= utility.espi.emptyAtFirstHours * 3_600_000) return false
  const { readings } = await db.operator((tx) => countProducts(tx, authorizationUid))
  return readings === 0
}

function outcomeOf({ warnings, quarantined }: DecodedFeed): object {
  return { warnings, quarantined }
}
