import { isDeepStrictEqual } from 'node:util'

import { sql } from 'kysely'

import type { BillingAccountFacts } from '../model/decoded-feed.ts'
import type { Uid } from '../model/uid.ts'
import type { CurrencyE5 } from '../units/currency-e5.ts'
import { type EpochSeconds, epochSeconds } from '../units/epoch-seconds.ts'
import type { Tx } from './db.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

export type UpsertedAccount = { accountNumber: string; billingAccountUid: Uid; isNew: boolean; isChanged: boolean }

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
    const isChanged = before !== undefined && !isDeepStrictEqual(merged, before.facts)
    if (!before || isChanged) await saveAccount(tx, authorizationUid, { billingAccountUid, facts: merged, source, now })
    known.set(facts.accountNumber, { billingAccountUid, facts: merged, source, created: now, updated: now })
    results.push({ accountNumber: facts.accountNumber, billingAccountUid, isNew: !before, isChanged })
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
 * and of changed ones; equal content changes nothing. Four statements, however many. Summaries that ended before the history are dropped and counted.
 * Throws ConsentEnded.
 */
export async function saveBillingSummaries(
  tx: Tx,
  authorizationUid: Uid,
  summaries: readonly BillingSummary[],
  now: Date,
): Promise<{ added: Uid[]; changed: Uid[]; outside: number }> {
  const historyStart = await coveredFrom(tx, authorizationUid, now)
  const within = summaries.filter(({ end }) => end > historyStart)
  const outside = summaries.length - within.length
  if (within.length === 0) return { added: [], changed: [], outside }
  const known = new Map((await readBillingSummaries(tx, authorizationUid)).map((row) => [placeOf(row), row]))
  const fresh = within.filter((summary) => !known.has(placeOf(summary)))
  const changed = within.flatMap((summary) => {
    const row = known.get(placeOf(summary))
    if (!row || isDeepStrictEqual(JSON.parse(JSON.stringify(summary.facts)), row.facts)) return []
    return [{ ...summary, uid: row.billingSummaryUid }]
  })
  await updateSummaries(tx, authorizationUid, changed, now)
  const added = await insertSummaries(tx, authorizationUid, fresh, now)
  return { added, changed: changed.map(({ uid }) => uid), outside }
}

const placeOf = ({ billingAccountUid, start, end }: BillingSummary): string => `${billingAccountUid} ${start} ${end}`

async function coveredFrom(tx: Tx, authorizationUid: Uid, now: Date): Promise<number> {
  const { rows } = await sql<{ from: string }>`
    select ceil(extract(epoch from a.history_start))::bigint as from
      from authorizations a where ${covered(authorizationUid, 'accounting', now)} for no key update`.execute(tx)
  const [row] = rows
  if (!row) throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
  return Number(row.from)
}

async function updateSummaries(
  tx: Tx,
  authorizationUid: Uid,
  changed: readonly (BillingSummary & { uid: Uid })[],
  now: Date,
): Promise<void> {
  if (changed.length === 0) return
  const { numAffectedRows } = await sql`
    update billing_summaries s set facts = n.facts::jsonb, sources = n.sources::bigint[], updated = ${now}
      from authorizations a,
           unnest(${changed.map(({ uid }) => uid)}::bigint[], ${changed.map(({ facts }) => JSON.stringify(facts))}::text[],
             ${changed.map(({ sources }) => `{${sources.join(',')}}`)}::text[]) as n (uid, facts, sources)
     where ${covered(authorizationUid, 'accounting', now)}
       and s.authorization_uid = ${authorizationUid} and s.billing_summary_uid = n.uid`.execute(tx)
  if (Number(numAffectedRows) !== changed.length)
    throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
}

async function insertSummaries(
  tx: Tx,
  authorizationUid: Uid,
  fresh: readonly BillingSummary[],
  now: Date,
): Promise<Uid[]> {
  if (fresh.length === 0) return []
  const uids = await nextChildren(tx, authorizationUid, fresh.length)
  const { numAffectedRows } = await sql`
    insert into billing_summaries (authorization_uid, billing_summary_uid, billing_account_uid, company_uid, starts, ends,
      facts, sources, created, updated)
    select a.authorization_uid, n.uid, n.account, a.company_uid, n.starts, n.ends, n.facts::jsonb, n.sources::bigint[],
           ${now}, ${now}
      from authorizations a,
           unnest(${uids}::bigint[], ${fresh.map((one) => one.billingAccountUid)}::bigint[],
             ${fresh.map(({ start }) => start)}::bigint[], ${fresh.map(({ end }) => end)}::bigint[],
             ${fresh.map(({ facts }) => JSON.stringify(facts))}::text[],
             ${fresh.map(({ sources }) => `{${sources.join(',')}}`)}::text[])
             as n (uid, account, starts, ends, facts, sources)
     where ${covered(authorizationUid, 'accounting', now)} and n.ends > extract(epoch from a.history_start)`.execute(tx)
  if (Number(numAffectedRows) !== fresh.length)
    throw await whyNot(tx, authorizationUid, { classes: ['accounting'], now })
  return uids
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
