import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { LimitState } from './take-slot.ts'

/** Tries to write a row that others write, too. */
export const TRIES = 20

/** The states of all registrations, for the status page. */
export async function listLimits(tx: Tx): Promise<(LimitState & { registrationUid: Uid })[]> {
  const { rows } = await sql<LimitState & { registrationUid: Uid }>`
    select registration_uid as "registrationUid", ${COLUMNS} from limits order by registration_uid`.execute(tx)
  return rows
}

const COLUMNS = sql.raw(
  `next_slot as "nextSlot", minutes, hour_used as "hourUsed", day_starts as "dayStarts", day_used as "dayUsed", failures,
   open_until as "openUntil", trial_until as "trialUntil", fresh_from as "freshFrom", history_from as "historyFrom"`,
)

/** Makes the row of a registration where it has none yet. */
export async function ensureRow(tx: Tx, registrationUid: Uid, now: Date): Promise<void> {
  await sql`
    insert into limits (registration_uid, next_slot, day_starts) values (${registrationUid}, ${now}, ${now})
    on conflict (registration_uid) do nothing`.execute(tx)
}

/** A row as it was read. second: the row that keeps the second, where that is another. */
type ReadRow = LimitState & { registrationUid: Uid; version: string; second: Version | null }
type Version = { registrationUid: Uid; version: string }

/** The row of a registration; undefined where it has none. */
export async function readLimit(tx: Tx, registrationUid: Uid): Promise<ReadRow | undefined> {
  const { rows } = await sql<LimitState & { version: string }>`
    select version, ${COLUMNS} from limits where registration_uid = ${registrationUid}`.execute(tx)
  return rows[0] && { ...rows[0], registrationUid, second: null }
}

/** The row of a registration with the next slot that `secondOf` tells; undefined when a row had to be made first. */
export async function readWithSecond(
  tx: Tx,
  registrationUid: Uid,
  secondOf: Uid,
  now: Date,
): Promise<ReadRow | undefined> {
  const row = await readLimit(tx, registrationUid)
  const second = secondOf === registrationUid ? row : await readLimit(tx, secondOf)
  if (!row) await ensureRow(tx, registrationUid, now)
  else if (!second) await ensureRow(tx, secondOf, now)
  else return second === row ? row : { ...row, nextSlot: second.nextSlot, second }
  return undefined
}

/**
 * Writes what became of a row, unless another has written it since. Where the second is kept elsewhere that row goes first,
 * so that no two claims wait for each other; should the other fail, a second is left unused.
 */
export async function swapLimit(
  tx: Tx,
  { registrationUid, version, second }: ReadRow,
  next: LimitState,
): Promise<boolean> {
  if (second !== null) {
    const { numAffectedRows } = await sql`
      update limits set version = version + 1, next_slot = ${next.nextSlot}
       where registration_uid = ${second.registrationUid} and version = ${second.version}`.execute(tx)
    if (numAffectedRows !== 1n) return false
  }
  const { numAffectedRows } = await sql`
    update limits set version = version + 1, next_slot = ${next.nextSlot}, minutes = ${JSON.stringify(next.minutes)}::jsonb,
           hour_used = ${next.hourUsed}, day_starts = ${next.dayStarts}, day_used = ${next.dayUsed},
           failures = ${next.failures}, open_until = ${next.openUntil}, trial_until = ${next.trialUntil},
           fresh_from = ${next.freshFrom}, history_from = ${next.historyFrom}
     where registration_uid = ${registrationUid} and version = ${version}`.execute(tx)
  return numAffectedRows === 1n
}
