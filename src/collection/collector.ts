import { backoffMs } from '../jobs/backoff.ts'
import { underLease } from '../jobs/lease.ts'
import type { Uid } from '../model/uid.ts'
import { findGranted } from '../storage/authorizations.ts'
import type { Db } from '../storage/db.ts'
import { recordFailure, recordSuccess } from '../storage/breaker.ts'
import { sideBySide } from '../storage/side-by-side.ts'
import {
  awaitWindow,
  extendLease,
  findCandidates,
  handBackWindow,
  leaseWindow,
  type OwedWindow,
  sweepLeases,
} from '../storage/windows.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import type { Lease } from '../storage/write-gate.ts'
import type { Connections } from '../utilities/connections.ts'
import { UtilityUnavailable } from '../utilities/errors.ts'
import { admitWindow } from './admit-window.ts'
import { type Claim, claimTogether } from './claim-together.ts'
import { type CollectDeps, collectWindow } from './collect-window.ts'
import type { BulkFile } from './fetch-window.ts'
import { fewAtATime } from './few-at-a-time.ts'
import { type Commit, openGroupCommit } from './group-commit.ts'
import { finishAnswered } from './owe-named.ts'
import { judgeFailure, settleFailure } from './settle-failure.ts'
import { openSharedFiles } from './shared-files.ts'
import { shareLanes } from './share-lanes.ts'
import { tellDelay } from './tell-delay.ts'

export type CollectorDeps = Omit<CollectDeps, 'admit' | 'connection' | 'granted' | 'commit'> & {
  connections: Connections
  /** This process, in leases. */
  owner: string
  random: () => number
  /** Windows in work at a time. */
  lanes: number
  /** Waits for the moment of a slot, some seconds at most. */
  wait: (ms: number) => Promise<unknown>
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number
  /** Calls `run` every `ms` until the returned function is called. */
  every: (ms: number, run: () => void) => () => void
  /** Something worth telling the operator: ids and codes only. */
  log: (fields: Record<string, unknown>, message: string) => void
}

/** The worker of one process: takes what is due, some lanes at a time, until there is nothing left. */
export type Collector = {
  /** There is something new: look now. */
  ring(): void
  /** Resolves when nothing is due any more. */
  idle(): Promise<void>
  /** Hands back what is in work and stops. */
  close(): Promise<void>
}

const LEASE_MS = 30_000
const SWEEP_MS = 10_000
const LOOK_MS = 1000
/** So many windows are looked up at a time; what waits longer than a second is looked up again. */
const FOUND = 256
/** Windows in work whose body takes much memory. */
const BIG_AT_A_TIME = 4

/** Starts collecting. Losing every doorbell loses nothing: the tables are looked at once a second, too. */
export function openCollector(given: CollectorDeps): Collector {
  const deps = {
    ...given,
    files: openSharedFiles<BulkFile>(given.now),
    claim: claimTogether(given.db, given.now),
    takeBig: fewAtATime(BIG_AT_A_TIME),
    ...commits(given.db),
  }
  const shares = shareLanes(deps.lanes)
  const stop = new AbortController()
  const inWork = new Set<Promise<void>>()
  let looking: Promise<void> | null = null
  let again = false
  let found: OwedWindow[] = []

  async function look(): Promise<void> {
    do {
      again = false
      if (inWork.size >= deps.lanes || stop.signal.aborted) return
      leaveCrowded()
      if (found.length === 0) {
        const without = shares.crowded()
        found = await deps.db.operator((tx) => findCandidates(tx, { now: deps.now(), limit: FOUND, without }))
      }
      while (inWork.size < deps.lanes) {
        const window = found.shift()
        if (window === undefined) break
        start(window)
        leaveCrowded()
      }
    } while (again)
  }

  /** What waits for a registration that has its share is looked for again when that has room. */
  function leaveCrowded(): void {
    const crowded = new Set<Uid | null>(shares.crowded())
    if (crowded.size > 0) found = found.filter(({ registrationUid }) => !crowded.has(registrationUid))
  }

  function start(window: OwedWindow): void {
    const leave = shares.enter(window.registrationUid ?? '')
    const work = runWindow(deps, window, stop.signal)
      .catch((error: unknown) => {
        deps.log({ error: nameOf(error) }, 'collection failed unexpectedly')
        return 'ended' as const
      })
      .then((end) => {
        leave(end === 'refused')
        inWork.delete(work)
        goOn()
      })
    inWork.add(work)
  }

  function goOn(): void {
    again = true
    if (stop.signal.aborted) return
    looking ??= look()
      .catch((error: unknown) => deps.log({ error: nameOf(error) }, 'looking for owed windows failed'))
      .finally(() => {
        looking = null
      })
  }

  /** What was found is looked for anew: something may have come that goes before it. */
  function ring(): void {
    found = []
    goOn()
  }

  const stopLooking = deps.every(LOOK_MS, ring)
  function sweep(): void {
    deps.db
      .operator((tx) => sweepLeases(tx, { now: deps.now() }))
      .catch((error: unknown) => deps.log({ error: nameOf(error) }, 'sweeping leases failed'))
  }

  const stopSweeping = deps.every(SWEEP_MS, sweep)
  sweep() // what a process held that was killed may have run out long ago

  return {
    ring,
    async idle() {
      ring()
      for (;;) {
        await Promise.all([looking, ...inWork])
        if (looking === null && inWork.size === 0) return
      }
    },
    async close() {
      stop.abort()
      stopLooking()
      stopSweeping()
      await looking
      await Promise.all(inWork)
    },
  }
}

/** Leases wait neither for what is being stored nor the other way round. */
const commits = (db: Db): { commit: Commit; commitLease: Commit } => ({
  commit: openGroupCommit(db),
  commitLease: openGroupCommit(db),
})

type Opened = CollectorDeps & ReturnType<typeof commits> & { claim: Claim; takeBig: ReturnType<typeof fewAtATime> }

/** Returns `refused` when the quota left no slot for the window. */
async function runWindow(deps: Opened, window: OwedWindow, signal: AbortSignal): Promise<'ended' | 'refused'> {
  const { authorizationUid, registrationUid } = window
  const { db, now, owner } = deps
  if (registrationUid === null) return 'ended'
  const until = new Date(now().getTime() + LEASE_MS)
  const leased = await deps.commitLease(authorizationUid, async (tx) => {
    const [lease, granted] = await sideBySide(
      leaseWindow(tx, authorizationUid, window, { owner, until, now: now() }),
      findGranted(tx, authorizationUid),
    )
    return lease && granted && { lease, granted }
  })
  if (!leased) return 'ended'
  const { lease, granted } = leased
  // Most requests go out while all is well: then there is no failure to be taken back.
  let afterFailures = false
  const answered = async (): Promise<void> => {
    if (afterFailures) await db.operator((tx) => recordSuccess(tx, registrationUid))
  }
  let big: Promise<() => void> | null = null
  const whenBig = async (): Promise<void> => void (await (big ??= deps.takeBig(signal)))
  try {
    const connection = await deps.connections.of(registrationUid)
    const admit = async (): Promise<void> => {
      if (await admitWindow(deps, { quota: connection.quota, registrationUid }, window)) afterFailures = true
    }
    const keeper = {
      leaseMs: LEASE_MS,
      extend: (to: Date) => db.operator((tx) => extendLease(tx, authorizationUid, lease, { until: to, now: now() })),
      isLost: (error: unknown) => error instanceof LeaseLost || error instanceof ConsentEnded,
      now,
      elapsedMs: deps.elapsedMs,
      every: deps.every,
      signal,
    }
    const settled = await underLease(keeper, (running) =>
      collectWindow({ ...deps, connection, granted, admit, whenBig }, window, lease, running),
    )
    await answered()
    if (settled && window.isUnread) await finishAnswered(deps, registrationUid)
    if (!settled)
      await waitForNotification(deps, window, { lease, pollSeconds: connection.utility.notifications.pollSeconds })
  } catch (error) {
    const { isTest } = granted.authorization
    await fail(deps, { window, lease, registrationUid, isTest, signal, answered }, error)
    if (isOurs(error)) return 'refused'
  } finally {
    await giveBack(big)
  }
  return 'ended'
}

async function giveBack(big: Promise<() => void> | null): Promise<void> {
  const [taken] = await Promise.allSettled([big])
  if (taken.status === 'fulfilled') taken.value?.()
}

/** After so many promises that were not kept, some minutes at most utilities, the company is told. */
const PROMISES = 3

/** The utility will notify us. In case it forgets, it is asked again: after what the profile says, then less and less often. */
async function waitForNotification(
  deps: CollectorDeps,
  window: OwedWindow,
  { lease, pollSeconds }: { lease: Lease; pollSeconds: number },
): Promise<void> {
  const waitMs = pollSeconds * 1000 * 2 ** Math.min(window.attempts, 8) + backoffMs(1, { random: deps.random })
  const now = deps.now()
  const nextTry = new Date(now.getTime() + waitMs)
  await deps.db.operator(async (tx) => {
    if (window.attempts >= PROMISES)
      await tellDelay(tx, window.authorizationUid, { type: 'pending_manual', eta: nextTry, now })
    await awaitWindow(tx, window.authorizationUid, lease, { reason: 'awaiting_notification', nextTry })
  })
}

type Failed = {
  window: OwedWindow
  lease: Lease
  registrationUid: Uid
  isTest: boolean
  signal: AbortSignal
  answered: () => Promise<void>
}

async function fail(
  deps: CollectorDeps,
  { window, lease, registrationUid, isTest, signal, answered }: Failed,
  error: unknown,
): Promise<void> {
  const { authorizationUid } = window
  const now = deps.now()
  const until = retryAfterOf(error, now)
  if (signal.aborted || isOurs(error)) {
    await deps.db.operator((tx) => handBackWindow(tx, authorizationUid, lease, until ?? now))
    return
  }
  // A test that has asked for failures tells nothing of the utility: nobody else waits for it.
  if (error instanceof UtilityUnavailable && !isTest) {
    await deps.db.operator((tx) => recordFailure(tx, registrationUid, { now, until }))
  } else await answered() // whatever it said
  const verdict = judgeFailure(error, window.attempts, deps.random)
  const reason = 'reason' in verdict ? verdict.reason : verdict.kind
  deps.log(
    { authorizationUid, product: window.product, reason, verdict: verdict.kind, error: nameOf(error) },
    'window not collected',
  )
  await settleFailure(deps.db, window, lease, { verdict, now })
}

/** Our own limiter stood in the way: nothing has failed. */
const isOurs = (error: unknown): boolean => error instanceof UtilityUnavailable && error.code === 'quota_used_up'

function retryAfterOf(error: unknown, now: Date): Date | null {
  if (!(error instanceof UtilityUnavailable) || error.retryAfter === null) return null
  return new Date(now.getTime() + error.retryAfter * 1000)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
