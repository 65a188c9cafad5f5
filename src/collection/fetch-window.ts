import type { Tokens } from '../authorization/tokens.ts'
import type { Uid } from '../model/uid.ts'
import { type AuthorizationRow, getGranted, type Granted } from '../storage/authorizations.ts'
import type { Db } from '../storage/db.ts'
import type { Connection } from '../utilities/connections.ts'
import type { Espi } from '../utilities/contract.ts'
import { ClientRejected } from '../utilities/errors.ts'
import type { WireBody } from '../utilities/inflate.ts'
import type { OwnIds } from './is-foreign.ts'
import { oweNamed } from './owe-named.ts'
import type { PlannedWindow } from './plan-windows.ts'
import { requestAddress } from './request-address.ts'
import type { SharedFiles } from './shared-files.ts'
import { type BulkParts, splitCustomers } from './split-customers.ts'

export type FetchDeps = {
  db: Db
  tokens: Tokens
  now: () => Date
  /** Waits for the right to send one request; called right before each. Throws UtilityUnavailable `quota_used_up`. */
  admit: () => Promise<void>
  /** Bulk data that this process has fetched for others a moment ago; without it each customer's window fetches. */
  files?: SharedFiles<BulkFile>
  /** Waits until this window may read a body that takes much memory. */
  whenBig?: () => Promise<void>
}

/**
 * What a request brought: a feed, nothing (success without data), or a promise of the utility to notify us. ids: whose entries
 * may stand in the feed; null for a part of bulk data, which is cut out already.
 */
export type Fetched =
  | { kind: 'feed'; body: WireBody; mediaType: string; ids: OwnIds | null }
  | { kind: 'empty' }
  | { kind: 'promised' }

/** A bulk file, taken apart: each customer's part by the utility's id. */
export type BulkFile = { kind: 'file'; parts: BulkParts; mediaType: string } | Exclude<Fetched, { kind: 'feed' }>

/** What to ask for. owedSince: when the window was told of. */
export type WindowRequest = { connection: Connection; window: PlannedWindow; owedSince: Date; signal: AbortSignal }

const EMPTY = { kind: 'empty' } as const
const PROMISED = { kind: 'promised' } as const
const DAY_MS = 86_400_000
/** Files of many customers open with our own token. */
const ASKED_AS_OURSELVES: ReadonlySet<string> = new Set(['file', 'bulk_request'])

/**
 * Fetches one window under the grant in use (`before`, as of the lease); once more when a renewal has replaced it meanwhile and
 * the old one was refused.
 * Throws UtilityUnavailable, AuthorizationRevoked, ClientRejected, and FeedRejected for bulk data that cannot be taken apart.
 */
export async function fetchWindow(
  deps: FetchDeps,
  before: Granted,
  request: WindowRequest,
): Promise<{ authorization: AuthorizationRow; fetched: Fetched }> {
  try {
    return { ...before, fetched: await fetchUnder(deps, before, request) }
  } catch (error) {
    const after = await deps.db.operator((tx) => getGranted(tx, before.authorization.authorizationUid))
    const isReplaced = after.authorization.subscription !== before.authorization.subscription
    if (!isReplaced || !(error instanceof ClientRejected)) throw error
    return { ...after, fetched: await fetchUnder(deps, after, request) }
  }
}

async function fetchUnder(
  deps: FetchDeps,
  { authorization, subscriptionUri }: Granted,
  { connection, window, owedSince, signal }: WindowRequest,
): Promise<Fetched> {
  const { utility, registration, transport } = connection
  const { whenBig } = deps
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
    const { status, meaning, headers, body } = await transport.download(address, token, {
      signal,
      ...(whenBig && { whenBig }),
    })
    if (meaning === 'no-data') return EMPTY
    if (meaning === 'promised') return PROMISED
    // A file lives some days, and may be named before it is there; else an address that is not there is the profile's fault.
    if (meaning === 'gone') {
      const lives = owedSince.getTime() + utility.espi.fileRetentionDays * DAY_MS
      if (window.product === 'file') return status === 404 && deps.now().getTime() < lives ? PROMISED : EMPTY
      throw new ClientRejected('address_not_found', { status })
    }
    return { kind: 'feed', body, mediaType: headers['content-type'] ?? 'application/atom+xml', ids }
  }
  if (!isBulk) return await deps.tokens.withAccessToken(authorization.authorizationUid, get)
  const asOurselves = (): Promise<Fetched> => deps.tokens.withClientToken(registration.registrationUid, get)
  const { registrationUid } = registration
  if (isFile)
    return await fetchPart(deps, { registrationUid, address, asOurselves, ids, delivery: utility.espi.delivery })
  await asOurselves()
  return PROMISED // files are named in a notification
}

type PartRequest = {
  registrationUid: Uid
  address: string
  asOurselves: () => Promise<Fetched>
  ids: OwnIds
  delivery: Espi['delivery']
}

/** One customer's part of a bulk file, which is fetched and taken apart once for all customers of this process. */
async function fetchPart(
  deps: FetchDeps,
  { registrationUid, address, asOurselves, ids, delivery }: PartRequest,
): Promise<Fetched> {
  const { files } = deps
  const byCustomer = delivery === 'bulk-files'
  const fetchFile = async (): Promise<BulkFile> => {
    const fetched = await asOurselves()
    if (fetched.kind !== 'feed') return fetched
    const parts = await splitCustomers(fetched.body, byCustomer ? 'RetailCustomer' : 'Subscription')
    await oweNamed(deps, { registrationUid, file: address, delivery, owners: parts.owners })
    return { kind: 'file', parts, mediaType: fetched.mediaType }
  }
  const file = await (files ? files.get(address, fetchFile) : fetchFile())
  if (file.kind !== 'file') return file
  const body = await file.parts.get(byCustomer ? ids.retailCustomer : ids.subscription)
  return body === null ? EMPTY : { kind: 'feed', body, mediaType: file.mediaType, ids: null }
}
