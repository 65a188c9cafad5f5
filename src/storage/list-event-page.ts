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

/** Some events, of any authorizations; those that are gone are left out. */
export async function findEvents(
  tx: Tx,
  events: readonly Pick<EventRow, 'authorizationUid' | 'eventUid'>[],
): Promise<EventRow[]> {
  const { rows } = await sql<EventRow>`
    select authorization_uid as "authorizationUid", event_uid as "eventUid", company_uid as "companyUid", type, ts,
           meter_uid as "meterUid", form_uid as "formUid", is_delivered as "isDelivered", details
      from events
     where authorization_uid = any(${events.map(({ authorizationUid }) => authorizationUid)}::bigint[])
       and event_uid = any(${events.map(({ eventUid }) => eventUid)}::bigint[])`.execute(tx)
  return rows
}

/** Notes that events were told everywhere, and where last. */
export async function noteTold(
  tx: Tx,
  told: readonly (Pick<EventRow, 'authorizationUid' | 'eventUid'> & { target: string })[],
): Promise<void> {
  const targets = JSON.stringify(Object.fromEntries(told.map(({ eventUid, target }) => [eventUid, target])))
  await sql`
    update events set is_delivered = true,
           details = details || jsonb_build_object('delivery_target', ${targets}::jsonb ->> event_uid::text)
     where authorization_uid = any(${told.map(({ authorizationUid }) => authorizationUid)}::bigint[])
       and event_uid = any(${told.map(({ eventUid }) => eventUid)}::bigint[])`.execute(tx)
}
