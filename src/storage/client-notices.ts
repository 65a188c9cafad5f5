import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What has changed: of a customer's data, or what the customer lets a client have. */
export type NoticeKind = 'meters' | 'intervals' | 'bills' | 'authorization'

/** One change that a client is owed word of. */
export type NoticeRow = { noticeUid: Uid; authorizationUid: Uid; kind: NoticeKind }

/**
 * Owes the word of changes to each client that a customer has let in, in the transaction of the change. What each consent covers is
 * asked when the word is sent.
 */
export async function oweNotices(
  tx: Tx,
  authorizationUid: Uid,
  kinds: readonly NoticeKind[],
  now: Date,
): Promise<void> {
  if (kinds.length === 0) return
  const { rows } = await sql<{ clientUid: Uid }>`
    select distinct client_uid as "clientUid" from client_consents
     where authorization_uid = ${authorizationUid} and ended is null and ends > ${now}`.execute(tx)
  await insertNotices(tx, { authorizationUid, clientUids: rows.map(({ clientUid }) => clientUid), kinds, now })
}

/**
 * Owes it to these clients, as far as they are to be told anything. Rows are only ever added here: changes that happen at once wait for
 * nobody, and none is lost that commits while a list is under way.
 */
export async function insertNotices(
  tx: Tx,
  n: { authorizationUid: Uid; clientUids: readonly Uid[]; kinds: readonly NoticeKind[]; now: Date },
): Promise<void> {
  if (n.clientUids.length === 0) return
  await sql`
    insert into client_notices (client_uid, company_uid, authorization_uid, kind, created)
    select k.client_uid, k.company_uid, ${n.authorizationUid}::bigint, c.kind, ${n.now}
      from clients k cross join unnest(${[...n.kinds]}::text[]) as c (kind)
     where k.client_uid = any(${[...n.clientUids]}::bigint[]) and k.notify_uri is not null`.execute(tx)
}

/** The oldest of what a client is owed. */
export async function listNotices(
  tx: Tx,
  { clientUid, limit }: { clientUid: Uid; limit: number },
): Promise<NoticeRow[]> {
  const { rows } = await sql<NoticeRow>`
    select notice_uid as "noticeUid", authorization_uid as "authorizationUid", kind from client_notices
     where client_uid = ${clientUid} order by notice_uid limit ${limit}`.execute(tx)
  return rows
}

/** Forgets what a client was told, or has no need to be told. */
export async function deleteNotices(tx: Tx, clientUid: Uid, noticeUids: readonly Uid[]): Promise<void> {
  await sql`
    delete from client_notices
     where client_uid = ${clientUid} and notice_uid = any(${[...noticeUids]}::bigint[])`.execute(tx)
}

/** Forgets what is older than `before`, and what is owed twice. */
export async function purgeNotices(tx: Tx, before: Date): Promise<void> {
  await sql`
    delete from client_notices n
     where n.created < ${before} or exists (
       select from client_notices later
        where later.client_uid = n.client_uid and later.authorization_uid = n.authorization_uid
          and later.kind = n.kind and later.notice_uid > n.notice_uid)`.execute(tx)
}

/** A client that a list is due for, taken for one attempt. attempts: that failed before this one. */
export type ClaimedClient = {
  clientUid: Uid
  companyUid: Uid
  name: string
  notifyUri: string
  attempts: number
}

/** Takes the client that has waited longest; null: none is due. No other process gets it before `lostAt`. */
export async function claimNotified(
  tx: Tx,
  { now, lostAt }: { now: Date; lostAt: Date },
): Promise<ClaimedClient | null> {
  const { rows } = await sql<ClaimedClient>`
    update clients set notify_next = ${lostAt}
     where client_uid = (
       select k.client_uid from clients k
        where k.notify_uri is not null and k.notify_state = 'enabled' and (k.notify_next is null or k.notify_next <= ${now})
          and exists (select from client_notices n where n.client_uid = k.client_uid)
        order by k.notify_next nulls first, k.client_uid limit 1 for update skip locked)
    returning client_uid as "clientUid", company_uid as "companyUid", name, notify_uri as "notifyUri",
              notify_attempts as attempts`.execute(tx)
  return rows[0] ?? null
}

/** One attempt in a client's log. status: of the answer; error: a code where there was none; resources: how many were named. */
export type NoticeAttempt = { ts: string; status: number | null; error: string | null; ms: number; resources: number }

/** So many attempts are kept. */
const LOGGED = 20

/** A client has its list, or needs none; the next one is due at `next`. */
export async function noteNotified(
  tx: Tx,
  clientUid: Uid,
  { next, line }: { next: Date; line: NoticeAttempt | null },
): Promise<void> {
  await sql`
    update clients set notify_attempts = 0, notify_next = ${next}, failing_since = null,
           notify_log = ${logged(line)}
     where client_uid = ${clientUid}`.execute(tx)
}

/** An attempt failed. Returns why the client is not told any more, when this attempt did it. */
export async function noteNotNotified(
  tx: Tx,
  clientUid: Uid,
  f: { next: Date; line: NoticeAttempt; gone: boolean; failingBefore: Date; now: Date },
): Promise<string | null> {
  const { rows } = await sql<{ state: string; reason: string | null }>`
    update clients set notify_attempts = notify_attempts + 1, notify_next = ${f.next},
           failing_since = coalesce(failing_since, ${f.now}), notify_log = ${logged(f.line)},
           notify_state = case when ${f.gone} or failing_since <= ${f.failingBefore} then 'disabled' else 'enabled' end,
           notify_reason = case when ${f.gone} then 'gone' when failing_since <= ${f.failingBefore} then 'failing' end
     where client_uid = ${clientUid} and notify_state = 'enabled'
    returning notify_reason as reason`.execute(tx)
  return rows[0]?.reason ?? null
}

const logged = (line: NoticeAttempt | null) =>
  line === null
    ? sql`notify_log`
    : sql`jsonb_path_query_array(${JSON.stringify([line])}::jsonb || notify_log, ${`$[0 to ${LOGGED - 1}]`}::jsonpath)`
