import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type NotificationRow = { notificationUid: Uid; registrationUid: Uid; body: Buffer; received: Date }

const columns = sql`notification_uid as "notificationUid", registration_uid as "registrationUid", body, received`

/** As many may wait to be judged at one registration; a real utility sends some a day. */
const MOST_WAITING = 1000

/** Keeps what a utility sent, before anybody judges it. False when too much waits already: a flood is not stored. */
export async function insertNotification(
  tx: Tx,
  n: Omit<NotificationRow, 'notificationUid' | 'body'> & { body: Uint8Array },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into notifications (registration_uid, body, received)
    select ${n.registrationUid}::bigint, ${n.body}::bytea, ${n.received}::timestamptz
     where (select count(*) from (select from notifications where registration_uid = ${n.registrationUid}::bigint
             and judged is null limit ${MOST_WAITING}) waiting) < ${MOST_WAITING}`.execute(tx)
  return numAffectedRows === 1n
}

/** When an address was last judged under a registration, among notifications received since a moment. */
export async function lastJudged(
  tx: Tx,
  p: { registrationUid: Uid; address: string; since: Date },
): Promise<Date | null> {
  const { rows } = await sql<{ last: Date | null }>`
    select max(judged) as last from notifications
    where registration_uid = ${p.registrationUid} and received >= ${p.since} and judged is not null
      and resources @> array[${p.address}::text]`.execute(tx)
  return rows[0]?.last ?? null
}

export async function findUnjudged(tx: Tx, notificationUid: Uid): Promise<NotificationRow | null> {
  const { rows } = await sql<NotificationRow>`
    select ${columns} from notifications
    where notification_uid = ${notificationUid} and judged is null`.execute(tx)
  return rows[0] ?? null
}

/** What waits to be judged behind `after`, oldest first. */
export async function listUnjudged(
  tx: Tx,
  { after, limit }: { after: Uid; limit: number },
): Promise<Pick<NotificationRow, 'notificationUid' | 'registrationUid'>[]> {
  const { rows } = await sql<Pick<NotificationRow, 'notificationUid' | 'registrationUid'>>`
    select notification_uid as "notificationUid", registration_uid as "registrationUid" from notifications
    where judged is null and notification_uid > ${after}
    order by notification_uid limit ${limit}`.execute(tx)
  return rows
}

/** Closes a notification; the body is no longer needed once its allowed addresses are known. */
export async function markJudged(
  tx: Tx,
  p: { notificationUid: Uid; resources: string[]; outcome: string; now: Date },
): Promise<void> {
  await sql`
    update notifications set judged = ${p.now}, resources = ${p.resources}, outcome = ${p.outcome}, body = ''::bytea
    where notification_uid = ${p.notificationUid}`.execute(tx)
}

/** Addresses that notifications of a registration named between two moments, oldest first, each once. */
export async function listNamedResources(
  tx: Tx,
  registrationUid: Uid,
  { since, until }: { since: Date; until: Date },
): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select address from (
      select unnest(resources) as address, min(notification_uid) as first from notifications
       where registration_uid = ${registrationUid} and judged is not null and received >= ${since} and received <= ${until}
       group by 1) named
     order by first, address`.execute(tx)
  return rows.map(({ address }) => address)
}
