import { FeedRejected } from '../espi/errors.ts'
import { lastSegment } from '../espi/href.ts'
import { MAX_NOTIFICATION_BYTES, parseBatchList } from '../espi/parse-batch-list.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { listByAuthorizationAddress } from '../storage/authorizations.ts'
import type { Db, Tx } from '../storage/db.ts'
import {
  findUnjudged,
  insertNotification,
  lastJudged,
  listUnjudged,
  markJudged,
  type NotificationRow,
} from '../storage/notifications.ts'
import { findRegistrationByKey } from '../storage/registrations.ts'
import type { Connection, Connections } from '../utilities/connections.ts'
import type { Tokens } from './tokens.ts'

/** What a notification is worth: addresses of data to fetch, and authorizations that changed. A hint, nothing else. */
export type Judged = { registrationUid: Uid; resources: string[]; changed: Uid[] }

export type NotificationDeps = {
  db: Db
  connections: Connections
  tokens: Tokens
  now: () => Date
  /** Called in the transaction that closes the notification: what its addresses name becomes owed there. */
  oweResources: (tx: Tx, judged: Judged) => Promise<void>
}

/** Addresses that one notification may name; the largest seen holds four. */
const MAX_RESOURCES = 500
const DAY_MS = 86_400_000
const BATCH = 100
/** More than can wait at a few registrations. */
const BATCHES = 100
/** An Authorization is asked about at once, and then once for all notices of this long. */
const ASKED_MS = 15_000

export type Notifications = {
  /**
   * Stores a notification before anything else. `unknown`: no registration has this key; `busy`: so many wait already
   * that the utility has to try again later. An empty body is a ping.
   */
  receive(key: string, body: Uint8Array): Promise<'stored' | 'unknown' | 'busy'>
  /** Judges one: allowed addresses only; a changed authorization is asked about first. null: judged before, or later. */
  judge(notificationUid: Uid): Promise<Judged | null>
  /** Judges what waits, oldest first. Returns how many. A utility that is down leaves its own for later. */
  judgePending(): Promise<number>
}

/** Notifications of utilities: stored at once, judged afterwards, so that the utility never waits and nothing is lost. */
export function openNotifications(deps: NotificationDeps): Notifications {
  const judge = async (notificationUid: Uid): Promise<Judged | null> => await judgeOne(deps, notificationUid)
  return {
    judge,
    async receive(key, body) {
      return await deps.db.operator(async (tx) => {
        const registration = await findRegistrationByKey(tx, key)
        if (!registration) return 'unknown'
        const { registrationUid } = registration
        const isWorthKeeping = body.length > 0 && body.length <= MAX_NOTIFICATION_BYTES
        if (!isWorthKeeping) return 'stored'
        return (await insertNotification(tx, { registrationUid, body, received: deps.now() })) ? 'stored' : 'busy'
      })
    },
    async judgePending() {
      const failed = new Set<Uid>()
      let judged = 0
      let after: Uid = '0'
      for (let batch = 0; batch < BATCHES; batch++) {
        const waiting = await deps.db.operator((tx) => listUnjudged(tx, { after, limit: BATCH }))
        for (const { notificationUid, registrationUid } of waiting) {
          after = notificationUid
          if (failed.has(registrationUid)) continue
          try {
            if (await judge(notificationUid)) judged++
          } catch {
            // Asked again in the next round: the notification is still there. Those of other utilities go on.
            failed.add(registrationUid)
          }
        }
        if (waiting.length < BATCH) break
      }
      return judged
    },
  }
}

async function judgeOne(deps: NotificationDeps, notificationUid: Uid): Promise<Judged | null> {
  const found = await deps.db.operator((tx) => findUnjudged(tx, notificationUid))
  if (!found) return null
  const { registrationUid } = found
  const connection = await deps.connections.of(registrationUid)
  const { allowed, foreign, outcome } = sortAddresses(connection, found.body)
  const at = deps.now()
  const asked = await addressesToAsk(deps, {
    found,
    addresses: allowed.filter((url) => isAuthorization(connection, url)),
  })
  if (asked === null) return null
  const changed: Uid[] = []
  for (const address of asked) changed.push(...(await checkAuthorizations(deps, { registrationUid, address })))
  const resources = allowed.filter((url) => !isAuthorization(connection, url))
  const judged = { registrationUid, resources, changed }
  await deps.db.operator(async (tx) => {
    const now = deps.now()
    if (foreign > 0) {
      const details = { registrationUid, notificationUid, count: foreign }
      await appendAudit(tx, { actor: 'utility', action: 'foreign_address', now, details })
    }
    await deps.oweResources(tx, judged)
    await markJudged(tx, { notificationUid, resources: allowed, outcome, now: at })
  })
  return judged
}

/**
 * Which Authorizations are to be asked about for a notification: not those asked since it came, which covers it. null: one
 * was asked a moment ago, and the notification waits its turn, so that a flood costs the utility a request now and then.
 */
async function addressesToAsk(
  deps: NotificationDeps,
  { found, addresses }: { found: NotificationRow; addresses: readonly string[] },
): Promise<string[] | null> {
  const { registrationUid, received } = found
  const since = new Date(received.getTime() - DAY_MS)
  return await deps.db.operator(async (tx) => {
    const asked: string[] = []
    for (const address of addresses) {
      const last = (await lastJudged(tx, { registrationUid, address, since }))?.getTime() ?? 0
      if (last > received.getTime()) continue
      if (last > deps.now().getTime() - ASKED_MS) return null
      asked.push(address)
    }
    return asked
  })
}

function sortAddresses(
  { transport }: Connection,
  body: Uint8Array,
): { allowed: string[]; foreign: number; outcome: string } {
  try {
    const named = parseBatchList(body).slice(0, MAX_RESOURCES)
    const allowed = named.filter((address) => transport.allowed(address) !== null)
    const foreign = named.length - allowed.length
    return { allowed, foreign, outcome: foreign > 0 ? 'foreign_addresses' : 'judged' }
  } catch (error) {
    if (error instanceof FeedRejected) return { allowed: [], foreign: 0, outcome: 'unreadable' }
    throw error
  }
}

/** An Authorization's address: the customer changed or ended a share at the utility. */
function isAuthorization({ utility, registration }: Connection, address: string): boolean {
  const [head = ''] = utility.espi.paths.authorization.split('{')
  const base = new URL(`${registration.addresses.resourceBase}/${head}`)
  return new URL(address).pathname.startsWith(base.pathname)
}

async function checkAuthorizations(
  deps: NotificationDeps,
  { registrationUid, address }: { registrationUid: Uid; address: string },
): Promise<Uid[]> {
  const id = lastSegment(address)
  if (id === null) return []
  const named = await deps.db.operator((tx) => listByAuthorizationAddress(tx, { registrationUid, address, id }))
  const changed: Uid[] = []
  for (const authorizationUid of named) {
    if (await deps.tokens.checkAtUtility(authorizationUid)) changed.push(authorizationUid)
  }
  return changed
}
