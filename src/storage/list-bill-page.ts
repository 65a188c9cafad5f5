import { sql } from 'kysely'

import type { Bill } from '../model/bill.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'

/** What the API tells of a bill. source: the raw feed that it came from. */
export type ListedBill = {
  billUid: Uid
  meterUid: Uid
  authorizationUid: Uid
  facts: Bill
  notes: unknown[]
  source: Uid
  created: Date
  updated: Date
}

/** A meter, and the span (epoch seconds, null: open) that its bills or readings have to lie in. */
export type MeterSpan = { authorizationUid: Uid; meterUid: Uid; from: number | null; until: number | null }

export type SpanFilter = {
  spans: MeterSpan[]
  order: 'latest_first' | 'earliest_first'
  after: Uid | null
  limit: number
  /** Only what was changed then or later. */
  updatedAfter?: Date | null
}

/** Bills that lie wholly in the span of their meter, by period. Runs under row-level security. Throws UnknownCursor. */
export async function listBillPage(tx: Tx, filter: SpanFilter): Promise<Page<ListedBill>> {
  const { spans, order, after, limit, updatedAfter = null } = filter
  const place = after === null ? null : await placeOfBill(tx, after)
  const older = order === 'latest_first'
  const { rows } = await sql<ListedBill>`
    select b.bill_uid as "billUid", b.meter_uid as "meterUid", b.authorization_uid as "authorizationUid", b.facts, b.notes,
           b.source, b.created, b.updated
      from ${spansTable(spans)}
      join bills b on b.authorization_uid = s.authorization_uid and b.meter_uid = s.meter_uid
     where (s.starts is null or b.starts >= s.starts) and (s.ends is null or b.ends <= s.ends)
       and (${updatedAfter}::timestamptz is null or b.updated >= ${updatedAfter}::timestamptz)
       and (${place}::bigint is null
         or ${older ? sql`(b.ends, b.bill_uid) <` : sql`(b.ends, b.bill_uid) >`} (${place}::bigint, ${after}::bigint))
     order by ${older ? sql`b.ends desc, b.bill_uid desc` : sql`b.ends, b.bill_uid`} limit ${limit + 1}`.execute(tx)
  return cutPage(rows, limit)
}

/** Spans as a table `s` to join with: one statement for any number of meters, each with the dates of its own zone. */
export function spansTable(spans: MeterSpan[]): ReturnType<typeof sql> {
  return sql`unnest(${spans.map((span) => span.authorizationUid)}::bigint[],
    ${spans.map((span) => span.meterUid)}::bigint[], ${spans.map((span) => span.from)}::bigint[],
    ${spans.map((span) => span.until)}::bigint[]) as s (authorization_uid, meter_uid, starts, ends)`
}

async function placeOfBill(tx: Tx, billUid: Uid): Promise<string> {
  const { rows } = await sql<{ ends: string }>`
    select ends from bills where authorization_uid = ${authorizationOf(billUid)} and bill_uid = ${billUid}`.execute(tx)
  return placeOf(rows).ends
}
