import type { CustomerPath } from '../../../src/authorization/customer-path.ts'
import { readTokens } from '../../../src/authorization/grant-tokens.ts'
import { sweepAuthorizations } from '../../../src/authorization/jobs.ts'
import { openNotifications, type Notifications } from '../../../src/authorization/notifications.ts'
import { openCustomerPath } from '../../../src/authorization/open-customer-path.ts'
import { openTokens } from '../../../src/authorization/tokens.ts'
import { type Collector, openCollector } from '../../../src/collection/collector.ts'
import { judgeNotifications, oweRefreshes } from '../../../src/collection/jobs.ts'
import { followHint } from '../../../src/collection/judge-notifications.ts'
import { oweCollection } from '../../../src/collection/owe-collection.ts'
import { oweMissing } from '../../../src/collection/owe-missing.ts'
import type { Db, Tx } from '../../../src/storage/db.ts'
import { findGrant } from '../../../src/storage/grants.ts'
import { type Connection, type Connections, openConnections } from '../../../src/utilities/connections.ts'
import { UtilityUnavailable } from '../../../src/utilities/errors.ts'
import { FETCH_LIMITS, type Transport } from '../../../src/utilities/transport.ts'
import { type Ground, slugOf } from './ground.ts'
import type { OutboundWatch } from './outbound-watch.ts'
import type { Seeded } from './seeded.ts'
import { PUBLIC_URL } from './simulated-utilities.ts'
import type { Owner, Turns } from './turns.ts'

export const CONFIG = { publicUrl: PUBLIC_URL, operatorName: 'Operator', operatorEmail: 'operator@example.com' }
export const JOBS = {
  ...{ sweep: sweepAuthorizations, judge: judgeNotifications },
  ...{ refresh: oweRefreshes, missing: oweMissing },
} as const

/** What the processes of one seed share. */
export type Around = {
  ground: Ground
  turns: Turns
  random: Seeded
  watch: OutboundWatch
  problem: (text: string) => void
}

/** One process of the product, as src/app.ts puts it together, without the doorbell: losing it must lose nothing. */
export type SimulatedProcess = {
  owner: Owner
  db: Db
  path: CustomerPath
  collector: Collector
  notifications: Notifications
  /** Gets a usable access token, as whoever sends a request does. */
  useToken(authorizationUid: string): Promise<void>
  run(job: keyof typeof JOBS): Promise<void>
  /** Dies between two turns: nothing of it goes on. */
  die(): void
  close(): Promise<void>
}

/** The database of a process went away. */
export class DatabaseGone extends Error {
  override name = 'DatabaseGone'
}

/** A fault of the utility, of ours, of the network, or of the database, and nothing else. */
const EXPECTED = new Set(['DatabaseGone', 'LeaseLost', 'ConsentEnded', 'LeaseExpired', 'AbortError'])

/** No work looks for something to do more often. */
const LOOK_MS = 5000

export function openProcess(around: Around, name: string): SimulatedProcess {
  const { ground, turns, random, problem } = around
  const { envelope } = ground
  const owner: Owner = { name, isDead: false }
  const now = (): Date => new Date(turns.now())
  const wait = (ms: number): Promise<void> => turns.wait(owner, ms)
  // Who finds nothing looks again less often than the product does: who rings is said by the seed.
  const every = (ms: number, run: () => void): (() => void) => turns.every(owner, Math.max(ms, LOOK_MS), run)
  const db = (part: string): Db => inTurns(around, owner, part)
  const draw = (bytes: number): Uint8Array => random.bytes(bytes)
  const real = openConnections({ db: db('connections'), envelope, now, wait, limitSimulated: true })
  const connections: Connections = {
    ...real,
    of: async (registrationUid) => watched(around, owner, ground.utilities.limited(await real.of(registrationUid))),
  }
  const config = CONFIG
  // Who waits for another's refresh looks less often than the product does; the waiting is as long.
  const slowly = (ms: number): Promise<void> => wait(ms * 20)
  const tokens = openTokens({ db: db('tokens'), envelope, connections, now, random: draw, wait: slowly, config })
  const owe = async (tx: Tx, row: Parameters<typeof oweCollection>[1]): Promise<void> =>
    await oweCollection(tx, row, now())
  const path = openCustomerPath({ db: db('path'), envelope, connections, tokens, now, random: draw, config, owe })
  const oweResources: Parameters<typeof openNotifications>[0]['oweResources'] = async (tx, judged) =>
    void (await followHint(tx, judged, now()))
  const notifications = openNotifications({ db: db('notifications'), connections, tokens, now, oweResources })
  const collector = openCollector({
    ...{ db: db('collector'), envelope, connections, tokens, now, random: random.fraction, elapsedMs: turns.now },
    ...{ wait, lanes: 2, owner: name, every },
    log({ error, reason }, message) {
      const isKnown = EXPECTED.has(String(error)) || (reason !== undefined && reason !== 'unexpected_error')
      if (!isKnown) problem(`${name}: ${message}: ${String(error)}`)
    },
  })
  const jobsDb = db('jobs')
  const context = {
    ...{ db: jobsDb, now, collector, notifications, sendMail: () => Promise.resolve() },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    tell: { db: jobsDb, envelope, connections, tokens, now },
    sweep: { db: jobsDb, now, random: draw, config },
  }
  return {
    ...{ owner, db: db('api'), path, collector, notifications },
    useToken: async (uid) => {
      await tokens.withAccessToken(uid, () => Promise.resolve())
    },
    run: async (job) => await JOBS[job].run({}, { ...context, signal: new AbortController().signal }),
    die() {
      turns.bury(owner)
      void real.close()
    },
    async close() {
      await collector.close()
      await real.close()
    },
  }
}

/** What the database refuses of itself is a fault of a statement; whoever catches it knows only its name. */
function isStatementFault(error: unknown): error is Error {
  return error instanceof Error && error.name === 'error'
}

function inTurns({ ground, turns, problem }: Around, owner: Owner, part: string): Db {
  async function run<T>(work: () => Promise<T>): Promise<T> {
    const fate = await turns.park(owner, part, { isTransaction: true })
    if (fate === 'refused') throw new DatabaseGone('refused')
    const [settled] = await turns.during(async () => {
      await ground.writes.tellTime(turns.now())
      return await Promise.allSettled([work()])
    })
    if (settled.status === 'rejected') {
      if (isStatementFault(settled.reason)) problem(`${owner.name} ${part}: ${settled.reason.message}`)
      throw settled.reason
    }
    const result = settled.value
    if (fate === 'unanswered') throw new DatabaseGone('unanswered')
    return result
  }
  const db = ground.dbOf(owner.name)
  return {
    company: (companyUid, work) => run(() => db.company(companyUid, work)),
    operator: (work) => run(() => db.operator(work)),
    operatorShared: (works) => run(() => db.operatorShared(works)),
    readCompany: (companyUid, work) => run(() => db.readCompany(companyUid, work)),
    readOperator: (work) => run(() => db.readOperator(work)),
    close: () => Promise.resolve(),
  }
}

/** Requests go out at once; their answers wait for a turn, as long as the transport would wait for them. */
function watched({ turns, watch, ground }: Around, owner: Owner, connection: Connection): Connection {
  const { transport, utility } = connection
  const slug = slugOf(utility.id)
  async function exchange<T>(what: string, limitMs: number, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const [settled] = await turns.during(() => Promise.allSettled([send()]))
    const error = (): Error => new UtilityUnavailable('network', { outcomeUnknown: true })
    await turns.park(owner, `${slug} ${what}`, { isTransaction: false, signal, failAfter: { ms: limitMs, error } })
    if (settled.status === 'rejected') throw settled.reason
    return settled.value
  }
  const watchedTransport: Transport = {
    ...transport,
    async get(url, token, options = {}) {
      await turns.during(() => watch.sent(slug, url, token))
      const what = `GET ${new URL(url).pathname.split('/').slice(-2).join('/')}`
      return await exchange(what, FETCH_LIMITS.totalMs, () => transport.get(url, token, options), options.signal)
    },
    async download(url, token, options = {}) {
      await turns.during(() => watch.sent(slug, url, token))
      const what = `GET ${new URL(url).pathname.split('/').slice(-2).join('/')}`
      return await exchange(what, FETCH_LIMITS.totalMs, () => transport.download(url, token, options), options.signal)
    },
    async delete(url, token, options = {}) {
      await turns.during(() => watch.sent(slug, url, token))
      return await exchange('DELETE', FETCH_LIMITS.totalMs, () => transport.delete(url, token, options))
    },
    async post(url, request) {
      const refreshToken = new URLSearchParams(request.body).get('refresh_token')
      const leaseHolds =
        refreshToken !== null && (await turns.during(() => isLeaseLong(ground, refreshToken, turns.now())))
      const over = refreshToken === null ? () => undefined : watch.refreshing(refreshToken, leaseHolds)
      try {
        return await exchange('token', 60_000, () => transport.post(url, request), request.signal)
      } finally {
        over()
      }
    },
  }
  return { ...connection, transport: watchedTransport }
}

/** False when a refresh token leaves under a lease that may end before its answer; that of a grant that has just ended has none. */
async function isLeaseLong({ database, envelope }: Ground, refreshToken: string, now: number): Promise<boolean> {
  const rows = await database.admin('select authorization_uid::text as uid from grants where refresh_owner is not null')
  for (const { uid } of rows) {
    const grant = await database.db.operator((tx) => findGrant(tx, String(uid)))
    if (grant && readTokens(envelope, grant)?.refreshToken === refreshToken)
      return (grant.refreshUntil?.getTime() ?? 0) >= now + 60_000
  }
  return true
}
