import { sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { NoticeAttempt } from './client-notices.ts'
import type { Tx } from './db.ts'

/** A third party that customers of a company may let in, without its secrets' hashes. */
export type ClientRow = {
  clientUid: Uid
  companyUid: Uid
  name: string
  clientId: string
  redirectUris: string[]
  /** The most that it may ask for. */
  dataClasses: DataClass[]
  notifyUri: string | null
  /** disabled: nothing is posted to its notifyUri any more; reason: `gone` (410) or `failing` (five days without a success). */
  notifyState: 'enabled' | 'disabled'
  notifyReason: string | null
  failingSince: Date | null
  /** The last attempts, newest first. */
  notifyLog: NoticeAttempt[]
  created: Date
  updated: Date
}

/** previous: the secret before, until a moment. */
export type ClientSecrets = { secretHash: Buffer; previousHash: Buffer | null; previousUntil: Date | null }

const columns = sql`client_uid as "clientUid", company_uid as "companyUid", name, client_id as "clientId",
  redirect_uris as "redirectUris", data_classes as "dataClasses", notify_uri as "notifyUri",
  notify_state as "notifyState", notify_reason as "notifyReason", failing_since as "failingSince", notify_log as "notifyLog",
  created, updated`

/** What a company gives when it registers one. */
type NewClient = Pick<ClientRow, 'companyUid' | 'name' | 'clientId' | 'redirectUris' | 'dataClasses' | 'notifyUri'> & {
  secretHash: Uint8Array
  now: Date
}

export async function insertClient(tx: Tx, c: NewClient): Promise<ClientRow> {
  const { rows } = await sql<ClientRow>`
    insert into clients (company_uid, name, client_id, secret_hash, redirect_uris, data_classes, notify_uri, created, updated)
    values (${c.companyUid}, ${c.name}, ${c.clientId}, ${c.secretHash}, ${c.redirectUris}::text[],
      ${c.dataClasses}::text[], ${c.notifyUri}, ${c.now}, ${c.now})
    returning ${columns}`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row
}

/** A company's clients, oldest first; one of them where it is named. Runs under row-level security. */
export async function listClients(tx: Tx, clientUid: Uid | null = null): Promise<ClientRow[]> {
  const { rows } = await sql<ClientRow>`
    select ${columns} from clients
     where ${clientUid}::bigint is null or client_uid = ${clientUid}::bigint order by client_uid`.execute(tx)
  return rows
}

/** The client with this id, of whatever company, with the hashes of its secrets. */
export async function findClient(tx: Tx, clientId: string): Promise<(ClientRow & ClientSecrets) | null> {
  const { rows } = await sql<ClientRow & ClientSecrets>`
    select ${columns}, secret_hash as "secretHash", previous_hash as "previousHash", previous_until as "previousUntil"
      from clients where client_id = ${clientId}`.execute(tx)
  return rows[0] ?? null
}

/** Gives a client another secret; the present one is good until a moment. False when there is no such client. */
export async function rotateClientSecret(
  tx: Tx,
  clientUid: Uid,
  { secretHash, previousUntil, now }: { secretHash: Uint8Array; previousUntil: Date; now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update clients set previous_hash = secret_hash, previous_until = ${previousUntil}, secret_hash = ${secretHash},
           updated = ${now}
     where client_uid = ${clientUid}`.execute(tx)
  return numAffectedRows === 1n
}

/** Changes where a client is told of news; what it is owed is due at once. False when there is no such client. */
export async function setNotifyUri(tx: Tx, clientUid: Uid, notifyUri: string | null, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update clients set notify_uri = ${notifyUri}, notify_state = 'enabled', notify_reason = null, notify_attempts = 0,
           notify_next = null, failing_since = null, updated = ${now}
     where client_uid = ${clientUid}`.execute(tx)
  return numAffectedRows === 1n
}

/** Forgets a client with its tokens and open requests. False when there is no such client. */
export async function deleteClient(tx: Tx, clientUid: Uid): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from clients where client_uid = ${clientUid}`.execute(tx)
  return numAffectedRows === 1n
}
