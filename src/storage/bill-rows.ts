import { sql } from 'kysely'

import type { Bill } from '../model/bill.ts'
import type { Uid } from '../model/uid.ts'
import { type Span, unionOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

/** A bill in work. uid: null until it is stored; was: the period that is stored; gone: it gave way to another. */
export type BillRow = {
  uid: Uid | null
  meterUid: Uid
  was: Pick<Bill, 'start' | 'end'> | null
  bill: Bill
  source: number
  state: 'known' | 'new' | 'changed' | 'gone'
}

/** The stored bills of some meters that share time with any of those given. */
export async function findBills(
  tx: Tx,
  authorizationUid: Uid,
  given: readonly { meterUid: Uid; bills: readonly Bill[] }[],
): Promise<BillRow[]> {
  const bills = given.flatMap((one) => one.bills)
  if (bills.length === 0) return []
  const { rows } = await sql<{ uid: Uid; meterUid: Uid; bill: Bill; source: string }>`
    select bill_uid as uid, meter_uid as "meterUid", facts as bill, source from bills
     where authorization_uid = ${authorizationUid} and meter_uid = any(${given.map(({ meterUid }) => meterUid)}::bigint[])
       and starts < ${Math.max(...bills.map(({ end }) => end))}::bigint
       and ends > ${Math.min(...bills.map(({ start }) => start))}::bigint
     order by starts, bill_uid`.execute(tx)
  return rows.map((row) => ({ ...row, was: row.bill, source: Number(row.source), state: 'known' }))
}

/**
 * Writes what has changed among some rows, gives new ones their uids, and counts the bills of their meters. Rows that take
 * another period are written one by one, in order: one may take the period that another has just left.
 */
export async function saveRows(tx: Tx, authorizationUid: Uid, rows: readonly BillRow[], now: Date): Promise<void> {
  const isStored = ({ uid }: BillRow): boolean => uid !== null
  const fresh = rows.filter(({ state }) => state === 'new')
  const changed = rows.filter(({ state }) => state === 'changed')
  const gone = rows.filter((row) => row.state === 'gone' && isStored(row))
  const isMoved = ({ was, bill }: BillRow): boolean => was?.start !== bill.start || was.end !== bill.end
  await deleteBills(tx, authorizationUid, gone)
  await replaceBills(
    tx,
    authorizationUid,
    changed.filter((row) => !isMoved(row)),
    now,
  )
  for (const row of changed.filter(isMoved)) await replaceBills(tx, authorizationUid, [row], now)
  await insertBills(tx, authorizationUid, fresh, now)
  const meters = new Set([...fresh, ...changed].map(({ meterUid }) => meterUid))
  await recountBills(tx, authorizationUid, [...meters], now)
}

async function insertBills(tx: Tx, authorizationUid: Uid, rows: readonly BillRow[], now: Date): Promise<void> {
  if (rows.length === 0) return
  const uids = await nextChildren(tx, authorizationUid, rows.length)
  for (const [at, row] of rows.entries()) row.uid = uids[at] ?? null
  const { numAffectedRows } = await sql`
    insert into bills (authorization_uid, bill_uid, meter_uid, company_uid, starts, ends, total_e5, facts, source, created,
      updated)
    select a.authorization_uid, n.bill_uid, n.meter_uid, a.company_uid, n.starts, n.ends, n.total, n.facts::jsonb, n.source,
           ${now}, ${now}
      from authorizations a, ${unnested(rows)}
     where ${covered(authorizationUid, 'bills', now)} and n.ends > extract(epoch from a.history_start)`.execute(tx)
  await refuseOthers(tx, authorizationUid, { affected: numAffectedRows, rows, now })
}

async function replaceBills(tx: Tx, authorizationUid: Uid, rows: readonly BillRow[], now: Date): Promise<void> {
  if (rows.length === 0) return
  const { numAffectedRows } = await sql`
    update bills b set starts = n.starts, ends = n.ends, total_e5 = n.total, facts = n.facts::jsonb, notes = '[]',
           source = n.source, version = version + 1, updated = ${now}
      from authorizations a, ${unnested(rows)}
     where ${covered(authorizationUid, 'bills', now)}
       and b.authorization_uid = ${authorizationUid} and b.bill_uid = n.bill_uid`.execute(tx)
  await refuseOthers(tx, authorizationUid, { affected: numAffectedRows, rows, now })
}

const unnested = (rows: readonly BillRow[]): ReturnType<typeof sql> => sql`
  unnest(${rows.map(({ uid }) => uid)}::bigint[], ${rows.map(({ meterUid }) => meterUid)}::bigint[],
    ${rows.map(({ bill }) => bill.start)}::bigint[], ${rows.map(({ bill }) => bill.end)}::bigint[],
    ${rows.map(({ bill }) => bill.total)}::bigint[], ${rows.map(({ bill }) => JSON.stringify(bill))}::text[],
    ${rows.map(({ source }) => source)}::bigint[]) as n (bill_uid, meter_uid, starts, ends, total, facts, source)`

async function refuseOthers(
  tx: Tx,
  authorizationUid: Uid,
  { affected, rows, now }: { affected: bigint | undefined; rows: readonly BillRow[]; now: Date },
): Promise<void> {
  if (Number(affected) !== rows.length) throw await whyNot(tx, authorizationUid, { classes: ['bills'], now })
}

async function deleteBills(tx: Tx, authorizationUid: Uid, rows: readonly BillRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    delete from bills
     where authorization_uid = ${authorizationUid} and bill_uid = any(${rows.map(({ uid }) => uid)}::bigint[])`.execute(
    tx,
  )
}

async function recountBills(tx: Tx, authorizationUid: Uid, meterUids: readonly Uid[], now: Date): Promise<void> {
  if (meterUids.length === 0) return
  const { rows } = await sql<{ meterUid: Uid; starts: string; ends: string }>`
    select meter_uid as "meterUid", starts, ends from bills
     where authorization_uid = ${authorizationUid} and meter_uid = any(${[...meterUids]}::bigint[])`.execute(tx)
  const byMeter = Map.groupBy(rows, ({ meterUid }) => meterUid)
  const counted = meterUids.map((meterUid) => {
    const spans = (byMeter.get(meterUid) ?? []).map(({ starts, ends }): Span => [Number(starts), Number(ends)])
    return { meterUid, count: spans.length, coverage: JSON.stringify(unionOf(spans)) }
  })
  await sql`
    update meters m set bill_count = n.count, bill_coverage = n.coverage::jsonb, updated = ${now}
      from unnest(${counted.map(({ meterUid }) => meterUid)}::bigint[], ${counted.map(({ count }) => count)}::int[],
             ${counted.map(({ coverage }) => coverage)}::text[]) as n (meter_uid, count, coverage)
     where m.authorization_uid = ${authorizationUid} and m.meter_uid = n.meter_uid`.execute(tx)
}
