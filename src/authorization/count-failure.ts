import type { Uid } from '../model/uid.ts'
import type { Db } from '../storage/db.ts'
import { recordFailure } from '../storage/breaker.ts'
import { UtilityUnavailable } from '../utilities/errors.ts'

/**
 * What a customer meets tells of the utility like a failed request of collection: a failure of the utility counts in the
 * breaker of its registration, any other does not. An open breaker holds no customer up.
 */
export async function countFailure(
  { db, now }: { db: Db; now: () => Date },
  registrationUid: Uid,
  error: unknown,
): Promise<void> {
  if (!(error instanceof UtilityUnavailable) || error.code === 'quota_used_up') return
  const until = error.retryAfter === null ? null : new Date(now().getTime() + error.retryAfter * 1000)
  await db.operator((tx) => recordFailure(tx, registrationUid, { now: now(), until }))
}
