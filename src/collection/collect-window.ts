import { FeedRejected } from '../espi/errors.ts'
import type { DecodedFeed } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import type { AuthorizationRow } from '../storage/authorizations.ts'
import { countProducts } from '../storage/count-products.ts'
import { saveRawFeed, setOutcome } from '../storage/raw-feeds.ts'
import type { Envelope } from '../storage/secrets.ts'
import { closeRequests } from '../storage/window-hints.ts'
import { finishWindow, type OwedWindow } from '../storage/windows.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import type { Connections } from '../utilities/connections.ts'
import type { Utility } from '../utilities/contract.ts'
import { decodeParsed, type Decoding, decodingOf, fileQualityOf } from '../utilities/decode.ts'
import { type FetchDeps, fetchWindow } from './fetch-window.ts'
import { finishUpdate } from './finish-update.ts'
import { oweDiscovery, oweUsagePoints } from './owe-found.ts'
import { CLASSES_OF, plannedOf, type PlannedWindow } from './plan-windows.ts'
import { readFeed, type ReadFeed } from './read-feed.ts'
import { storeFeed } from './store-feed.ts'

export type CollectDeps = FetchDeps & { envelope: Envelope; connections: Connections }

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
  const { authorization, fetched } = await fetchWindow(deps, owed.authorizationUid, asked)
  if (fetched.kind === 'promised') return false

  const { utility } = connection
  if (fetched.kind === 'empty') {
    if (await isTooEarly(deps, authorization, { utility, window })) return false
    await db.operator(async (tx) => {
      await finishWindow(tx, owed.authorizationUid, lease, now())
      await finishUpdate(tx, owed.authorizationUid, now())
    })
    return true
  }

  const read = await readFeed(fetched.body, fetched.ids, signal)
  if (read.foreign > 0) await alarmForeign(deps, authorization, read.foreign)
  const { decoded, rawFeedUid } = await keepAndDecode(deps, owed.authorizationUid, {
    read,
    window,
    mediaType: fetched.mediaType,
    lease,
    decoding: decodingOf(utility, fileQualityOf(utility, window.resource)),
  })
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

type ToKeep = { read: ReadFeed; window: PlannedWindow; mediaType: string; lease: Lease; decoding: Decoding }

/**
 * Keeps the raw feed and decodes it, at once, as the database works beside us. It is kept whatever becomes of decoding, so
 * that a better decoder can replay it; where it may not be kept, since lease or consent ended, nothing else counts.
 */
async function keepAndDecode(
  { db, envelope, now }: CollectDeps,
  authorizationUid: Uid,
  { read, window, mediaType, lease, decoding }: ToKeep,
): Promise<{ decoded: DecodedFeed; rawFeedUid: Uid }> {
  const { product, resource } = window
  const { wire: body, coding } = read.body
  const raw = { product, resource, mediaType, body, ...(coding === 'gzip' ? { inflatedSize: read.size } : {}) }
  const [kept, decoded] = await Promise.allSettled([
    db.operator(async (tx) => {
      await enterWrite(tx, authorizationUid, { dataClass: CLASSES_OF[product], fence: lease, now: now() })
      return await saveRawFeed(tx, authorizationUid, raw, { envelope, now: now() })
    }),
    read.feed instanceof FeedRejected ? Promise.reject(read.feed) : decodeParsed(read.feed, decoding),
  ])
  if (kept.status === 'rejected') throw kept.reason
  if (decoded.status === 'rejected') throw decoded.reason
  return { decoded: decoded.value, rawFeedUid: kept.value.rawFeedUid }
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
