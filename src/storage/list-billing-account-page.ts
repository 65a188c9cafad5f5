import { type RawBuilder, sql } from 'kysely'

import type { BillingAccountFacts } from '../model/decoded-feed.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { BillingSummary } from './billing.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'

/** What the API tells of a billing account. summaries: facts of its statements, newest first. */
export type ListedBillingAccount = {
  billingAccountUid: Uid
  authorizationUid: Uid
  utility: string
  facts: BillingAccountFacts
  source: Uid | null
  meterUids: Uid[]
  summaries: BillingSummary['facts'][]
  updated: Date
}

export type BillingAccountFilter = {
  uids: Uid[] | null
  authorizations: Uid[] | null
  meters: Uid[] | null
  after: Uid | null
  limit: number
}

/** A company's billing accounts, newest first. Runs under row-level security. Throws UnknownCursor. */
export async function listBillingAccountPage(
  tx: Tx,
  { uids, authorizations, meters, after, limit }: BillingAccountFilter,
): Promise<Page<ListedBillingAccount>> {
  const place = after === null ? null : await placeOfAccount(tx, after)
  const { rows } = await sql<ListedBillingAccount>`
    select c.billing_account_uid as "billingAccountUid", c.authorization_uid as "authorizationUid", a.utility,
           c.facts, c.source, c.updated,
           ${METER_UIDS} as "meterUids",
           array(select s.facts from billing_summaries s
                  where s.authorization_uid = c.authorization_uid and s.billing_account_uid = c.billing_account_uid
                  order by s.ends desc) as summaries
      from billing_accounts c join authorizations a on a.authorization_uid = c.authorization_uid
     where a.state in ('active', 'needs_reauthorization', 'expired')
       and ${areUids(uids)}
       and (${authorizations}::bigint[] is null or c.authorization_uid = any(${authorizations}::bigint[]))
       and (${meters}::bigint[] is null or ${METER_UIDS} && ${meters}::bigint[])
       and (${place}::timestamptz is null
         or (c.created, c.billing_account_uid) < (${place}::timestamptz, ${after}::bigint))
     order by c.created desc, c.billing_account_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** A uid names its authorization, so the look-up goes by the whole key. */
function areUids(uids: Uid[] | null): RawBuilder<unknown> {
  if (uids === null) return sql`true`
  return sql`c.authorization_uid = any(${[...new Set(uids.map(authorizationOf))]}::bigint[])
    and c.billing_account_uid = any(${uids}::bigint[])`
}

/** The meters that name this account, and those whose usage points the account names. */
const METER_UIDS = sql.raw(`array(select m.meter_uid from meters m
  where m.authorization_uid = c.authorization_uid
    and (m.facts->>'billingAccount' = c.account_number
      or exists (select from meter_aliases l
                  where l.authorization_uid = c.authorization_uid and l.meter_uid = m.meter_uid
                    and c.facts->'usagePoints' ? l.usage_point))
  order by m.meter_uid)`)

async function placeOfAccount(tx: Tx, uid: Uid): Promise<string> {
  const { rows } = await sql<{ created: string }>`
    select created::text as created from billing_accounts
     where authorization_uid = ${authorizationOf(uid)} and billing_account_uid = ${uid}`.execute(tx)
  return placeOf(rows).created
}
