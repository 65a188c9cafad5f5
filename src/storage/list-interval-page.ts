import { sql } from 'kysely'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { SPANS, spanColumns, type SpanFilter } from './list-bill-page.ts'
import { cutPage, type Page, placeOf } from './list-page.ts'
import { prepared } from './prepared.ts'

/** One Interval object of the API: a month of a meter. Its readings are read apart (list-interval-blocks.ts). */
export type ListedInterval = {
  intervalUid: Uid
  meterUid: Uid
  authorizationUid: Uid
  /** year * 12 + month - 1, in the utility's zone. */
  month: number
  created: Date
  updated: Date
}

/**
 * Months that have readings in the span of their meter, by period. Runs under row-level security. Throws UnknownCursor.
 */
export async function listIntervalPage(tx: Tx, filter: SpanFilter): Promise<Page<ListedInterval>> {
  const { spans, order, after, limit, updatedAfter = null } = filter
  const place = after === null ? null : await placeOfInterval(tx, after)
  const statement = order === 'latest_first' ? LATEST_FIRST : EARLIEST_FIRST
  const { rows } = await statement(tx, [...spanColumns(spans), updatedAfter, place, after, limit + 1])
  return cutPage(rows, limit)
}

const COLUMNS = sql.raw(`
  i.interval_uid as "intervalUid", i.meter_uid as "meterUid", i.authorization_uid as "authorizationUid", i.month,
         i.created, i.updated`)
const IS_ASKED = sql.raw(`
  exists (select from series_blocks b
           where b.authorization_uid = i.authorization_uid and b.meter_uid = i.meter_uid and b.month = i.month
             and (s.starts is null or b.ends > s.starts) and (s.ends is null or b.starts < s.ends))
    and ($5::timestamptz is null or i.updated >= $5::timestamptz)`)

const LATEST_FIRST = prepared(sql<ListedInterval>`
  select ${COLUMNS}
  from ${SPANS} join intervals i on i.authorization_uid = s.authorization_uid and i.meter_uid = s.meter_uid
 where ${IS_ASKED} and ($6::int is null or (i.month, i.interval_uid) < ($6::int, $7::bigint))
 order by i.month desc, i.interval_uid desc limit $8`)

const EARLIEST_FIRST = prepared(sql<ListedInterval>`
  select ${COLUMNS}
  from ${SPANS} join intervals i on i.authorization_uid = s.authorization_uid and i.meter_uid = s.meter_uid
 where ${IS_ASKED} and ($6::int is null or (i.month, i.interval_uid) > ($6::int, $7::bigint))
 order by i.month, i.interval_uid limit $8`)

async function placeOfInterval(tx: Tx, intervalUid: Uid): Promise<number> {
  const { rows } = await sql<{ month: number }>`
    select month from intervals
     where authorization_uid = ${authorizationOf(intervalUid)} and interval_uid = ${intervalUid}`.execute(tx)
  return placeOf(rows).month
}
