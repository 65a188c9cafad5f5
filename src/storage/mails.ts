import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

export type MailRow = {
  mailUid: Uid
  kind: string
  recipient: string
  subject: string
  body: string
  once: string
  attempts: number
}

/**
 * Queues a mail in the transaction of its cause. False: one with the same `once` was queued before, or the authorization is a
 * test, whose address belongs to nobody who agreed to anything.
 */
export async function queueMail(
  tx: Tx,
  m: Omit<MailRow, 'mailUid' | 'attempts'> & { authorizationUid: Uid | null; now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into mails (kind, authorization_uid, recipient, subject, body, once, created, next_try)
    select ${m.kind}, ${m.authorizationUid}::bigint, ${m.recipient}, ${m.subject}, ${m.body}, ${m.once},
           ${m.now}::timestamptz, ${m.now}::timestamptz
     where not exists (select from authorizations where authorization_uid = ${m.authorizationUid}::bigint and is_test)
    on conflict (once) do nothing`.execute(tx)
  return (numAffectedRows ?? 0n) > 0n
}

/** Claims mails that are due: their next try is put off first, so that one process sends each. */
export async function claimMails(tx: Tx, p: { now: Date; again: Date; limit: number }): Promise<MailRow[]> {
  const { rows } = await sql<MailRow>`
    update mails set attempts = attempts + 1, next_try = ${p.again}
    where mail_uid in (
      select mail_uid from mails where sent is null and next_try <= ${p.now} and attempts < 12
      order by next_try limit ${p.limit} for update skip locked)
    returning mail_uid as "mailUid", kind, recipient, subject, body, once, attempts`.execute(tx)
  return rows
}

/** A sent mail keeps no text: it held a private link. */
export async function markMailSent(tx: Tx, mailUid: Uid, now: Date): Promise<void> {
  await sql`update mails set sent = ${now}, body = '' where mail_uid = ${mailUid}`.execute(tx)
}

export async function putOffMail(tx: Tx, mailUid: Uid, next: Date): Promise<void> {
  await sql`update mails set next_try = ${next} where mail_uid = ${mailUid} and sent is null`.execute(tx)
}
