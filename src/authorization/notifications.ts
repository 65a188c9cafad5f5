import { FeedRejected } from '../espi/errors.ts'
import { lastSegment } from '../espi/href.ts'
import { MAX_NOTIFICATION_BYTES, parseBatchList } from '../espi/parse-batch-list.ts'
import type { Uid } from '../model/uid.ts'
import { appendAudit } from '../storage/audit.ts'
import { listByAuthorizationAddress } from '../storage/authorizations.ts'
import type { Db, Tx } from '../storage/db.ts'
import { findUnjudged, insertNotification, listUnjudged, markJudged } from '../storage/notifications.ts'
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
const BATCH = 100

export type Notifications = {
  /** Stores a notification before anything else. False when no registration has this key. An empty body is a ping. */
  receive(key: string, body: Uint8Array): Promise<boolean>
  /** Judges one: allowed addresses only; a changed authorization is asked about first. null: judged before. */
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
        if (!registration) return false
        const { registrationUid } = registration
        const isWorthKeeping = body.length > 0 && body.length <= MAX_NOTIFICATION_BYTES
        if (isWorthKeeping) await insertNotification(tx, { registrationUid, body, received: deps.now() })
        return true
      })
    },
    async judgePending() {
      const waiting = await deps.db.operator((tx) => listUnjudged(tx, BATCH))
      let judged = 0
      for (const notificationUid of waiting) {
        try {
          if (await judge(notificationUid)) judged++
        } catch {
          // Asked again in the next round: the notification is still there.
        }
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
  const changed: Uid[] = []
  for (const address of allowed.filter((url) => isAuthorization(connection, url))) {
    changed.push(...(await checkAuthorizations(deps, { registrationUid, address })))
  }
  const resources = allowed.filter((url) => !isAuthorization(connection, url))
  const judged = { registrationUid, resources, changed }
  await deps.db.operator(async (tx) => {
    const now = deps.now()
    if (foreign > 0) {
      const details = { registrationUid, notificationUid, count: foreign }
      await appendAudit(tx, { actor: 'utility', action: 'foreign_address', now, details })
    }
    await deps.oweResources(tx, judged)
    await markJudged(tx, { notificationUid, resources: allowed, outcome, now })
  })
  return judged
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
