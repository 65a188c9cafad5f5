import { sql } from 'kysely'

import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import type { Frequency } from './edit-meter.ts'

/** A meter of one company, as an order of collection needs it; null when the company has no such meter. */
export type OrderedMeter = { authorizationUid: Uid; usagePoint: string; isActivated: boolean }

export async function findOrderedMeter(tx: Tx, companyUid: Uid, meterUid: Uid): Promise<OrderedMeter | null> {
  const { rows } = await sql<OrderedMeter>`
    select authorization_uid as "authorizationUid", usage_point as "usagePoint", is_activated as "isActivated" from meters
     where authorization_uid = ${authorizationOf(meterUid)} and meter_uid = ${meterUid} and company_uid = ${companyUid}`.execute(
    tx,
  )
  return rows[0] ?? null
}

/** An authorization is refreshed as often as the most eager of its meters asks. */
export async function followMeters(tx: Tx, authorizationUid: Uid): Promise<void> {
  await sql`
    update authorizations set monitoring = coalesce(
        (select f.frequency from unnest(array['daily', 'weekly', 'monthly']) with ordinality f (frequency, rank)
          where exists (select from meters m where m.authorization_uid = ${authorizationUid}
                           and m.monitoring ->> 'frequency' = f.frequency)
          order by f.rank limit 1), 'off')
     where authorization_uid = ${authorizationUid}`.execute(tx)
}

/** How often new meters of an authorization are refreshed: as its form says. */
export async function findMonitoring(tx: Tx, authorizationUid: Uid): Promise<Frequency> {
  const { rows } = await sql<{ monitoring: Frequency }>`
    select monitoring from authorizations where authorization_uid = ${authorizationUid}`.execute(tx)
  return rows[0]?.monitoring ?? 'off'
}
