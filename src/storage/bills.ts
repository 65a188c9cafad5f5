import { isDeepStrictEqual } from 'node:util'

import { sql } from 'kysely'

import type { Bill } from '../model/bill.ts'
import type { Uid } from '../model/uid.ts'
import { type BillRow as Row, findBills, saveRows } from './bill-rows.ts'
import type { Tx } from './db.ts'
import { mergeBill } from './merge-bill.ts'
import type { MergeOptions } from './merge-many-series.ts'
import { enterWrite } from './write-gate.ts'

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

/** Stores bills of one meter: saveManyBills. */
export async function saveBills(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  bills: readonly Bill[],
  options: SavingBills,
): Promise<BillsSaved> {
  const [saved] = await saveManyBills(tx, authorizationUid, [{ meterUid, bills }], options)
  return saved ?? { added: [], changed: [], superseded: [], unchanged: 0, outside: 0 }
}

/** historyStart, later: as in MergeOptions. */
export type SavingBills = Pick<MergeOptions, 'source' | 'now' | 'historyStart' | 'later'>

/**
 * Stores bills of some meters of one authorization and returns what became of each meter's, in order. A bill replaces what is
 * stored of its period, or of one that shares at least half of the shorter of the two (a re-bill may split, join or move
 * periods; a shared day at the border is no re-bill): with the later statement date, or without such a difference from a feed
 * that is not earlier. The version grows; equal content changes nothing. Bills that ended before the consent's history began
 * are dropped and counted. The number of statements does not grow with meters or bills, and no row of a bill is locked: the
 * gate holds the authorization's. Throws ConsentEnded.
 */
export async function saveManyBills(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly { meterUid: Uid; bills: readonly Bill[] }[],
  options: SavingBills,
): Promise<BillsSaved[]> {
  const { source, now, later } = options
  const historyStart =
    options.historyStart ?? (await enterWrite(tx, authorizationUid, { dataClass: 'bills', now })).historyStart
  const within = told.map(({ meterUid, bills }) => ({ meterUid, bills: bills.filter(({ end }) => end > historyStart) }))
  const known = Map.groupBy(await findBills(tx, authorizationUid, within), ({ meterUid }) => meterUid)
  const merged = within.map(({ meterUid, bills }) => {
    const rows: Row[] = known.get(meterUid) ?? []
    known.set(meterUid, rows) // two names of one meter in one feed
    const merges = { added: [], changed: [], superseded: [], unchanged: 0 }
    for (const bill of bills) mergeInto(rows, { meterUid, bill, source: Number(source), later }, merges)
    return merges
  })
  await saveRows(tx, authorizationUid, [...known.values()].flat(), now)
  return merged.map(({ added, changed, superseded, unchanged }, at) => ({
    added: uidsOf(added),
    changed: uidsOf(changed),
    superseded: uidsOf(superseded),
    unchanged,
    outside: (told[at]?.bills.length ?? 0) - (within[at]?.bills.length ?? 0),
  }))
}

/** What one meter's bills did; a row that came and went in the same feed has no uid and is not told of. */
type Merges = { added: Row[]; changed: Row[]; superseded: Row[]; unchanged: number }
const uidsOf = (rows: readonly Row[]): Uid[] => rows.flatMap(({ uid }) => (uid === null ? [] : [uid]))

type Telling = { meterUid: Uid; bill: Bill; source: number; later: ReadonlySet<number> | undefined }

/** Merges one bill into the rows of its meter, in memory. */
function mergeInto(rows: Row[], { meterUid, bill: told, source, later }: Telling, merges: Merges): void {
  const rivals = rows
    .filter((row) => row.state !== 'gone' && shared(row.bill, told) > 0 && isSamePeriod(row.bill, told))
    .toSorted((a, b) => a.bill.start - b.bill.start)
  const [only, another] = rivals
  // A part of what is known adds to it, whichever of the two came first.
  const single = only && !another ? only : null
  const standsBefore = (row: Row): boolean => later?.has(row.source) === true
  const isLate = single !== null && standsBefore(single)
  const bill = single ? (isLate ? mergeBill(told, single.bill) : mergeBill(single.bill, told)) : told
  const isKnown = rivals.some((row) => isDeepStrictEqual(row.bill, bill))
  if (isKnown || (!isLate && rivals.some((row) => standsBefore(row) || !isLater(bill, source, row)))) {
    merges.unchanged++
    return
  }
  const [kept, ...others] = rivals.toSorted(
    (a, b) => shared(b.bill, bill) - shared(a.bill, bill) || a.bill.start - b.bill.start,
  )
  if (!kept) {
    const row: Row = { uid: null, meterUid, was: null, bill, source, state: 'new' }
    rows.push(row)
    merges.added.push(row)
    return
  }
  for (const row of others) row.state = 'gone'
  rows.push(...rows.splice(rows.indexOf(kept), 1)) // the order in which they are written
  Object.assign(kept, { bill, source: isLate ? kept.source : source, state: kept.state === 'new' ? 'new' : 'changed' })
  merges.changed.push(kept)
  merges.superseded.push(...others)
}

type Period = Pick<Bill, 'start' | 'end'>

function shared(one: Period, other: Period): number {
  return Math.min(one.end, other.end) - Math.max(one.start, other.start)
}

function isSamePeriod(one: Period, other: Period): boolean {
  return shared(one, other) * 2 >= Math.min(one.end - one.start, other.end - other.start)
}

function isLater(bill: Bill, source: number, known: Row): boolean {
  const [dated, knownDated] = [bill.statementDate, known.bill.statementDate]
  if (dated !== null && knownDated !== null && dated !== knownDated) return dated > knownDated
  return source >= known.source
}

/** Sets what checks found on bills (lines against total, intervals against volume). Does not move their versions. */
export async function noteBills(
  tx: Tx,
  authorizationUid: Uid,
  noted: readonly { billUid: Uid; notes: readonly object[] }[],
): Promise<void> {
  if (noted.length === 0) return
  await sql`
    update bills b set notes = n.notes::jsonb
      from unnest(${noted.map(({ billUid }) => billUid)}::bigint[], ${noted.map(({ notes }) => JSON.stringify(notes))}::text[])
             as n (bill_uid, notes)
     where b.authorization_uid = ${authorizationUid} and b.bill_uid = n.bill_uid`.execute(tx)
}

/** The bills of an authorization, or of one meter, by meter and period. */
export async function readBills(tx: Tx, authorizationUid: Uid, meterUid: Uid | null = null): Promise<StoredBill[]> {
  const { rows } = await sql<StoredBill>`
    select bill_uid as "billUid", meter_uid as "meterUid", facts as bill, notes, source, version, created, updated from bills
     where authorization_uid = ${authorizationUid} and (${meterUid}::bigint is null or meter_uid = ${meterUid})
     order by meter_uid, starts, bill_uid`.execute(tx)
  return rows
}
