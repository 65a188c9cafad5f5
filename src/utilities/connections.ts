import { setTimeout as sleep } from 'node:timers/promises'

import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { type Quota, reserveSlot } from '../storage/limits.ts'
import { findRegistration } from '../storage/registrations.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Utility } from './contract.ts'
import { UtilityUnavailable } from './errors.ts'
import { openRegistration, type Registration } from './registration.ts'
import { type FetchLimits, openTransport, type Transport } from './transport.ts'

/** A registration with its open way to the utility. */
export type Connection = {
  utility: Utility
  registration: Registration
  transport: Transport
  /** What the limiter keeps: the utility's, or nothing where it is simulated (see limitSimulated). */
  quota: Quota
  /**
   * Waits for the right to send one request, within the utility's quota. For requests beside collection (tokens, the
   * check of a grant, the word that one has ended); the collector claims its own. Throws UtilityUnavailable
   * `quota_used_up` when the hour or the day holds no more.
   */
  admit: () => Promise<void>
}

/** The connections of this process, by registration: opened once, opened anew after a change of the registration. */
export type Connections = {
  /** Throws RangeError when there is no such registration, BadRegistration when it cannot be used. */
  of(registrationUid: Uid): Promise<Connection>
  close(): Promise<void>
}

export type ConnectionDeps = {
  db: Db
  envelope: Envelope
  now?: () => Date
  fetchLimits?: Partial<FetchLimits>
  wait?: (ms: number) => Promise<unknown>
  /** Simulated utilities have no quota, unless a test wants to see it kept. */
  limitSimulated?: boolean
}

/** Opens connections lazily. Each use reads the registration's row, so that a rotated certificate is taken at once. */
export function openConnections(deps: ConnectionDeps): Connections {
  const open = new Map<Uid, { updated: number; connection: Connection }>()
  return {
    async of(registrationUid) {
      const row = await deps.db.operator((tx) => findRegistration(tx, registrationUid))
      if (!row) throw new RangeError(`no registration ${registrationUid}`)
      const known = open.get(registrationUid)
      if (known?.updated === row.updated.getTime()) return known.connection
      const registration = openRegistration(row, deps.envelope)
      const { utility } = registration
      const transport = openTransport(utility, registration, deps)
      const isFree = registration.environment === 'simulated' && deps.limitSimulated !== true
      const quota = isFree ? NO_QUOTA : utility.quota
      const connection: Connection = {
        ...{ utility, registration, transport, quota },
        admit: () => admit(deps, registrationUid, connection.quota),
      }
      open.set(registrationUid, { updated: row.updated.getTime(), connection })
      // Requests of the old pool end by themselves; close() waits for them.
      void known?.connection.transport.close()
      return connection
    },
    async close() {
      const all = [...open.values()]
      open.clear()
      await Promise.all(all.map(({ connection }) => connection.transport.close()))
    },
  }
}

const NO_QUOTA: Quota = { perSecond: null, perHour: null, perDay: null, dayStarts: null }

async function admit(deps: ConnectionDeps, registrationUid: Uid, quota: Quota): Promise<void> {
  if (quota === NO_QUOTA) return
  const now = deps.now?.() ?? new Date()
  const slot = await deps.db.operator((tx) => reserveSlot(tx, registrationUid, quota, now))
  if (!slot.granted) {
    const retryAfter = Math.max(1, Math.ceil((slot.retryAt.getTime() - now.getTime()) / 1000))
    throw new UtilityUnavailable('quota_used_up', { retryAfter })
  }
  const waitMs = slot.at.getTime() - now.getTime()
  if (waitMs > 0) await (deps.wait ?? sleep)(waitMs)
}
