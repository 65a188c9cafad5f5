import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type NotificationRow = { notificationUid: Uid; registrationUid: Uid; body: Buffer; received: Date }

const columns = sql`notification_uid as "notificationUid", registration_uid as "registrationUid", body, received`

/** Keeps what a utility sent, before anybody judges it. */
export async function insertNotification(
  tx: Tx,
  n: Omit<NotificationRow, 'notificationUid' | 'body'> & { body: Uint8Array },
): Promise<Uid> {
  const { rows } = await sql<{ uid: Uid }>`
    insert into notifications (registration_uid, body, received)
    values (${n.registrationUid}, ${n.body}, ${n.received})
    returning notification_uid as uid`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row.uid
}

export async function findUnjudged(tx: Tx, notificationUid: Uid): Promise<NotificationRow | null> {
  const { rows } = await sql<NotificationRow>`
    select ${columns} from notifications
    where notification_uid = ${notificationUid} and judged is null`.execute(tx)
  return rows[0] ?? null
}

export async function listUnjudged(tx: Tx, limit: number): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select notification_uid as uid from notifications where judged is null
    order by notification_uid limit ${limit}`.execute(tx)
  return rows.map((row) => row.uid)
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
