import { sql } from 'kysely'

import type { BillingAccountFacts } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import type { CurrencyE5 } from '../units/currency-e5.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import type { Tx } from './db.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

export type UpsertedAccount = { accountNumber: string; billingAccountUid: Uid; isNew: boolean }

export type StoredAccount = {
  billingAccountUid: Uid
  facts: BillingAccountFacts
  source: Uid | null
  created: Date
  updated: Date
}

/** One statement of one billing account. cost_e5: 1e-5 of the currency. */
export type BillingSummary = {
  billingAccountUid: Uid
  start: EpochSeconds
  end: EpochSeconds
  facts: {
    statementDate: EpochSeconds | null
    currency: string | null
    newCharges: { name: string; cost_e5: CurrencyE5 | null; meter_uid: Uid | null }[]
    newChargesAmountE5: CurrencyE5 | null
  }
  sources: readonly Uid[]
}

export type StoredSummary = BillingSummary & { billingSummaryUid: Uid; created: Date; updated: Date }

/**
 * Stores billing accounts by their number. Null never overwrites what is known; usage points are only added. Returns one
 * row for each of `told`, in order. Throws ConsentEnded.
 */
export async function upsertBillingAccounts(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly BillingAccountFacts[],
  { source, now }: { source: Uid; now: Date },
): Promise<UpsertedAccount[]> {
  if (told.length === 0) return []
  const known = new Map(
    (await readBillingAccounts(tx, authorizationUid)).map((row) => [row.facts.accountNumber, row] as const),
  )
  const results: UpsertedAccount[] = []
  for (const facts of told) {
    const before = known.get(facts.accountNumber)
    const [billingAccountUid = ''] = before ? [before.billingAccountUid] : await nextChildren(tx, authorizationUid, 1)
    const merged = before ? mergeFacts(before.facts, facts) : facts
    await saveAccount(tx, authorizationUid, { billingAccountUid, facts: merged, source, now })
    known.set(facts.accountNumber, { billingAccountUid, facts: merged, source, created: now, updated: now })
    results.push({ accountNumber: facts.accountNumber, billingAccountUid, isNew: !before })
  }
  return results
}

function mergeFacts(known: BillingAccountFacts, told: BillingAccountFacts): BillingAccountFacts {
  return {
    accountNumber: known.accountNumber,
    billingContact: told.billingContact ?? known.billingContact,
    billingAddress: told.billingAddress ?? known.billingAddress,
    usagePoints: [...new Set([...known.usagePoints, ...told.usagePoints])],
  }
}

async function saveAccount(
  tx: Tx,
  authorizationUid: Uid,
  given: { billingAccountUid: Uid; facts: BillingAccountFacts; source: Uid; now: Date },
): Promise<void> {
  const { billingAccountUid, facts, source, now } = given
  const { numAffectedRows } = await sql`
    insert into billing_accounts (authorization_uid, billing_account_uid, company_uid, account_number, facts, source,
      created, updated)
    select a.authorization_uid, ${billingAccountUid}::bigint, a.company_uid, ${facts.accountNumber},
           ${JSON.stringify(facts)}::jsonb, ${source}::bigint, ${now}, ${now}
      from authorizations a where ${covered(authorizationUid, 'accounting', now)}
    on conflict (authorization_uid, account_number) do update
       set facts = excluded.facts,
           source = case when billing_accounts.facts = excluded.facts then billing_accounts.source else excluded.source end,
           updated = case when billing_accounts.facts = excluded.facts then billing_accounts.updated else excluded.updated end`.execute(
    tx,
  )
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
}

/**
 * Stores billing summaries, one per account and period; other content replaces what was there. Returns the uids of new
 * and of changed ones; equal content changes nothing. Summaries that ended before the history are dropped and counted.
 * Throws ConsentEnded.
 */
export async function saveBillingSummaries(
  tx: Tx,
  authorizationUid: Uid,
  summaries: readonly BillingSummary[],
  now: Date,
): Promise<{ added: Uid[]; changed: Uid[]; outside: number }> {
  const saved: { added: Uid[]; changed: Uid[]; outside: number } = { added: [], changed: [], outside: 0 }
  const historyStart = await coveredFrom(tx, authorizationUid, now)
  for (const summary of summaries) {
    if (summary.end <= historyStart) {
      saved.outside++
      continue
    }
    const known = await updateSummary(tx, authorizationUid, summary, now)
    if (known === null) saved.added.push(await insertSummary(tx, authorizationUid, summary, now))
    else if (known.uid !== null) saved.changed.push(known.uid)
  }
  return saved
}

async function coveredFrom(tx: Tx, authorizationUid: Uid, now: Date): Promise<number> {
  const { rows } = await sql<{ from: string }>`
    select ceil(extract(epoch from a.history_start))::bigint as from
      from authorizations a where ${covered(authorizationUid, 'accounting', now)} for no key update`.execute(tx)
  const [row] = rows
  if (!row) throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
  return Number(row.from)
}

/** The uid of a summary whose content changed, null for one that is equal; null itself when there is no such summary. */
async function updateSummary(
  tx: Tx,
  authorizationUid: Uid,
  { billingAccountUid, start, end, facts, sources }: BillingSummary,
  now: Date,
): Promise<{ uid: Uid | null } | null> {
  const { rows } = await sql<{ uid: Uid; isEqual: boolean }>`
    select billing_summary_uid as uid, facts = ${JSON.stringify(facts)}::jsonb as "isEqual" from billing_summaries
     where authorization_uid = ${authorizationUid} and billing_account_uid = ${billingAccountUid}
       and starts = ${start} and ends = ${end}
       for update`.execute(tx)
  const [row] = rows
  if (!row) return null
  if (row.isEqual) return { uid: null }
  await sql`
    update billing_summaries s set facts = ${JSON.stringify(facts)}::jsonb, sources = ${[...sources]}::bigint[], updated = ${now}
      from authorizations a
     where ${covered(authorizationUid, 'accounting', now)}
       and s.authorization_uid = ${authorizationUid} and s.billing_summary_uid = ${row.uid}`.execute(tx)
  return { uid: row.uid }
}

async function insertSummary(
  tx: Tx,
  authorizationUid: Uid,
  { billingAccountUid, start, end, facts, sources }: BillingSummary,
  now: Date,
): Promise<Uid> {
  const [uid = ''] = await nextChildren(tx, authorizationUid, 1)
  const { numAffectedRows } = await sql`
    insert into billing_summaries (authorization_uid, billing_summary_uid, billing_account_uid, company_uid, starts, ends,
      facts, sources, created, updated)
    select a.authorization_uid, ${uid}::bigint, ${billingAccountUid}::bigint, a.company_uid, ${start}::bigint, ${end}::bigint,
           ${JSON.stringify(facts)}::jsonb, ${[...sources]}::bigint[], ${now}, ${now}
      from authorizations a
     where ${covered(authorizationUid, 'accounting', now)} and ${end} > extract(epoch from a.history_start)`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
  return uid
}

/** The billing accounts of an authorization, oldest first. */
export async function readBillingAccounts(tx: Tx, authorizationUid: Uid): Promise<StoredAccount[]> {
  const { rows } = await sql<StoredAccount>`
    select billing_account_uid as "billingAccountUid", facts, source, created, updated from billing_accounts
     where authorization_uid = ${authorizationUid} order by billing_account_uid`.execute(tx)
  return rows
}

/** The billing summaries of an authorization, by account and period. */
export async function readBillingSummaries(tx: Tx, authorizationUid: Uid): Promise<StoredSummary[]> {
  const { rows } = await sql<Omit<StoredSummary, 'start' | 'end'> & { starts: string; ends: string }>`
    select billing_summary_uid as "billingSummaryUid", billing_account_uid as "billingAccountUid", starts, ends, facts,
           sources, created, updated
      from billing_summaries where authorization_uid = ${authorizationUid}
     order by billing_account_uid, starts, billing_summary_uid`.execute(tx)
  return rows.map(({ starts, ends, ...row }) => ({
    ...row,
    start: epochSeconds(Number(starts)),
    end: epochSeconds(Number(ends)),
  }))
}
