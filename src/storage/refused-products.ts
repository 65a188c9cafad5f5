import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { Lease } from './write-gate.ts'

/** The reason of windows whose product the utility's grant does not hold. */
const REASON = 'not_in_grant'
const NOTE = 'not_in_grant'

/** What a request of each product would bring, in the words of the note. */
const BRINGS: Record<string, string> = {
  usage_points: 'meters',
  customer: 'the customer’s accounts',
  usage: 'intervals',
  bills: 'bills',
}

/** What is owed of a product is refused like the window that was asked for: it is set aside with it, unasked. */
export async function setProductAside(
  tx: Tx,
  authorizationUid: Uid,
  { product, resource }: Lease,
  now: Date,
): Promise<void> {
  await sql`
    update windows set state = 'aside', reason = ${REASON}, finished = ${now}
     where authorization_uid = ${authorizationUid} and product = ${product} and resource = ${resource}
       and state in ('owed', 'waiting')`.execute(tx)
}

/** The products that the utility's grant did not hold when they were asked for last; a renewal has them asked for again. */
export async function listRefusedProducts(
  tx: Tx,
  authorizationUid: Uid,
): Promise<{ product: string; resource: string }[]> {
  const { rows } = await sql<{ product: string; resource: string }>`
    select distinct product, resource from windows
     where authorization_uid = ${authorizationUid} and state = 'aside' and reason = ${REASON}
     order by product, resource`.execute(tx)
  return rows
}

/** Tells in an authorization's notes what the utility does not share under it, and no longer what it does. */
export async function noteRefusedProducts(tx: Tx, authorizationUid: Uid, now: Date): Promise<void> {
  const refused = await listRefusedProducts(tx, authorizationUid)
  const told = [...new Set(refused.map(({ product }) => BRINGS[product] ?? 'all data'))].map(
    (what) => `The utility does not share ${what} under this authorization: its grant has to be renewed.`,
  )
  await sql`
    update authorizations a set updated = ${now}, notes = (
             select coalesce(jsonb_agg(note), '[]') from jsonb_array_elements(a.notes) note where note->>'type' <> ${NOTE})
             || (select coalesce(jsonb_agg(jsonb_build_object('type', ${NOTE}::text, 'msg', msg, 'ts', ${now}::timestamptz)), '[]')
                   from unnest(${told}::text[]) msg)
     where authorization_uid = ${authorizationUid}
       and ${told}::text[] <> array(select note->>'msg' from jsonb_array_elements(a.notes) note where note->>'type' = ${NOTE})`.execute(
    tx,
  )
}
