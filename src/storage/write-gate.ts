import { type RawBuilder, sql } from 'kysely'

import type { DataClass } from '../model/authorization-states.ts'
import { childUid, type Uid } from '../model/uid.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import type { Tx } from './db.ts'
import { ConsentEnded, LeaseLost } from './errors.ts'

/** A worker's hold on one window (storage/windows.ts); fence grows with each lease. */
export type Lease = { product: string; resource: string; from: number; to: number; owner: string; fence: string }

/** What a write may do: whose data it is, which classes consent covers, and since when. */
export type Entered = { companyUid: Uid; dataClasses: DataClass[]; historyStart: EpochSeconds }

/**
 * The gate of every write of customer data: one statement that locks the authorization's row until the transaction ends,
 * so that a revocation waits for it or is seen by it. dataClass: the class to be written, or several of which one is enough.
 * fence: the lease under which the worker fetched; a worker that was overtaken does not get in.
 * Throws ConsentEnded or LeaseLost.
 */
export async function enterWrite(
  tx: Tx,
  authorizationUid: Uid,
  { dataClass, fence, now }: { dataClass: DataClass | readonly DataClass[]; fence?: Lease; now: Date },
): Promise<Entered> {
  const classes: readonly DataClass[] = typeof dataClass === 'string' ? [dataClass] : dataClass
  const { rows } = await sql<{ companyUid: Uid; dataClasses: DataClass[]; historyStart: string }>`
    select a.company_uid as "companyUid", a.data_classes as "dataClasses",
           ceil(extract(epoch from a.history_start))::bigint as "historyStart"
      from authorizations a ${fence ? joinLease(fence) : sql``}
     where ${covered(authorizationUid, classes, now)}
       for no key update`.execute(tx)
  const [row] = rows
  if (row) return { ...row, historyStart: epochSeconds(Number(row.historyStart)) }
  throw await whyNot(tx, authorizationUid, { classes, now })
}

function joinLease({ product, resource, from, to, owner, fence }: Lease): RawBuilder<unknown> {
  return sql`
      join windows w on w.authorization_uid = a.authorization_uid and w.product = ${product}
       and w.resource = ${resource} and w.starts = ${from} and w.ends = ${to}
       and w.state = 'leased' and w.lease_owner = ${owner} and w.fence = ${fence}`
}

/**
 * The condition that consent covers a write, for the WHERE of a statement that has the authorizations as `a`: active, not
 * expired at `now`, and one of the classes agreed to. Every statement that stores a product carries it.
 */
export function covered(
  authorizationUid: Uid,
  dataClass: DataClass | readonly DataClass[],
  now: Date,
): RawBuilder<boolean> {
  const classes: readonly DataClass[] = typeof dataClass === 'string' ? [dataClass] : dataClass
  return sql<boolean>`a.authorization_uid = ${authorizationUid} and a.state = 'active' and a.expires > ${now}
    and a.data_classes && ${[...classes]}::text[]`
}

/** The error for a write that the SQL refused. LeaseLost where consent does cover it. */
export async function whyNot(
  tx: Tx,
  authorizationUid: Uid,
  { classes, now }: { classes: readonly DataClass[]; now: Date },
): Promise<ConsentEnded | LeaseLost> {
  const { rows } = await sql<{ state: string; isExpired: boolean; isCovered: boolean }>`
    select a.state, a.expires <= ${now} as "isExpired", a.data_classes && ${[...classes]}::text[] as "isCovered"
      from authorizations a where a.authorization_uid = ${authorizationUid}`.execute(tx)
  const [row] = rows
  if (row?.state !== 'active') return new ConsentEnded(authorizationUid, 'not_active')
  if (row.isExpired) return new ConsentEnded(authorizationUid, 'expired')
  if (!row.isCovered) return new ConsentEnded(authorizationUid, 'class_not_consented')
  return new LeaseLost(authorizationUid)
}

/** Takes the next `n` child numbers of an authorization and returns their uids, ascending. */
export async function nextChildren(tx: Tx, authorizationUid: Uid, n: number): Promise<Uid[]> {
  if (n === 0) return []
  const { rows } = await sql<{ next: number }>`
    update authorizations set next_child = next_child + ${n}::int where authorization_uid = ${authorizationUid}
    returning next_child as next`.execute(tx)
  const [row] = rows
  if (!row) throw new ConsentEnded(authorizationUid, 'not_active')
  return Array.from({ length: n }, (_, at) => childUid(authorizationUid, row.next - n + at))
}
