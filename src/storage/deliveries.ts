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

/** A delivery that this process has taken for one attempt, and where it goes. attempts: those before this one. */
export type ClaimedDelivery = Pick<DeliveryRow, 'endpointUid' | 'eventUid' | 'authorizationUid' | 'attempts'> & {
  endpoint: Pick<EndpointRow, 'endpointUid' | 'companyUid' | 'url' | 'secrets'>
}

/**
 * Takes deliveries that are due for one attempt each, oldest first: of each endpoint `perEndpoint` at most, with those that
 * `busy` says are in work already, so that one which does not answer takes no place of the others. No other process gets
 * them; what is not settled until `lostAt` is tried again.
 */
export async function claimDeliveries(
  tx: Tx,
  given: { now: Date; lostAt: Date; limit: number; perEndpoint: number; busy: ReadonlyMap<Uid, number> },
): Promise<ClaimedDelivery[]> {
  const { now, lostAt, limit, perEndpoint, busy } = given
  const { rows } = await sql<Omit<ClaimedDelivery, 'endpoint'> & { companyUid: Uid; url: string; secrets: Buffer }>`
    with busy as (
      select * from unnest(${[...busy.keys()]}::bigint[], ${[...busy.values()]}::int[]) as b (endpoint_uid, lanes)),
    due as (
      select p.endpoint_uid, p.company_uid, p.url, p.secrets, o.event_uid
        from webhook_endpoints p left join busy using (endpoint_uid) cross join lateral (
          select event_uid, next_try from deliveries o
           where o.endpoint_uid = p.endpoint_uid and o.state = 'owed' and o.next_try <= ${now}
           order by o.next_try limit greatest(0, ${perEndpoint} - coalesce(busy.lanes, 0))) o
       where p.state = 'enabled' and (p.slow_until is null or p.slow_until <= ${now})
       order by o.next_try limit ${limit})
    update deliveries d set attempts = d.attempts + 1, next_try = ${lostAt}
      from due
     where d.endpoint_uid = due.endpoint_uid and d.event_uid = due.event_uid and d.state = 'owed' and d.next_try <= ${now}
    returning d.endpoint_uid as "endpointUid", d.event_uid as "eventUid", d.authorization_uid as "authorizationUid",
              d.attempts - 1 as attempts, due.company_uid as "companyUid", due.url, due.secrets`.execute(tx)
  return rows.map(({ companyUid, url, secrets, ...claimed }) => ({
    ...claimed,
    endpoint: { endpointUid: claimed.endpointUid, companyUid, url, secrets },
  }))
}

/** What became of one attempt: its line in the log, and what follows. */
export type SettledDelivery = Pick<DeliveryRow, 'endpointUid' | 'eventUid' | 'state'> & {
  nextTry: Date | null
  line: DeliveryAttempt
}

/** Settles attempts, in one statement. */
export async function settleDeliveries(tx: Tx, settled: readonly SettledDelivery[]): Promise<void> {
  const column = <T>(pick: (one: SettledDelivery) => T): T[] => settled.map(pick)
  await sql`
    update deliveries d set state = s.state, next_try = coalesce(s.next_try, d.next_try), log = d.log || s.line::jsonb
      from unnest(${column(({ endpointUid }) => endpointUid)}::bigint[], ${column(({ eventUid }) => eventUid)}::bigint[],
                  ${column(({ state }) => state)}::text[], ${column(({ nextTry }) => nextTry)}::timestamptz[],
                  ${column(({ line }) => JSON.stringify([line]))}::text[]) as s (endpoint_uid, event_uid, state, next_try, line)
     where d.endpoint_uid = s.endpoint_uid and d.event_uid = s.event_uid`.execute(tx)
}

/** Those of some events that every endpoint has which they were owed to. */
export async function listToldEverywhere(tx: Tx, eventUids: readonly Uid[]): Promise<Set<Uid>> {
  const { rows } = await sql<{ uid: Uid }>`
    select e.uid from unnest(${[...eventUids]}::bigint[]) as e (uid)
     where not exists (select from deliveries d where d.event_uid = e.uid and d.state <> 'delivered')`.execute(tx)
  return new Set(rows.map(({ uid }) => uid))
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

/** Forgets what was owed before a moment, told or not, `limit` at most. Returns how many. */
export async function purgeDeliveries(tx: Tx, { before, limit }: { before: Date; limit: number }): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from deliveries where (endpoint_uid, event_uid) in (
      select endpoint_uid, event_uid from deliveries where created < ${before} order by created limit ${limit})`.execute(
    tx,
  )
  return Number(numAffectedRows ?? 0n)
}
