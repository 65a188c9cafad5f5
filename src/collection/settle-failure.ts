import { FeedRejected } from '../espi/errors.ts'
import { backoffMs } from '../jobs/backoff.ts'
import { appendAlarm } from '../storage/audit.ts'
import { isDatabaseAway } from '../storage/database-away.ts'
import type { Db } from '../storage/db.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import { noteRefusedProducts, setProductAside } from '../storage/refused-products.ts'
import { failWindow, type OwedWindow, setWindowAside } from '../storage/windows.ts'
import type { Lease } from '../storage/write-gate.ts'
import { AuthorizationRevoked, ClientRejected, ForeignAddress, UtilityUnavailable } from '../utilities/errors.ts'
import { finishUpdate } from './finish-update.ts'
import { tellDelay } from './tell-delay.ts'

/**
 * What becomes of a window whose fetch failed: tried again after some time, or set aside until a person acts or the next
 * refresh. alarm: only the operator can end it.
 */
export type Verdict =
  | { kind: 'again'; reason: string; afterMs: number; alarm?: true }
  | { kind: 'aside'; reason: string; alarm?: true }
  | { kind: 'leave' }

const MINUTE = 60_000
/** With full jitter below an hour each, this many tries span about three days. */
const TRIES_UNAVAILABLE = 100
/** Some hours: what a gateway sends in a feed's place, or half of one, is over by then or a matter for a developer. */
const TRIES_UNREADABLE = 20
const TRIES_UNKNOWN = 8
/** The body is no feed, or not a whole one: the utility's trouble rather than a feed that we cannot read. */
const NO_WHOLE_FEED: ReadonlySet<string> = new Set(['not_xml', 'not_green_button', 'truncated'])

/**
 * Sorts a failure by who must act (docs/errors): nobody when the utility is down, the customer when the grant died, the
 * operator when the utility refuses our registration, a developer when a feed cannot be read.
 * random: 0 to 1, for the jitter of backoff.
 */
export function judgeFailure(error: unknown, attempts: number, random: () => number): Verdict {
  if (error instanceof LeaseLost) return { kind: 'leave' }
  if (error instanceof ConsentEnded) return { kind: 'aside', reason: error.code }
  if (error instanceof FeedRejected && !NO_WHOLE_FEED.has(error.code)) return { kind: 'aside', reason: error.code }
  if (error instanceof ForeignAddress) return { kind: 'aside', reason: error.code, alarm: true }
  if (error instanceof AuthorizationRevoked) return { kind: 'again', reason: error.code, afterMs: 0 }
  if (isNotInGrant(error)) return { kind: 'aside', reason: error.code, alarm: true }
  if (error instanceof ClientRejected) return { kind: 'again', reason: error.code, afterMs: 15 * MINUTE, alarm: true }
  // However often: it says nothing of the window.
  if (isDatabaseAway(error))
    return { kind: 'again', reason: 'database_away', afterMs: backoffMs(1, { random, baseMs: 2000 }) }
  const isDown = error instanceof UtilityUnavailable
  const reason = isDown || error instanceof FeedRejected ? error.code : 'unexpected_error'
  if (attempts + 1 >= triesFor(error)) return { kind: 'aside', reason }
  const retryAfterMs = isDown && error.retryAfter !== null ? error.retryAfter * 1000 : null
  return { kind: 'again', reason, afterMs: backoffMs(attempts + 1, { random, baseMs: 2000, retryAfterMs }) }
}

/** The grant lives and does not hold this product: asking again brings nothing, until it is renewed. */
const isNotInGrant = (error: unknown): error is ClientRejected =>
  error instanceof ClientRejected && error.code === 'not_in_grant'

function triesFor(error: unknown): number {
  if (error instanceof UtilityUnavailable) return TRIES_UNAVAILABLE
  return error instanceof FeedRejected ? TRIES_UNREADABLE : TRIES_UNKNOWN
}

/** Writes the verdict to the window, unless another worker has it by now, and alarms the operator where it is new. */
export async function settleFailure(
  db: Db,
  window: OwedWindow,
  lease: Lease,
  { verdict, now }: { verdict: Verdict; now: Date },
): Promise<void> {
  if (verdict.kind === 'leave') return
  const { authorizationUid, registrationUid, companyUid, product } = window
  const { reason } = verdict
  await db.operator(async (tx) => {
    if (verdict.alarm && window.reason !== reason) {
      const details = { code: reason, registrationUid, product }
      await appendAlarm(tx, { companyUid, authorizationUid, now, details })
    }
    if (verdict.kind === 'again') {
      const nextTry = new Date(now.getTime() + verdict.afterMs)
      // The first failure of a window is often over with the next try. The authorization's row goes first, as in a revocation.
      if (verdict.afterMs > 0 && window.attempts > 0)
        await tellDelay(tx, authorizationUid, { type: 'retrying', eta: nextTry, now })
      await failWindow(tx, authorizationUid, lease, { reason, nextTry })
      return
    }
    await setWindowAside(tx, authorizationUid, lease, { reason, now })
    if (reason === 'not_in_grant') await setProductAside(tx, authorizationUid, lease, now)
    await finishUpdate(tx, authorizationUid, now)
    if (reason === 'not_in_grant') await noteRefusedProducts(tx, authorizationUid, now)
  })
}
