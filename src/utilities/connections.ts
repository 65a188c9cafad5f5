import { setTimeout as sleep } from 'node:timers/promises'

import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { reserveSlot } from '../storage/limits.ts'
import type { Quota, Slot } from '../storage/take-slot.ts'
import { findRegistration } from '../storage/registrations.ts'
import { claimTokenRequest } from '../storage/token-minutes.ts'
import type { Envelope } from '../storage/secrets.ts'
import type { Utility } from './contract.ts'
import { UtilityUnavailable } from './errors.ts'
import { openRegistration, type Registration } from './registration.ts'
import { type FetchLimits, openTransport, type Transport } from './transport.ts'

type LimitedTokens = Quota & { tokensPerMinute?: number | null }

/** A registration with its open way to the utility. */
export type Connection = { utility: Utility; registration: Registration; transport: Transport } & Limiter

export type Limiter = {
  /** What the limiter keeps: the utility's, or nothing where it is simulated (see limitSimulated). */
  quota: LimitedTokens
  /**
   * Waits for the right to send one request, within the utility's quota. For requests beside collection (tokens, the
   * check of a grant, the word that one has ended); the collector claims its own. Throws UtilityUnavailable
   * `quota_used_up` when the hour or the day holds no more.
   */
  admit: () => Promise<void>
  /** The same for a token request, which some utilities count by the minute as well. */
  admitToken: () => Promise<void>
}

/** The connections of this process, by registration: opened once, opened anew after a change of the registration. */
export type Connections = {
  /** Throws RangeError when there is no such registration, BadRegistration when it cannot be used. */
  of(registrationUid: Uid): Promise<Connection>
  /** The limiter of a registration alone, for one whose secrets are on trial. */
  limiterOf(of: Pick<Registration, 'registrationUid' | 'utility' | 'environment'>): Limiter
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

/**
 * Opens connections lazily. Each use reads the registration's row, so that a rotated certificate is taken at once; who asks
 * while it is being read shares the answer.
 */
export function openConnections(deps: ConnectionDeps): Connections {
  const retired: Transport[] = []
  const open = new Map<Uid, { updated: number; secrets: Buffer; connection: Connection }>()
  const reading = new Map<Uid, ReturnType<typeof read>>()
  const read = async (registrationUid: Uid): ReturnType<typeof findRegistration> => {
    try {
      return await deps.db.operator((tx) => findRegistration(tx, registrationUid))
    } finally {
      reading.delete(registrationUid)
    }
  }
  return {
    async of(registrationUid) {
      const asked = reading.get(registrationUid) ?? read(registrationUid)
      reading.set(registrationUid, asked)
      const row = await asked
      if (!row) throw new RangeError(`no registration ${registrationUid}`)
      const known = open.get(registrationUid)
      if (known?.updated === row.updated.getTime() && known.secrets.equals(row.secrets)) return known.connection
      const registration = openRegistration(row, deps.envelope)
      const { utility } = registration
      const transport = openTransport(utility, registration, deps)
      const connection: Connection = Object.assign(limiterOf(deps, registration), { utility, registration, transport })
      open.set(registrationUid, { updated: row.updated.getTime(), secrets: row.secrets, connection })
      // Who got the old one a moment ago may still use it; without requests its sockets end within seconds.
      if (known) retired.push(known.connection.transport)
      return connection
    },
    limiterOf: (registration) => limiterOf(deps, registration),
    async close() {
      const all = [...open.values()]
      open.clear()
      const transports = [...retired.splice(0), ...all.map(({ connection }) => connection.transport)]
      await Promise.all(transports.map((transport) => transport.close()))
    },
  }
}

const NO_QUOTA: Quota = { perSecond: null, perHour: null, perDay: null, dayStarts: null }

function limiterOf(
  deps: ConnectionDeps,
  { registrationUid, utility, environment }: Pick<Registration, 'registrationUid' | 'utility' | 'environment'>,
): Limiter {
  const isFree = environment === 'simulated' && deps.limitSimulated !== true
  const limiter: Limiter = {
    quota: isFree ? NO_QUOTA : utility.quota,
    admit: () => admit(deps, registrationUid, limiter.quota),
    admitToken: async () => {
      await admitToken(deps, registrationUid, limiter.quota)
      await limiter.admit()
    },
  }
  return limiter
}

async function admit(deps: ConnectionDeps, registrationUid: Uid, quota: Quota): Promise<void> {
  if (quota === NO_QUOTA) return
  const now = deps.now ?? (() => new Date())
  // The moment is that of the transaction: one that waited for the database for minutes would set the second back.
  const claim = (): Promise<Slot> => deps.db.operator((tx) => reserveSlot(tx, registrationUid, quota, now()))
  await waitForSlot(claim, { quota, now, wait: deps.wait ?? sleep })
}

const CLAIMS = 5
/** Slots are as much further apart than the utility demands (SPACING of storage/limits.ts). */
const LATE_MS = 50

/**
 * Claims a place in the quota and waits for its moment. One whose moment has passed by the time the database answers is
 * claimed anew, since others come after it: a database that stalls does not send two requests in one second. Where the
 * utility counts no seconds it is as good as any. Throws UtilityUnavailable `quota_used_up` when there is none.
 */
export async function waitForSlot(
  claim: () => Promise<Slot>,
  { quota, now, wait }: { quota: Quota; now: () => Date; wait: (ms: number) => Promise<unknown> },
): Promise<void> {
  const lateMs = quota.perSecond === null ? Infinity : LATE_MS
  for (let claims = 1; ; claims++) {
    const slot = await claim()
    const aheadMs = (slot.granted ? slot.at : slot.retryAt).getTime() - now().getTime()
    if (!slot.granted)
      throw new UtilityUnavailable('quota_used_up', { retryAfter: Math.max(1, Math.ceil(aheadMs / 1000)) })
    if (aheadMs <= -lateMs && claims < CLAIMS) continue
    if (aheadMs > 0) await wait(aheadMs)
    return
  }
}

const MINUTE_MS = 60_000
const MINUTES = 5

async function admitToken(
  deps: ConnectionDeps,
  registrationUid: Uid,
  { tokensPerMinute }: LimitedTokens,
): Promise<void> {
  if (tokensPerMinute === null || tokensPerMinute === undefined) return
  let now = deps.now?.() ?? new Date()
  for (let minute = 0; minute < MINUTES; minute++) {
    const claim = { limit: tokensPerMinute, now }
    if (await deps.db.operator((tx) => claimTokenRequest(tx, registrationUid, claim))) return
    const waitMs = MINUTE_MS - (now.getTime() % MINUTE_MS)
    await (deps.wait ?? sleep)(waitMs)
    now = new Date(Math.max(now.getTime() + waitMs, (deps.now?.() ?? new Date()).getTime()))
  }
  throw new UtilityUnavailable('quota_used_up', { retryAfter: MINUTE_MS / 1000 })
}
