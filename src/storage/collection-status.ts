import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/**
 * Whether anything is open or set aside of an authorization, what its company reads of it now, and whether meters wait: most
 * windows that end change none of it, and then nothing else has to be asked or written.
 */
export async function readProgress(
  tx: Tx,
  authorizationUid: Uid,
): Promise<{ open: number; aside: number; status: string; message: string; pendingMeters: boolean } | null> {
  const { rows } = await sql<{ open: number; aside: number; status: string; message: string; pendingMeters: boolean }>`
    select a.status, a.status_message as message, w.open, w.aside,
           exists (select from meters m where m.authorization_uid = ${authorizationUid} and m.status = 'pending')
             as "pendingMeters"
      from authorizations a,
           (select count(*) filter (where state in ('owed', 'leased', 'waiting'))::int as open,
                   count(*) filter (where state = 'aside')::int as aside
              from windows where authorization_uid = ${authorizationUid} and state <> 'done') w
     where a.authorization_uid = ${authorizationUid}`.execute(tx)
  return rows[0] ?? null
}

const withoutDelays = sql.raw(`(select coalesce(jsonb_agg(note), '[]') from jsonb_array_elements(notes) note
  where note->>'type' not in ('retrying', 'pending_manual'))`)

/**
 * Adds a note to an authorization that is being collected, and to its meters that wait; null: it has a note of that type
 * already, or nothing is being collected. Returns those meters, oldest first.
 */
export async function noteDelay(
  tx: Tx,
  authorizationUid: Uid,
  note: { type: 'retrying' | 'pending_manual'; msg: string; eta: Date; now: Date },
): Promise<Uid[] | null> {
  const { type, msg, eta, now } = note
  const added = sql`notes || jsonb_build_object('type', ${type}::text, 'msg', ${msg}::text, 'ts', ${now}::timestamptz,
    'eta', ${eta}::timestamptz)`
  const isNew = sql`status = 'pending' and not notes @> jsonb_build_array(jsonb_build_object('type', ${type}::text))`
  const { numAffectedRows } = await sql`
    update authorizations set notes = ${added}
     where authorization_uid = ${authorizationUid} and state = 'active' and ${isNew}`.execute(tx)
  if (numAffectedRows !== 1n) return null
  const { rows } = await sql<{ uid: Uid }>`
    update meters set notes = ${added} where authorization_uid = ${authorizationUid} and ${isNew}
    returning meter_uid as uid`.execute(tx)
  return rows.map(({ uid }) => uid).toSorted((a, b) => Number(a) - Number(b))
}

/** Sets what a company reads of the state of collection. False when it read so already: nothing happened. */
export async function setAuthorizationStatus(
  tx: Tx,
  authorizationUid: Uid,
  { status, message, now }: { status: 'pending' | 'updated' | 'errored'; message: string; now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update authorizations
       set status = ${status}, status_message = ${message}, status_ts = ${now}, updated = ${now},
           notes = case when ${status} = 'updated' then jsonb_build_array(
             jsonb_build_object('type', 'access_valid', 'msg', 'The utility accepts the authorization.', 'ts', ${now}::timestamptz),
             jsonb_build_object('type', 'meters_full', 'msg', 'All meters found.', 'ts', ${now}::timestamptz))
             else ${withoutDelays} end
     where authorization_uid = ${authorizationUid} and state = 'active' and (status <> ${status} or status_message <> ${message})`.execute(
    tx,
  )
  return numAffectedRows === 1n
}

/** Ends the collection of the meters whose status is pending; returns them, oldest first. */
export async function settlePendingMeters(
  tx: Tx,
  authorizationUid: Uid,
  { status, message, now }: { status: 'updated' | 'errored'; message: string; now: Date },
): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    update meters set status = ${status}, status_message = ${message}, status_ts = ${now}
     where authorization_uid = ${authorizationUid} and status = 'pending'
    returning meter_uid as uid`.execute(tx)
  return rows.map(({ uid }) => uid).toSorted((a, b) => Number(a) - Number(b))
}

/** The notes of a meter that say which of its products are complete, from what is stored of it. */
export async function setMeterNotes(tx: Tx, authorizationUid: Uid, now: Date): Promise<void> {
  await sql`
    update meters set notes = jsonb_build_array(
        jsonb_build_object('type', 'access_valid', 'msg', 'The utility accepts the authorization.', 'ts', ${now}::timestamptz),
        jsonb_build_object('type', 'meter_full', 'msg', 'All meter details found.', 'ts', ${now}::timestamptz),
        case when bill_count > 0
          then jsonb_build_object('type', 'bills_full', 'msg', 'All bills collected.', 'ts', ${now}::timestamptz)
          else jsonb_build_object('type', 'bills_full', 'msg', 'The utility has no bills of this meter yet.', 'ts', ${now}::timestamptz) end,
        case when interval_count > 0
          then jsonb_build_object('type', 'intervals_full', 'msg', 'All intervals collected.', 'ts', ${now}::timestamptz)
          else jsonb_build_object('type', 'intervals_empty', 'msg', 'The utility has no intervals of this meter.', 'ts', ${now}::timestamptz) end)
     where authorization_uid = ${authorizationUid}`.execute(tx)
}
