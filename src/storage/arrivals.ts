import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** What one company has got so far, for the home page of a demonstration. */
export type Arrivals = {
  authorizations: number
  meters: number
  readings: number
  bills: number
  billingSummaries: number
  recent: RecentArrival[]
}

export type RecentArrival = {
  authorizationUid: Uid
  created: Date
  utility: string
  customer: string
  state: string
  status: string
  meters: number
  readings: number
  bills: number
}

const RECENT = 10

/** Counts of a company's products, and its newest authorizations. Runs under row-level security. */
export async function countArrivals(tx: Tx): Promise<Arrivals> {
  const totals = await sql<Record<keyof Omit<Arrivals, 'recent'>, number>>`
    select (select count(*)::int from authorizations where state = 'active') as authorizations,
           (select count(*)::int from meters) as meters,
           (select coalesce(sum(interval_count), 0)::int from meters) as readings,
           (select count(*)::int from bills) as bills,
           (select count(*)::int from billing_summaries) as "billingSummaries"`.execute(tx)
  const recent = await sql<RecentArrival>`
    select a.authorization_uid as "authorizationUid", a.created, a.utility, a.customer_name as customer, a.state, a.status,
           count(m.meter_uid)::int as meters,
           coalesce(sum(m.interval_count), 0)::int as readings,
           coalesce(sum(m.bill_count), 0)::int as bills
      from authorizations a
      left join meters m on m.authorization_uid = a.authorization_uid
     group by a.authorization_uid
     order by a.authorization_uid desc
     limit ${RECENT}`.execute(tx)
  const [row] = totals.rows
  if (!row) throw new Error('counting gave no row')
  return { ...row, recent: recent.rows }
}
