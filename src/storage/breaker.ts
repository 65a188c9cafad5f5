import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { ensureRow, readLimit, swapLimit, TRIES } from './limit-rows.ts'

const BREAKER = { failures: 5, firstMs: 30_000, limitMs: 900_000 }

/** The utility answered: the breaker closes. */
export async function recordSuccess(tx: Tx, registrationUid: Uid): Promise<void> {
  await sql`
    update limits set failures = 0, open_until = null, trial_until = null, version = version + 1
     where registration_uid = ${registrationUid} and (failures > 0 or open_until is not null)`.execute(tx)
}

/**
 * The utility failed (no connection, 5xx): after five failures in a row the breaker opens for 30 s, twice as long after
 * each failed trial, 15 min at most. until: a Retry-After, never shortened. Returns when requests go out again, if open.
 */
export async function recordFailure(
  tx: Tx,
  registrationUid: Uid,
  { now, until = null }: { now: Date; until?: Date | null },
): Promise<Date | null> {
  await ensureRow(tx, registrationUid, now)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const row = await readLimit(tx, registrationUid)
    if (!row) return null
    const failures = row.failures + 1
    const over = failures - BREAKER.failures
    const own = over < 0 ? null : new Date(now.getTime() + Math.min(BREAKER.limitMs, BREAKER.firstMs * 2 ** over))
    const openUntil = [row.openUntil, own, until].reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null)
    if (await swapLimit(tx, row, { ...row, failures, openUntil, trialUntil: null })) return openUntil
  }
  return null
}
