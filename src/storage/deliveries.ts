import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { EndpointRow } from './webhook-endpoints.ts'

/** One event on its way to one endpoint. */
export type DeliveryRow = {
  endpointUid: Uid
  eventUid: Uid
  authorizationUid: Uid
  companyUid: Uid
  state: 'owed' | 'delivered' | 'given_up'
  attempts: number
  nextTry: Date
  /** Attempts, oldest first. */
  log: DeliveryAttempt[]
  created: Date
}

/** status: of the answer; error: a code where there was none. */
export type DeliveryAttempt = { ts: string; status: number | null; error: string | null; ms: number }

const COLUMNS = sql.raw(
  `d.endpoint_uid as "endpointUid", d.event_uid as "eventUid", d.authorization_uid as "authorizationUid",
   d.company_uid as "companyUid", d.state, d.attempts, d.next_try as "nextTry", d.log, d.created`,
)

/** Owes events of one type to the endpoints of their company that want it; to one alone where it is named. */
export async function oweDeliveries(
  tx: Tx,
  e: {
    eventUids: readonly Uid[]
    authorizationUid: Uid
    companyUid: Uid
    type: string
    endpointUid: Uid | null
    now: Date
  },
): Promise<void> {
  await sql`
    insert into deliveries (endpoint_uid, event_uid, authorization_uid, company_uid, state, next_try, created)
    select p.endpoint_uid, n.event_uid, ${e.authorizationUid}::bigint, p.company_uid, 'owed', ${e.now}, ${e.now}
      from webhook_endpoints p cross join unnest(${[...e.eventUids]}::bigint[]) as n (event_uid)
     where p.company_uid = ${e.companyUid}
       and (p.endpoint_uid = ${e.endpointUid}::bigint
            or ${e.endpointUid}::bigint is null and (p.event_types is null or ${e.type} = any(p.event_types)))`.execute(
    tx,
  )
}

/**
 * Deliveries that are due, oldest first: of each endpoint `perEndpoint` at most, so that one which does not answer takes
 * no place of the others.
 */
export async function findDueDeliveries(
  tx: Tx,
  { now, limit, perEndpoint }: { now: Date; limit: number; perEndpoint: number },
): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    select ${COLUMNS} from webhook_endpoints p cross join lateral (
        select * from deliveries o where o.endpoint_uid = p.endpoint_uid and o.state = 'owed' and o.next_try <= ${now}
         order by o.next_try limit ${perEndpoint}) d
     where p.state = 'enabled' and (p.slow_until is null or p.slow_until <= ${now})
     order by d.next_try limit ${limit}`.execute(tx)
  return rows
}

/** Takes a delivery for one attempt; null when another has it. An attempt that is not settled until `lostAt` is tried again. */
export async function claimDelivery(
  tx: Tx,
  { endpointUid, eventUid, attempts }: DeliveryRow,
  { now, lostAt }: { now: Date; lostAt: Date },
): Promise<EndpointRow | null> {
  const { numAffectedRows } = await sql`
    update deliveries set attempts = attempts + 1, next_try = ${lostAt}
     where endpoint_uid = ${endpointUid} and event_uid = ${eventUid} and state = 'owed' and attempts = ${attempts}
       and next_try <= ${now}`.execute(tx)
  if (numAffectedRows !== 1n) return null
  const { rows } = await sql<EndpointRow>`
    select endpoint_uid as "endpointUid", company_uid as "companyUid", url, secrets, state from webhook_endpoints
     where endpoint_uid = ${endpointUid} and state = 'enabled'`.execute(tx)
  return rows[0] ?? null
}

/** Settles an attempt: its line in the log, and what follows. */
export async function settleDelivery(
  tx: Tx,
  { endpointUid, eventUid }: DeliveryRow,
  { state, nextTry, line }: { state: DeliveryRow['state']; nextTry: Date | null; line: DeliveryAttempt },
): Promise<void> {
  await sql`
    update deliveries set state = ${state}, next_try = coalesce(${nextTry}::timestamptz, next_try),
           log = log || ${JSON.stringify([line])}::jsonb
     where endpoint_uid = ${endpointUid} and event_uid = ${eventUid}`.execute(tx)
}

/** True when every endpoint that an event was owed to has it. */
export async function isToldEverywhere(tx: Tx, eventUid: Uid): Promise<boolean> {
  const { rows } = await sql`
    select from deliveries where event_uid = ${eventUid} and state <> 'delivered' limit 1`.execute(tx)
  return rows.length === 0
}

/** The log of a company, newest first; of one endpoint or event where it is named. Runs under row-level security. */
export async function listDeliveries(
  tx: Tx,
  {
    endpointUid = null,
    eventUid = null,
    before = null,
    limit,
  }: { endpointUid?: Uid | null; eventUid?: Uid | null; before?: Uid | null; limit: number },
): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    select ${COLUMNS} from deliveries d
     where (${endpointUid}::bigint is null or d.endpoint_uid = ${endpointUid}::bigint)
       and (${eventUid}::bigint is null or d.event_uid = ${eventUid}::bigint)
       and (${before}::bigint is null or d.event_uid < ${before}::bigint)
     order by d.event_uid desc, d.endpoint_uid limit ${limit}`.execute(tx)
  return rows
}

/** Sends events to an endpoint once more, under the ids that they had. Runs under row-level security. Returns how many. */
export async function resendDeliveries(
  tx: Tx,
  endpointUid: Uid,
  { events, now }: { events: readonly { eventUid: Uid; authorizationUid: Uid }[]; now: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into deliveries (endpoint_uid, event_uid, authorization_uid, company_uid, state, next_try, created)
    select p.endpoint_uid, e.event_uid, e.authorization_uid, p.company_uid, 'owed', ${now}, ${now}
      from webhook_endpoints p cross join
           unnest(${events.map(({ eventUid }) => eventUid)}::bigint[],
                  ${events.map(({ authorizationUid }) => authorizationUid)}::bigint[]) as e (event_uid, authorization_uid)
     where p.endpoint_uid = ${endpointUid}
    on conflict (endpoint_uid, event_uid) do update set state = 'owed', attempts = 0, next_try = excluded.next_try`.execute(
    tx,
  )
  return Number(numAffectedRows ?? 0n)
}

/** Forgets what was owed before a moment, told or not. Returns how many. */
export async function purgeDeliveries(tx: Tx, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from deliveries where created < ${before}`.execute(tx)
  return Number(numAffectedRows ?? 0n)
}
