import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** How much there is of each product of one authorization. readings: over all channels. bill_total: dollars, exact. */
export type ProductCounts = {
  meters: number
  readings: number
  bills: number
  bill_total: string
  billing_accounts: number
  billing_summaries: number
}

export async function countProducts(tx: Tx, authorizationUid: Uid): Promise<ProductCounts> {
  const { rows } = await sql<ProductCounts>`
    select (select count(*)::int from meters where authorization_uid = ${authorizationUid}) as meters,
           (select coalesce(sum(readings), 0)::int from series_blocks where authorization_uid = ${authorizationUid}) as readings,
           (select count(*)::int from bills where authorization_uid = ${authorizationUid}) as bills,
           (select trim_scale(coalesce(sum(total_e5), 0) / 100000::numeric)::text from bills
             where authorization_uid = ${authorizationUid}) as bill_total,
           (select count(*)::int from billing_accounts where authorization_uid = ${authorizationUid}) as billing_accounts,
           (select count(*)::int from billing_summaries
             where authorization_uid = ${authorizationUid}) as billing_summaries`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('counting gave no row')
  return row
}
