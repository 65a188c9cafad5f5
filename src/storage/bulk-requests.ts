import { type RawBuilder, sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { oweAgain } from './owe-again.ts'
import { GAP } from './windows.ts'

type Answer = { read?: string; isNamed?: boolean }

/**
 * That a request (w, of the authorization a) is answered: a file has come since it was made, and each file that was named has
 * been looked into, since others may hold more of this customer. During the first collection a file that holds nothing of
 * them answers nothing. read: the file that this transaction finishes, after what it holds is stored. isNamed: the utility
 * has just named what it holds.
 *
 * A file that was named (oweToWaiting) and that nobody has looked into may be anybody's. Who has ended, or waits for a
 * renewal, looks into nothing; others are owed those files then (oweLostFiles).
 */
const isAnswered = (registrationUid: Uid, { read = '', isNamed = false }: Answer): RawBuilder<boolean> => sql<boolean>`
  w.product = 'bulk_request' and w.state in ('owed', 'waiting')
  and (${isNamed}::boolean or exists (
    select from windows f where f.authorization_uid = w.authorization_uid and f.product = 'file'
       and (f.resource = ${read} or f.state = 'done' and f.finished >= w.created)))
  and (a.status <> 'pending' or exists (select from meters m where m.authorization_uid = w.authorization_uid))
  and not exists (
    select from windows u join authorizations r on r.authorization_uid = u.authorization_uid
     where u.registration_uid = ${registrationUid} and u.product = 'file' and u.is_unread and u.resource <> ${read}
       and u.state in ('owed', 'leased') and u.attempts = 0 and r.state = 'active'
       and not exists (select from windows d where d.product = 'file' and d.resource = u.resource and d.state = 'done'))`

/** Closes the requests of an authorization that are answered, as above. */
export async function closeRequests(
  tx: Tx,
  { authorizationUid, registrationUid, ...answer }: { authorizationUid: Uid; registrationUid: Uid } & Answer,
  now: Date,
): Promise<void> {
  await sql`
    update windows w set state = 'done', finished = ${now}, reason = null
      from authorizations a
     where w.authorization_uid = ${authorizationUid} and a.authorization_uid = ${authorizationUid}
       and ${isAnswered(registrationUid, answer)}`.execute(tx)
}

/** Active authorizations that still wait, although they have been answered. */
export async function listAnswered(tx: Tx, registrationUid: Uid, answer: Answer = {}): Promise<Uid[]> {
  const { rows } = await sql<{ uid: Uid }>`
    select w.authorization_uid as uid
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.registration_uid = ${registrationUid} and a.state = 'active' and ${isAnswered(registrationUid, answer)}
     order by w.authorization_uid`.execute(tx)
  return rows.map(({ uid }) => uid)
}

/** Somewhat less than a day, since a schedule is not to the minute. */
const DAILY_MS = 20 * 3_600_000

/**
 * Owes one request for the files of a registration, to any one of its customers whose consent covers one of `classes`: the
 * utility then names all that it keeps. Not while another request is open, nor twice a day. It is asked once, behind all else.
 */
export async function oweDailyRequest(
  tx: Tx,
  registrationUid: Uid,
  { classes, now }: { classes: readonly DataClass[]; now: Date },
): Promise<void> {
  const { rows } = await sql<{ uid: Uid }>`
    select a.authorization_uid as uid
      from authorizations a left join windows w
             on w.authorization_uid = a.authorization_uid and w.product = 'bulk_request' and w.resource = ''
     where a.registration_uid = ${registrationUid} and a.state = 'active' and a.expires > ${now}
       and a.data_classes && ${[...classes]}::text[] and (w.state is null or w.state = 'done')
       and not exists (
         select from windows r where r.registration_uid = ${registrationUid} and r.product = 'bulk_request'
            and (r.state in ('owed', 'waiting', 'leased')
              or r.priority = ${GAP} and r.finished > ${new Date(now.getTime() - DAILY_MS)}))
     order by w.finished nulls first, a.authorization_uid limit 1`.execute(tx)
  const ask = { product: 'bulk_request', resource: '', from: 0, to: 0, priority: GAP }
  for (const { uid } of rows) await oweAgain(tx, uid, [ask], { now, doneBefore: now })
}
