import { sql } from 'kysely'

import { DATA_CLASSES } from '../model/authorization-states.ts'
import { bareMeter, type MeterFacts } from '../model/meter.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { setListedMeters } from './listed-meters.ts'
import { covered, nextChildren, whyNot } from './write-gate.ts'

export type UpsertedMeter = { usagePoint: string; meterUid: Uid; isNew: boolean; isChanged: boolean }

type Known = { meterUid: Uid; facts: MeterFacts; usagePoints: Set<string> }

/**
 * Stores what a feed tells of meters, and returns one row for each of `told`, in order. What a feed does not tell (null,
 * an empty list) never overwrites what is known; meter numbers are only added. Where consent does not cover the class
 * `meters`, a meter is kept by its key and commodity alone, for its bills and readings to hang on.
 *
 * A usage point that is not known makes a new meter. With `completeList` (the feed names every usage point of the
 * authorization) it is instead the new key of a known meter when it has the service id of exactly one that the feed no
 * longer names, and no other meter number: utilities renumber their keys, and one service may have several meters.
 * Throws ConsentEnded.
 */
export async function upsertMeters(
  tx: Tx,
  authorizationUid: Uid,
  told: readonly MeterFacts[],
  { now, completeList = false }: { now: Date; completeList?: boolean },
): Promise<UpsertedMeter[]> {
  const known = await readKnown(tx, authorizationUid)
  const listed = new Set(told.map(({ usagePoint }) => usagePoint))
  const results: UpsertedMeter[] = []
  for (const facts of told) {
    const found =
      known.find(({ usagePoints }) => usagePoints.has(facts.usagePoint)) ??
      (completeList ? findRenumbered(known, facts, listed) : undefined)
    if (!found) {
      const meterUid = await insertMeter(tx, authorizationUid, facts, now)
      known.push({ meterUid, facts, usagePoints: new Set([facts.usagePoint]) })
      results.push({ usagePoint: facts.usagePoint, meterUid, isNew: true, isChanged: false })
      continue
    }
    if (!found.usagePoints.has(facts.usagePoint)) {
      await insertAlias(tx, authorizationUid, found.meterUid, facts.usagePoint)
      found.usagePoints.add(facts.usagePoint)
    }
    found.facts = mergeFacts(found.facts, facts)
    const isChanged = await updateMeter(tx, authorizationUid, { meterUid: found.meterUid, facts: found.facts, now })
    results.push({ usagePoint: facts.usagePoint, meterUid: found.meterUid, isNew: false, isChanged })
  }
  if (completeList) await setListedMeters(tx, authorizationUid, [...listed], now)
  return results
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

/** Marks a meter as collected (or not). Returns false when it was so already. */
export async function activateMeter(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { isActivated, now }: { isActivated: boolean; now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update meters set is_activated = ${isActivated}, updated = ${now}
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid} and is_activated <> ${isActivated}`.execute(
    tx,
  )
  return numAffectedRows === 1n
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

async function readKnown(tx: Tx, authorizationUid: Uid): Promise<Known[]> {
  const { rows } = await sql<{ meterUid: Uid; facts: MeterFacts; usagePoints: string[] }>`
    select m.meter_uid as "meterUid", m.facts, array_agg(a.usage_point) as "usagePoints"
      from meters m
      join meter_aliases a on a.authorization_uid = m.authorization_uid and a.meter_uid = m.meter_uid
     where m.authorization_uid = ${authorizationUid} and a.authorization_uid = ${authorizationUid}
     group by m.authorization_uid, m.meter_uid order by m.meter_uid`.execute(tx)
  return rows.map((row) => ({ ...row, usagePoints: new Set(row.usagePoints) }))
}

function findRenumbered(known: Known[], facts: MeterFacts, listed: Set<string>): Known | undefined {
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

async function insertMeter(tx: Tx, authorizationUid: Uid, facts: MeterFacts, now: Date): Promise<Uid> {
  const [meterUid = ''] = await nextChildren(tx, authorizationUid, 1)
  const { numAffectedRows } = await sql`
    insert into meters (authorization_uid, meter_uid, company_uid, usage_point, commodity, facts, status_ts, created, updated)
    select a.authorization_uid, ${meterUid}::bigint, a.company_uid, ${facts.usagePoint}, ${facts.commodity},
           ${coveredFacts(facts)}, ${now}, ${now}, ${now}
      from authorizations a where ${covered(authorizationUid, DATA_CLASSES, now)}`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: DATA_CLASSES, now })
  await insertAlias(tx, authorizationUid, meterUid, facts.usagePoint)
  return meterUid
}

async function insertAlias(tx: Tx, authorizationUid: Uid, meterUid: Uid, usagePoint: string): Promise<void> {
  await sql`
    insert into meter_aliases (authorization_uid, usage_point, meter_uid, company_uid)
    select a.authorization_uid, ${usagePoint}, ${meterUid}::bigint, a.company_uid
      from authorizations a where a.authorization_uid = ${authorizationUid}`.execute(tx)
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
