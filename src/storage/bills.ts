import { isDeepStrictEqual } from 'node:util'

import { sql } from 'kysely'

import type { Bill } from '../model/bill.ts'
import type { Uid } from '../model/uid.ts'
import { type Span, unionOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { mergeBill } from './merge-bill.ts'
import { covered, enterWrite, nextChildren, whyNot } from './write-gate.ts'

/** What saving did: uids of new and of replaced bills; superseded ones gave way to another; outside: before the history. */
export type BillsSaved = { added: Uid[]; changed: Uid[]; superseded: Uid[]; unchanged: number; outside: number }

export type StoredBill = {
  billUid: Uid
  meterUid: Uid
  bill: Bill
  notes: unknown[]
  source: Uid
  version: number
  created: Date
  updated: Date
}

type Known = { uid: Uid; starts: number; ends: number; facts: Bill; source: number }

/**
 * Stores bills of one meter. A bill replaces what is stored of its period, or of one that shares at least half of the
 * shorter of the two (a re-bill may split, join or move periods; a shared day at the border is no re-bill): with the
 * later statement date, or without such a difference from a feed that is not earlier. The version grows; equal content
 * changes nothing. Bills that ended before the consent's history began are dropped and counted. Throws ConsentEnded.
 */
export async function saveBills(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  bills: readonly Bill[],
  { source, now }: { source: Uid; now: Date },
): Promise<BillsSaved> {
  const { historyStart } = await enterWrite(tx, authorizationUid, { dataClass: 'bills', now })
  const saved: BillsSaved = { added: [], changed: [], superseded: [], unchanged: 0, outside: 0 }
  for (const bill of bills) {
    if (bill.end <= historyStart) {
      saved.outside++
      continue
    }
    await saveBill(tx, authorizationUid, { meterUid, bill, source, now }, saved)
  }
  if (saved.added.length + saved.changed.length > 0) await recountBills(tx, authorizationUid, meterUid, now)
  return saved
}

type NewBill = { meterUid: Uid; bill: Bill; source: Uid; now: Date }

async function saveBill(tx: Tx, authorizationUid: Uid, given: NewBill, saved: BillsSaved): Promise<void> {
  const { source } = given
  const rivals = (await lockOverlapping(tx, authorizationUid, given)).filter((known) => isSamePeriod(known, given.bill))
  const [only, another] = rivals
  // A part of what is known adds to it, whichever of the two came first.
  const bill = only && !another ? mergeBill(only.facts, given.bill) : given.bill
  const isKnown = rivals.some(({ facts }) => isDeepStrictEqual(facts, bill))
  if (isKnown || rivals.some((known) => !isLater(bill, Number(source), known))) {
    saved.unchanged++
    return
  }
  const [kept, ...others] = rivals.toSorted((a, b) => shared(b, bill) - shared(a, bill) || a.starts - b.starts)
  if (!kept) {
    saved.added.push(await insertBill(tx, authorizationUid, { ...given, bill }))
    return
  }
  for (const { uid } of others) await deleteBill(tx, authorizationUid, uid)
  await replaceBill(tx, authorizationUid, kept.uid, { ...given, bill })
  saved.changed.push(kept.uid)
  saved.superseded.push(...others.map(({ uid }) => uid))
}

function shared({ starts, ends }: { starts: number; ends: number }, bill: Bill): number {
  return Math.min(ends, bill.end) - Math.max(starts, bill.start)
}

function isSamePeriod(known: Known, bill: Bill): boolean {
  return shared(known, bill) * 2 >= Math.min(known.ends - known.starts, bill.end - bill.start)
}

function isLater(bill: Bill, source: number, known: Known): boolean {
  const [dated, knownDated] = [bill.statementDate, known.facts.statementDate]
  if (dated !== null && knownDated !== null && dated !== knownDated) return dated > knownDated
  return source >= known.source
}

async function lockOverlapping(tx: Tx, authorizationUid: Uid, { meterUid, bill }: NewBill): Promise<Known[]> {
  const { rows } = await sql<Omit<Known, 'starts' | 'ends' | 'source'> & Record<'starts' | 'ends' | 'source', string>>`
    select bill_uid as uid, starts, ends, facts, source from bills
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}
       and starts < ${bill.end} and ends > ${bill.start}
     order by starts for update`.execute(tx)
  return rows.map((row) => ({
    ...row,
    starts: Number(row.starts),
    ends: Number(row.ends),
    source: Number(row.source),
  }))
}

async function insertBill(tx: Tx, authorizationUid: Uid, { meterUid, bill, source, now }: NewBill): Promise<Uid> {
  const [billUid = ''] = await nextChildren(tx, authorizationUid, 1)
  const { numAffectedRows } = await sql`
    insert into bills (authorization_uid, bill_uid, meter_uid, company_uid, starts, ends, total_e5, facts, source, created,
      updated)
    select a.authorization_uid, ${billUid}::bigint, ${meterUid}::bigint, a.company_uid, ${bill.start}::bigint,
           ${bill.end}::bigint, ${bill.total}::bigint, ${JSON.stringify(bill)}::jsonb, ${source}::bigint, ${now}, ${now}
      from authorizations a
     where ${covered(authorizationUid, 'bills', now)} and ${bill.end} > extract(epoch from a.history_start)`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: ['bills'], now })
  return billUid
}

async function replaceBill(tx: Tx, authorizationUid: Uid, billUid: Uid, { bill, source, now }: NewBill): Promise<void> {
  const { numAffectedRows } = await sql`
    update bills b set starts = ${bill.start}, ends = ${bill.end}, total_e5 = ${bill.total},
           facts = ${JSON.stringify(bill)}::jsonb, notes = '[]', source = ${source}, version = version + 1, updated = ${now}
      from authorizations a
     where ${covered(authorizationUid, 'bills', now)}
       and b.authorization_uid = ${authorizationUid} and b.bill_uid = ${billUid}`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: ['bills'], now })
}

async function deleteBill(tx: Tx, authorizationUid: Uid, billUid: Uid): Promise<void> {
  await sql`delete from bills where authorization_uid = ${authorizationUid} and bill_uid = ${billUid}`.execute(tx)
}

async function recountBills(tx: Tx, authorizationUid: Uid, meterUid: Uid, now: Date): Promise<void> {
  const { rows } = await sql<{ starts: string; ends: string }>`
    select starts, ends from bills
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
  const coverage = unionOf(rows.map(({ starts, ends }): Span => [Number(starts), Number(ends)]))
  await sql`
    update meters set bill_count = ${rows.length}, bill_coverage = ${JSON.stringify(coverage)}::jsonb, updated = ${now}
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
}

/** Sets what checks found on a bill (lines against total, intervals against volume). Does not move the version. */
export async function noteBill(tx: Tx, authorizationUid: Uid, billUid: Uid, notes: readonly object[]): Promise<void> {
  await sql`
    update bills set notes = ${JSON.stringify(notes)}::jsonb
     where authorization_uid = ${authorizationUid} and bill_uid = ${billUid}`.execute(tx)
}

/** The bills of an authorization, or of one meter, by meter and period. */
export async function readBills(tx: Tx, authorizationUid: Uid, meterUid: Uid | null = null): Promise<StoredBill[]> {
  const { rows } = await sql<StoredBill>`
    select bill_uid as "billUid", meter_uid as "meterUid", facts as bill, notes, source, version, created, updated from bills
     where authorization_uid = ${authorizationUid} and (${meterUid}::bigint is null or meter_uid = ${meterUid})
     order by meter_uid, starts, bill_uid`.execute(tx)
  return rows
}
