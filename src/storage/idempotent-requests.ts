import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** A request under a key that was there before. answer: sealed; null: it is still running. */
export type EarlierRequest = { requestHash: Buffer; answer: Buffer | null }

export type NewRequest = {
  companyUid: Uid
  key: string
  requestHash: Uint8Array
  now: Date
  /** What started before is forgotten. */
  forgottenBefore: Date
  /** What started before and has no answer died with its process. */
  lostBefore: Date
}

/** Takes a key for a request. Null: taken; else the request that has it. Runs under row-level security. */
export async function takeKey(tx: Tx, request: NewRequest): Promise<EarlierRequest | null> {
  const { companyUid, key, requestHash, now, forgottenBefore, lostBefore } = request
  const { numAffectedRows } = await sql`
    insert into idempotent_requests as r (company_uid, key, request_hash, started)
    values (${companyUid}, ${key}, ${requestHash}::bytea, ${now})
    on conflict (company_uid, key) do update
       set request_hash = excluded.request_hash, answer = null, started = excluded.started
     where r.started <= ${forgottenBefore}
        or r.answer is null and r.started <= ${lostBefore} and r.request_hash = excluded.request_hash`.execute(tx)
  if (numAffectedRows === 1n) return null
  const { rows } = await sql<EarlierRequest>`
    select request_hash as "requestHash", answer from idempotent_requests
     where company_uid = ${companyUid} and key = ${key}`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an idempotency key was given up while it was asked for')
  return row
}

type Taken = Pick<NewRequest, 'companyUid' | 'key'>

/** Keeps the answer to a request that took its key. */
export async function keepAnswer(tx: Tx, { companyUid, key }: Taken, answer: Uint8Array): Promise<void> {
  await sql`
    update idempotent_requests set answer = ${answer}::bytea
     where company_uid = ${companyUid} and key = ${key} and answer is null`.execute(tx)
}

/** Gives a key back: its request failed on our side and may be made again. */
export async function giveKeyBack(tx: Tx, { companyUid, key }: Taken): Promise<void> {
  await sql`
    delete from idempotent_requests
     where company_uid = ${companyUid} and key = ${key} and answer is null`.execute(tx)
}

/** Forgets requests that started before a moment. */
export async function purgeRequests(tx: Tx, before: Date): Promise<void> {
  await sql`delete from idempotent_requests where started < ${before}`.execute(tx)
}
