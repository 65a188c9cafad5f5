import { isDeepStrictEqual } from 'node:util'

import { sql } from 'kysely'

import { DATA_CLASSES } from '../model/authorization-states.ts'
import { bareMeter, type MeterFacts } from '../model/meter.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { setListedMeters } from './listed-meters.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

/** isActivated: marked as collected before. */
export type UpsertedMeter = {
  usagePoint: string
  meterUid: Uid
  isNew: boolean
  isChanged: boolean
  isActivated: boolean
}

/** A meter and all usage points that it has or had. */
export type KnownMeter = { meterUid: Uid; facts: MeterFacts; usagePoints: Set<string>; isActivated: boolean }

/**
 * Stores what a feed tells of meters, and returns one row for each of `told`, in order. What a feed does not tell (null,
 * an empty list) never overwrites what is known; meter numbers are only added. Where consent does not cover the class
 * `meters`, a meter is kept by its key and commodity alone, for its bills and readings to hang on.
 *
 * A usage point that is not known makes a new meter. With `completeList` (the feed names every usage point of the
 * authorization) it is instead the new key of a known meter when it has the service id of exactly one that the feed no
 * longer names, and no other meter number: utilities renumber their keys, and one service may have several meters.
 * known: what listKnownMeters told in this transaction; it is brought up to date. Throws ConsentEnded.
 */
export async function upsertMeters(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly MeterFacts[],
  options: { now: Date; completeList?: boolean; known?: KnownMeter[] | undefined },
): Promise<UpsertedMeter[]> {
  const { now, completeList = false, known = await listKnownMeters(tx, authorizationUid) } = options
  const listed = new Set(told.map(({ usagePoint }) => usagePoint))
  const fresh: KnownMeter[] = []
  const results: { meter: KnownMeter; usagePoint: string; isNew: boolean; isChanged: boolean }[] = []
  for (const facts of told) {
    const { usagePoint } = facts
    const found =
      known.find(({ usagePoints }) => usagePoints.has(usagePoint)) ??
      fresh.find(({ usagePoints }) => usagePoints.has(usagePoint)) ??
      (completeList ? findRenumbered(known, facts, listed) : undefined)
    if (!found) {
      const meter = { meterUid: '', facts, usagePoints: new Set([usagePoint]), isActivated: false }
      fresh.push(meter)
      results.push({ meter, usagePoint, isNew: true, isChanged: false })
      continue
    }
    if (!found.usagePoints.has(usagePoint)) {
      await insertAliases(tx, authorizationUid, [{ meterUid: found.meterUid, usagePoint }])
      found.usagePoints.add(usagePoint)
    }
    const merged = mergeFacts(found.facts, facts)
    const isStored = found.meterUid !== ''
    // Most feeds tell nothing new of a meter: then there is no statement either.
    const isChanged =
      isStored &&
      !isDeepStrictEqual(merged, found.facts) &&
      (await updateMeter(tx, authorizationUid, { meterUid: found.meterUid, facts: merged, now }))
    found.facts = merged
    results.push({ meter: found, usagePoint, isNew: false, isChanged })
  }
  await insertMeters(tx, authorizationUid, fresh, now)
  if (completeList) await setListedMeters(tx, authorizationUid, [...listed], now)
  return results.map(({ meter, ...result }) => ({
    ...result,
    meterUid: meter.meterUid,
    isActivated: meter.isActivated,
  }))
}

/** All meters of an authorization, oldest first: uid and facts. */
export async function listMeterFacts(
  tx: Tx,
  authorizationUid: Uid,
): Promise<{ meterUid: Uid; facts: MeterFacts; isActivated: boolean; isArchived: boolean }[]> {
  const { rows } = await sql<{ meterUid: Uid; facts: MeterFacts; isActivated: boolean; isArchived: boolean }>`
    select meter_uid as "meterUid", facts, is_activated as "isActivated", is_archived as "isArchived"
      from meters where authorization_uid = ${authorizationUid} order by meter_uid`.execute(tx)
  return rows
}

/** Marks meters as collected. */
export async function activateMeters(
  tx: Tx,
  authorizationUid: Uid,
  meterUids: readonly Uid[],
  now: Date,
): Promise<void> {
  if (meterUids.length === 0) return
  await sql`
    update meters set is_activated = true, updated = ${now}
     where authorization_uid = ${authorizationUid} and meter_uid = any(${[...meterUids]}::bigint[])
       and not is_activated`.execute(tx)
}

/** Sets the collection status of one meter, or of all of the authorization (meterUid null). Returns how many changed. */
export async function setMeterStatus(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid | null,
  { status, message, now }: { status: 'pending' | 'updated' | 'errored'; message: string; now: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update meters set status = ${status}, status_message = ${message}, status_ts = ${now}
     where authorization_uid = ${authorizationUid} and (${meterUid}::bigint is null or meter_uid = ${meterUid})`.execute(
    tx,
  )
  return Number(numAffectedRows ?? 0n)
}

/** All meters of an authorization, oldest first, as upsertMeters needs them. */
export async function listKnownMeters(tx: Tx, authorizationUid: Uid): Promise<KnownMeter[]> {
  const { rows } = await sql<Omit<KnownMeter, 'usagePoints'> & { usagePoints: string[] }>`
    select m.meter_uid as "meterUid", m.facts, m.is_activated as "isActivated", array_agg(a.usage_point) as "usagePoints"
      from meters m
      join meter_aliases a on a.authorization_uid = m.authorization_uid and a.meter_uid = m.meter_uid
     where m.authorization_uid = ${authorizationUid} and a.authorization_uid = ${authorizationUid}
     group by m.authorization_uid, m.meter_uid order by m.meter_uid`.execute(tx)
  return rows.map((row) => ({ ...row, usagePoints: new Set(row.usagePoints) }))
}

function findRenumbered(known: KnownMeter[], facts: MeterFacts, listed: Set<string>): KnownMeter | undefined {
  if (facts.serviceIdentifier === null) return undefined
  const found = known.filter(
    (meter) =>
      meter.facts.serviceIdentifier === facts.serviceIdentifier &&
      meter.facts.commodity === facts.commodity &&
      ![...meter.usagePoints].some((usagePoint) => listed.has(usagePoint)) &&
      (meter.facts.meterNumbers.length === 0 ||
        facts.meterNumbers.length === 0 ||
        meter.facts.meterNumbers.some((number) => facts.meterNumbers.includes(number))),
  )
  return found.length === 1 ? found[0] : undefined
}

/** What is known, overwritten by what is told; null and empty lists tell nothing. */
function mergeFacts(known: MeterFacts, told: MeterFacts): MeterFacts {
  const says = Object.entries(told).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  const meterNumbers = [...new Set([...known.meterNumbers, ...told.meterNumbers])]
  return { ...known, ...Object.fromEntries(says), meterNumbers }
}

/** The part that consent covers, decided in the statement that stores it. */
function coveredFacts(facts: MeterFacts): ReturnType<typeof sql> {
  const nothing = bareMeter(facts.usagePoint, facts.commodity)
  return sql`case when 'meters' = any(a.data_classes) then ${JSON.stringify(facts)}::jsonb
    else ${JSON.stringify(nothing)}::jsonb end`
}

/** Stores new meters in one statement, and gives them their uids. */
async function insertMeters(tx: Tx, authorizationUid: Uid, meters: readonly KnownMeter[], now: Date): Promise<void> {
  if (meters.length === 0) return
  const uids = await nextChildren(tx, authorizationUid, meters.length)
  for (const [at, meter] of meters.entries()) meter.meterUid = uids[at] ?? ''
  const facts = meters.map((meter) => meter.facts)
  const { numAffectedRows } = await sql`
    insert into meters (authorization_uid, meter_uid, company_uid, usage_point, commodity, facts, status_ts, created, updated)
    select a.authorization_uid, n.meter_uid, a.company_uid, n.usage_point, n.commodity,
           case when 'meters' = any(a.data_classes) then n.facts::jsonb else n.nothing::jsonb end, ${now}, ${now}, ${now}
      from authorizations a,
           unnest(${uids}::bigint[], ${facts.map(({ usagePoint }) => usagePoint)}::text[],
             ${facts.map(({ commodity }) => commodity)}::text[], ${facts.map((one) => JSON.stringify(one))}::text[],
             ${facts.map((one) => JSON.stringify(bareMeter(one.usagePoint, one.commodity)))}::text[])
             as n (meter_uid, usage_point, commodity, facts, nothing)
     where ${covered(authorizationUid, DATA_CLASSES, now)}`.execute(tx)
  if (Number(numAffectedRows) !== meters.length)
    throw await whyNot(tx, authorizationUid, { classes: DATA_CLASSES, now })
  const aliases = meters.flatMap(({ meterUid, usagePoints }) =>
    [...usagePoints].map((usagePoint) => ({ meterUid, usagePoint })),
  )
  await insertAliases(tx, authorizationUid, aliases)
}

async function insertAliases(
  tx: Tx,
  authorizationUid: Uid,
  aliases: readonly { meterUid: Uid; usagePoint: string }[],
): Promise<void> {
  await sql`
    insert into meter_aliases (authorization_uid, usage_point, meter_uid, company_uid)
    select a.authorization_uid, n.usage_point, n.meter_uid, a.company_uid
      from authorizations a,
           unnest(${aliases.map(({ usagePoint }) => usagePoint)}::text[], ${aliases.map(({ meterUid }) => meterUid)}::bigint[])
             as n (usage_point, meter_uid)
     where a.authorization_uid = ${authorizationUid}`.execute(tx)
}

async function updateMeter(
  tx: Tx,
  authorizationUid: Uid,
  { meterUid, facts, now }: { meterUid: Uid; facts: MeterFacts; now: Date },
): Promise<boolean> {
  const merged = coveredFacts(facts)
  const { numAffectedRows } = await sql`
    update meters m set facts = ${merged}, usage_point = ${facts.usagePoint}, commodity = ${facts.commodity}, updated = ${now}
      from authorizations a
     where ${covered(authorizationUid, DATA_CLASSES, now)} and m.authorization_uid = ${authorizationUid}
       and m.meter_uid = ${meterUid} and m.facts <> ${merged}`.execute(tx)
  return numAffectedRows === 1n
}
