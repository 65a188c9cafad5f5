import { sql } from 'kysely'

import type { Bill } from '../model/bill.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'
import { prepared } from './prepared.ts'
import type { Value } from './wire.ts'

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
  const statement = order === 'latest_first' ? LATEST_FIRST : EARLIEST_FIRST
  const { rows } = await statement(tx, [...spanColumns(spans), updatedAfter, place, after, limit + 1])
  return cutPage(rows, limit)
}

/** $1 to $4 are spanColumns. */
export const SPANS = sql.raw(
  'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as s (authorization_uid, meter_uid, starts, ends)',
)

const COLUMNS = sql.raw(`
  b.bill_uid as "billUid", b.meter_uid as "meterUid", b.authorization_uid as "authorizationUid", b.facts, b.notes,
         b.source, b.created, b.updated`)
const IS_ASKED = sql.raw(`
  (s.starts is null or b.starts >= s.starts) and (s.ends is null or b.ends <= s.ends)
    and ($5::timestamptz is null or b.updated >= $5::timestamptz)`)

const LATEST_FIRST = prepared(sql<ListedBill>`
  select ${COLUMNS}
  from ${SPANS} join bills b on b.authorization_uid = s.authorization_uid and b.meter_uid = s.meter_uid
 where ${IS_ASKED} and ($6::bigint is null or (b.ends, b.bill_uid) < ($6::bigint, $7::bigint))
 order by b.ends desc, b.bill_uid desc limit $8`)

const EARLIEST_FIRST = prepared(sql<ListedBill>`
  select ${COLUMNS}
  from ${SPANS} join bills b on b.authorization_uid = s.authorization_uid and b.meter_uid = s.meter_uid
 where ${IS_ASKED} and ($6::bigint is null or (b.ends, b.bill_uid) > ($6::bigint, $7::bigint))
 order by b.ends, b.bill_uid limit $8`)

/** Spans for a table `s` to join with: one statement for any number of meters, each with the dates of its own zone. */
export function spanColumns(spans: readonly MeterSpan[]): Value[] {
  return [
    spans.map((span) => span.authorizationUid),
    spans.map((span) => span.meterUid),
    spans.map((span) => span.from),
    spans.map((span) => span.until),
  ]
}

async function placeOfBill(tx: Tx, billUid: Uid): Promise<string> {
  const { rows } = await sql<{ ends: string }>`
    select ends from bills where authorization_uid = ${authorizationOf(billUid)} and bill_uid = ${billUid}`.execute(tx)
  return placeOf(rows).ends
}
