import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { EventRow } from './events.ts'
import { cutPage, type Page } from './list-page.ts'

export type EventFilter = { uids: Uid[] | null; isDelivered: boolean | null; after: Uid | null; limit: number }

/** A company's events, newest first, `after` exclusive. Runs under row-level security. */
export async function listEventPage(tx: Tx, { uids, isDelivered, after, limit }: EventFilter): Promise<Page<EventRow>> {
  const { rows } = await sql<EventRow>`
    select authorization_uid as "authorizationUid", event_uid as "eventUid", company_uid as "companyUid", type, ts,
           meter_uid as "meterUid", form_uid as "formUid", is_delivered as "isDelivered", details
      from events
     where (${uids}::bigint[] is null or event_uid = any(${uids}::bigint[]))
       and (${isDelivered}::boolean is null or is_delivered = ${isDelivered}::boolean)
       and (${after}::bigint is null or event_uid < ${after}::bigint)
     order by event_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** Marks an event as delivered or not. */
export async function setEventDelivered(
  tx: Tx,
  { authorizationUid, eventUid }: Pick<EventRow, 'authorizationUid' | 'eventUid'>,
  isDelivered: boolean,
): Promise<void> {
  await sql`
    update events set is_delivered = ${isDelivered}
     where authorization_uid = ${authorizationUid} and event_uid = ${eventUid}`.execute(tx)
}

/** One event by its uid; null when there is none. */
export async function findEvent(
  tx: Tx,
  { authorizationUid, eventUid }: { authorizationUid: Uid; eventUid: Uid },
): Promise<EventRow | null> {
  const { rows } = await sql<EventRow>`
    select authorization_uid as "authorizationUid", event_uid as "eventUid", company_uid as "companyUid", type, ts,
           meter_uid as "meterUid", form_uid as "formUid", is_delivered as "isDelivered", details
      from events where authorization_uid = ${authorizationUid} and event_uid = ${eventUid}`.execute(tx)
  return rows[0] ?? null
}

/** Notes that an event was told everywhere, and where last. */
export async function noteTold(
  tx: Tx,
  { authorizationUid, eventUid }: { authorizationUid: Uid; eventUid: Uid },
  target: string,
): Promise<void> {
  await sql`
    update events set is_delivered = true, details = details || jsonb_build_object('delivery_target', ${target}::text)
     where authorization_uid = ${authorizationUid} and event_uid = ${eventUid}`.execute(tx)
}
