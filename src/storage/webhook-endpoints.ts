import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type EndpointState = 'enabled' | 'paused' | 'disabled'

/** Where a company is told of its events. */
export type EndpointRow = {
  endpointUid: Uid
  companyUid: Uid
  url: string
  description: string
  /** null: all. */
  eventTypes: string[] | null
  /** Sealed; bound to endpoint and company. */
  secrets: Buffer
  state: EndpointState
  /** Why it was disabled: `gone` (it answered 410) or `failing` (five days without a success). */
  stateReason: string | null
  failingSince: Date | null
  slowUntil: Date | null
  created: Date
  updated: Date
}

const COLUMNS = sql.raw(
  `endpoint_uid as "endpointUid", company_uid as "companyUid", url, description, event_types as "eventTypes", secrets, state,
   state_reason as "stateReason", failing_since as "failingSince", slow_until as "slowUntil", created, updated`,
)

/** The next uid, so that secrets can be sealed under it before the row is written. */
export async function nextEndpointUid(tx: Tx): Promise<Uid> {
  const { rows } = await sql<{ uid: Uid }>`select nextval('small_uids') as uid`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('a sequence gave no number')
  return row.uid
}

export type NewEndpoint = Pick<EndpointRow, 'endpointUid' | 'companyUid' | 'url' | 'description' | 'eventTypes'> & {
  secrets: Uint8Array
  now: Date
}

export async function insertEndpoint(tx: Tx, e: NewEndpoint): Promise<void> {
  await sql`
    insert into webhook_endpoints (endpoint_uid, company_uid, url, description, event_types, secrets, state, created, updated)
    values (${e.endpointUid}, ${e.companyUid}, ${e.url}, ${e.description}, ${e.eventTypes}::text[], ${e.secrets}::bytea,
      'enabled', ${e.now}, ${e.now})`.execute(tx)
}

/** A company's endpoints, oldest first; one of them where it is named. Runs under row-level security. */
export async function listEndpoints(tx: Tx, endpointUid: Uid | null = null): Promise<EndpointRow[]> {
  const { rows } = await sql<EndpointRow>`
    select ${COLUMNS} from webhook_endpoints
     where ${endpointUid}::bigint is null or endpoint_uid = ${endpointUid}::bigint order by endpoint_uid`.execute(tx)
  return rows
}

export type EndpointEdit = Partial<Pick<EndpointRow, 'url' | 'description' | 'eventTypes'>> & {
  state?: 'enabled' | 'paused'
  secrets?: Uint8Array
}

/** Changes what is given. Enabling forgets why it was disabled. False when there is no such endpoint. */
export async function editEndpoint(
  tx: Tx,
  endpointUid: Uid,
  { url, description, eventTypes, state, secrets }: EndpointEdit,
  now: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update webhook_endpoints
       set url = coalesce(${url ?? null}, url), description = coalesce(${description ?? null}, description),
           event_types = case when ${eventTypes !== undefined} then ${eventTypes ?? null}::text[] else event_types end,
           secrets = coalesce(${secrets ?? null}::bytea, secrets), state = coalesce(${state ?? null}, state),
           state_reason = case when ${state ?? null}::text is null then state_reason end,
           failing_since = case when ${state ?? null}::text is null then failing_since end, updated = ${now}
     where endpoint_uid = ${endpointUid}`.execute(tx)
  return numAffectedRows === 1n
}

/** Forgets an endpoint with its deliveries: nothing goes there any more. False when there is no such endpoint. */
export async function deleteEndpoint(tx: Tx, endpointUid: Uid): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from webhook_endpoints where endpoint_uid = ${endpointUid}`.execute(tx)
  return numAffectedRows === 1n
}

/** Endpoints that took an event are well. */
export async function noteWell(tx: Tx, endpointUids: readonly Uid[]): Promise<void> {
  await sql`
    update webhook_endpoints set failing_since = null, slow_until = null
     where endpoint_uid = any(${[...endpointUids]}::bigint[])
       and (failing_since is not null or slow_until is not null)`.execute(tx)
}

/**
 * Notes an attempt that failed. An endpoint that has failed since `failingBefore` or earlier is disabled, and one that is
 * gone; returns the reason when this did it.
 */
export async function noteFailing(
  tx: Tx,
  endpointUid: Uid,
  { gone, slowUntil, failingBefore, now }: { gone: boolean; slowUntil: Date | null; failingBefore: Date; now: Date },
): Promise<string | null> {
  await sql`
    update webhook_endpoints set failing_since = coalesce(failing_since, ${now}),
           slow_until = greatest(slow_until, ${slowUntil}::timestamptz)
     where endpoint_uid = ${endpointUid}`.execute(tx)
  const { rows } = await sql<{ reason: string }>`
    update webhook_endpoints set state = 'disabled', updated = ${now},
           state_reason = case when ${gone} then 'gone' else 'failing' end
     where endpoint_uid = ${endpointUid} and state = 'enabled' and (${gone} or failing_since <= ${failingBefore})
    returning state_reason as reason`.execute(tx)
  return rows[0]?.reason ?? null
}
