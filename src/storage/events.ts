import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { oweDeliveries } from './deliveries.ts'

/** What an event is about: an authorization (its company follows), or only a company (form_created, ping). */
export type NewEvent = {
  type: string
  now: Date
  meterUid?: Uid | null
  formUid?: Uid | null
  /** Ids and facts for programs; no reading, name or address. */
  details?: object
  /** Tells this endpoint alone (a ping). */
  onlyTo?: Uid
} & ({ authorizationUid: Uid } | { companyUid: Uid })

export type EventRow = {
  /** '0' where the event is about no authorization. */
  authorizationUid: Uid
  eventUid: Uid
  companyUid: Uid
  type: string
  ts: Date
  meterUid: Uid | null
  formUid: Uid | null
  isDelivered: boolean
  details: Record<string, unknown>
}

/**
 * Appends an event in the transaction of the change it tells of, with a delivery owed to each endpoint of its company that
 * wants to know, and returns its uid.
 */
export async function appendEvent(tx: Tx, event: NewEvent): Promise<Uid> {
  const { type, now, meterUid = null, formUid = null } = event
  const details = JSON.stringify(event.details ?? {})
  const { rows } =
    'authorizationUid' in event
      ? await sql<Appended>`
          insert into events (authorization_uid, company_uid, type, ts, meter_uid, form_uid, details)
          select a.authorization_uid, a.company_uid, ${type}, ${now}, ${meterUid}::bigint,
                 coalesce(${formUid}::bigint, a.form_uid), ${details}::jsonb
            from authorizations a where a.authorization_uid = ${event.authorizationUid}
          returning event_uid as "eventUid", authorization_uid as "authorizationUid", company_uid as "companyUid"`.execute(
          tx,
        )
      : await sql<Appended>`
          insert into events (authorization_uid, company_uid, type, ts, meter_uid, form_uid, details)
          values (0, ${event.companyUid}, ${type}, ${now}, ${meterUid}, ${formUid}, ${details}::jsonb)
          returning event_uid as "eventUid", authorization_uid as "authorizationUid", company_uid as "companyUid"`.execute(
          tx,
        )
  const [row] = rows
  if (!row) throw new Error(`event ${type}: there is no such authorization`)
  await oweDeliveries(tx, { ...row, eventUids: [row.eventUid], type, endpointUid: event.onlyTo ?? null, now })
  return row.eventUid
}

/** appendEvent for one event of each of some meters of an authorization: as many statements as for one. */
export async function appendMeterEvents(
  tx: Tx,
  authorizationUid: Uid,
  meterUids: readonly Uid[],
  { type, now }: { type: string; now: Date },
): Promise<void> {
  if (meterUids.length === 0) return
  const { rows } = await sql<Appended>`
    insert into events (authorization_uid, company_uid, type, ts, meter_uid, form_uid, details)
    select a.authorization_uid, a.company_uid, ${type}, ${now}, n.meter_uid, a.form_uid, '{}'
      from authorizations a cross join unnest(${[...meterUids]}::bigint[]) as n (meter_uid)
     where a.authorization_uid = ${authorizationUid}
    returning event_uid as "eventUid", authorization_uid as "authorizationUid", company_uid as "companyUid"`.execute(tx)
  const [row] = rows
  if (!row) throw new Error(`event ${type}: there is no such authorization`)
  await oweDeliveries(tx, { ...row, eventUids: rows.map(({ eventUid }) => eventUid), type, endpointUid: null, now })
}

type Appended = Pick<EventRow, 'eventUid' | 'authorizationUid' | 'companyUid'>

/**
 * Events of one company, newest first, `limit` at most. `before`: only events with a smaller uid (the next page).
 * authorizationUid limits them to one authorization.
 */
export async function listEvents(
  tx: Tx,
  companyUid: Uid,
  {
    authorizationUid = null,
    before = null,
    limit = 100,
  }: { authorizationUid?: Uid | null; before?: Uid | null; limit?: number },
): Promise<EventRow[]> {
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from events
     where company_uid = ${companyUid}
       and (${authorizationUid}::bigint is null or authorization_uid = ${authorizationUid})
       and (${before}::bigint is null or event_uid < ${before})
     order by event_uid desc limit ${limit}`.execute(tx)
  return rows
}

const COLUMNS = sql.raw(
  `authorization_uid as "authorizationUid", event_uid as "eventUid", company_uid as "companyUid", type, ts,
   meter_uid as "meterUid", form_uid as "formUid", is_delivered as "isDelivered", details`,
)
