import type { StorableFeed } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import type { AuthorizationRow, Granted } from '../storage/authorizations.ts'
import { countProducts } from '../storage/count-products.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import { listKnownMeters } from '../storage/meters.ts'
import { sideBySide } from '../storage/side-by-side.ts'
import type { Envelope } from '../storage/secrets.ts'
import { closeRequests } from '../storage/bulk-requests.ts'
import { finishWindow, GAP, type OwedWindow } from '../storage/windows.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import type { Connection } from '../utilities/connections.ts'
import type { Utility } from '../utilities/contract.ts'
import { decodingOf, fileQualityOf } from '../utilities/decode.ts'
import { type FetchDeps, type Fetched, fetchWindow } from './fetch-window.ts'
import { finishUpdate } from './finish-update.ts'
import type { Commit } from './group-commit.ts'
import { isLarge, keepAhead, keepAndDecode, type Keeper, keeperOf } from './keep-feed.ts'
import { laterFiles } from './later-files.ts'
import { oweDiscovery, oweUsagePoints } from './owe-found.ts'
import { CLASSES_OF, plannedOf, type PlannedWindow } from './plan-windows.ts'
import { readFeed } from './read-feed.ts'
import { storeFeed } from './store-feed.ts'

/** connection: of the registration under which the window is owed. granted: as of the lease. commit: stores what is small. */
export type CollectDeps = FetchDeps & { envelope: Envelope; connection: Connection; granted: Granted; commit: Commit }

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
  const { connection } = deps
  const window = plannedOf(owed)
  const asked = { connection, window, owedSince: owed.created, signal }
  const { authorization, fetched } = await fetchWindow(deps, deps.granted, asked)
  // Files are asked for once because of a gap; a notification that names any has them owed.
  const isAskedOnce = owed.priority === GAP && window.product === 'bulk_request'
  if (fetched.kind === 'promised' && !isAskedOnce) return false

  const { utility } = connection
  if (fetched.kind !== 'feed') {
    if (await isTooEarly(deps, authorization, { utility, window })) return false
    await db.operator(async (tx) => {
      // A file without anything of this customer answers their request, too.
      if (window.product === 'file') await closeRequests(tx, requestsOf(owed, connection), now())
      await finishWindow(tx, owed.authorizationUid, lease, now())
      await finishUpdate(tx, owed.authorizationUid, now())
    })
    return true
  }

  const { decoded, kept, keeper } = await readAndDecode(deps, fetched, { authorization, window, lease, signal })
  if (decoded.meters.length === 0 && (await isTooEarly(deps, authorization, { utility, window }))) {
    if (kept === null) await keeper.alone()
    return false
  }
  if (kept === null) await keeper.pack()
  // What is large would keep all others waiting.
  const commit: Commit = kept === null ? deps.commit : (_uid, work) => db.operator(work)
  const stored = commit(owed.authorizationUid, async (tx) => {
    const { authorizationUid } = owed
    const gate = { dataClass: CLASSES_OF[window.product], fence: lease, now: now() }
    const file = { ...window, authorizationUid, fetched: now() }
    const [{ dataClasses, historyStart }, place, known, later] = await sideBySide(
      enterWrite(tx, authorizationUid, gate),
      kept === null ? keeper.place(tx) : { rawFeedUid: kept, companyUid: owed.companyUid, isNew: false },
      listKnownMeters(tx, authorizationUid),
      laterFiles(tx, utility, file),
    )
    const [, { billUids }] = await sideBySide(
      keeper.save(tx, place, outcomeOf(decoded)),
      storeFeed(tx, authorizationUid, decoded, {
        ...{ dataClasses, historyStart, later, known },
        timezone: utility.timezone,
        source: place.rawFeedUid,
        now: now(),
        completeList: window.product === 'usage_points',
      }),
    )
    if (window.product === 'usage_points') await oweUsagePoints(tx, { authorization, utility, decoded, now: now() })
    if (window.product === 'file') await closeRequests(tx, requestsOf(owed, connection), now())
    if (window.product === 'file') await oweDiscovery(tx, { authorization, utility, decoded, now: now() })
    // In this order: whether the update is finished is told by the window that was closed right before.
    await sideBySide(
      finishWindow(tx, authorizationUid, lease, now()),
      finishUpdate(tx, authorizationUid, now(), billUids),
    )
  })
  await stored.catch(async (error: unknown) => {
    // What was not allowed is not kept either; what failed is kept for whoever finds out why.
    const isRefused = error instanceof ConsentEnded || error instanceof LeaseLost
    if (kept === null && !isRefused) await keeper.alone()
    throw error
  })
  return true
}

type Asked = { authorization: AuthorizationRow; window: PlannedWindow; lease: Lease; signal: AbortSignal }

/** What a feed says. What was read of it is forgotten then. */
async function readAndDecode(
  deps: CollectDeps,
  { body, ids, mediaType }: Extract<Fetched, { kind: 'feed' }>,
  { authorization, window, lease, signal }: Asked,
): Promise<{ decoded: StorableFeed; kept: Uid | null; keeper: Keeper }> {
  const { utility } = deps.connection
  const { authorizationUid } = authorization
  const ahead = isLarge(body) ? keepAhead(deps, authorizationUid, { body, window, mediaType, lease }) : null
  const read = await readFeed(body, ids, signal).catch(async (error: unknown) => {
    await ahead?.drop()
    throw error
  })
  const isWhole = read.body === body
  if (!isWhole) await ahead?.drop()
  if (read.foreign > 0) await alarmForeign(deps, authorization, read.foreign)
  const { body: own, size } = read
  const keeper = keeperOf(deps, authorizationUid, { body: own, size, window, mediaType, lease })
  const decoding = decodingOf(utility, fileQualityOf(utility, window.resource))
  return { ...(await keepAndDecode(read, decoding, { keeper, ahead: isWhole ? ahead : null })), keeper }
}

/** The requests that a file answers. */
const requestsOf = (
  { authorizationUid, resource }: OwedWindow,
  { registration: { registrationUid } }: Connection,
): Parameters<typeof closeRequests>[1] => ({ authorizationUid, registrationUid, read: resource })

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

function outcomeOf({ warnings, quarantined }: StorableFeed): object {
  return { warnings, quarantined }
}
