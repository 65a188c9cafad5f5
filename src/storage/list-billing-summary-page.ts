import { sql } from 'kysely'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { BillingSummary } from './billing.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'

export type ListedBillingSummary = {
  billingSummaryUid: Uid
  billingAccountUid: Uid
  authorizationUid: Uid
  utility: string
  facts: BillingSummary['facts']
  sources: Uid[]
  updated: Date
}

export type BillingSummaryFilter = {
  uids: Uid[] | null
  authorizations: Uid[] | null
  billingAccounts: Uid[] | null
  meters: Uid[] | null
  after: Uid | null
  limit: number
}

/**
 * A company's billing summaries, newest period first: history is collected backwards, so that by time of creation a
 * first collection would come out upside down. Runs under row-level security. Throws UnknownCursor.
 */
export async function listBillingSummaryPage(
  tx: Tx,
  { uids, authorizations, billingAccounts, meters, after, limit }: BillingSummaryFilter,
): Promise<Page<ListedBillingSummary>> {
  const place = after === null ? null : await placeOfSummary(tx, after)
  const owners = uids === null ? null : [...new Set(uids.map(authorizationOf))]
  const { rows } = await sql<ListedBillingSummary>`
    select s.billing_summary_uid as "billingSummaryUid", s.billing_account_uid as "billingAccountUid",
           s.authorization_uid as "authorizationUid", a.utility, s.facts, s.sources, s.updated
      from billing_summaries s join authorizations a on a.authorization_uid = s.authorization_uid
     where a.state in ('active', 'needs_reauthorization', 'expired')
       and (${owners}::bigint[] is null or s.authorization_uid = any(${owners}::bigint[]))
       and (${uids}::bigint[] is null or s.billing_summary_uid = any(${uids}::bigint[]))
       and (${authorizations}::bigint[] is null or s.authorization_uid = any(${authorizations}::bigint[]))
       and (${billingAccounts}::bigint[] is null or s.billing_account_uid = any(${billingAccounts}::bigint[]))
       and (${meters}::text[] is null or exists (
             select from jsonb_array_elements(s.facts->'newCharges') charge
              where charge->>'meter_uid' = any(${meters}::text[])))
       and (${place}::bigint is null or (s.ends, s.billing_summary_uid) < (${place}::bigint, ${after}::bigint))
     order by s.ends desc, s.billing_summary_uid desc limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

async function placeOfSummary(tx: Tx, uid: Uid): Promise<string> {
  const { rows } = await sql<{ ends: string }>`
    select ends from billing_summaries
     where authorization_uid = ${authorizationOf(uid)} and billing_summary_uid = ${uid}`.execute(tx)
  return placeOf(rows).ends
}
