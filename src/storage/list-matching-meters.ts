import { sql } from 'kysely'

import type { MeterFacts } from '../model/meter.ts'
import { authorizationOf, type Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { cutPage, type Page } from './list-page.ts'
import { prepared } from './prepared.ts'

/** A meter whose bills or intervals were asked for. */
export type MatchingMeter = {
  meterUid: Uid
  authorizationUid: Uid
  utility: string
  facts: MeterFacts
  isPending: boolean
  /** Neither revoked, declined nor expired: more may be collected. */
  isCollectable: boolean
}

/** More meters than this are not answered at once; a list of uids has at most 1,000, so only huge shares come near. */
export const METERS_LIMIT = 20_000

/** The uids of meters, of authorizations, or of both: then what is of both. */
export type MeterChoice =
  | { authorizations: Uid[] | null; meters: Uid[] }
  | { authorizations: Uid[]; meters: Uid[] | null }

/**
 * The company's readable meters among these uids and of these authorizations, by uid, the first METERS_LIMIT of them. Unknown and
 * foreign uids are left out. Runs under row-level security.
 */
export async function listMatchingMeters(
  tx: Tx,
  { authorizations, meters }: MeterChoice,
  now: Date,
): Promise<Page<MatchingMeter>> {
  const { rows } =
    meters === null
      ? await OF_AUTHORIZATIONS(tx, [now, authorizations])
      : await OF_METERS(tx, [now, ...keysOf(meters, authorizations)])
  return cutPage(rows, METERS_LIMIT)
}

/** A uid names its authorization, so the look-up goes by the whole key. */
function keysOf(meters: Uid[], authorizations: Uid[] | null): [Uid[], Uid[]] {
  const allowed = authorizations && new Set(authorizations)
  const chosen = allowed ? meters.filter((uid) => allowed.has(authorizationOf(uid))) : meters
  return [[...new Set(chosen.map(authorizationOf))], chosen]
}

const COLUMNS = sql.raw(`
  m.meter_uid as "meterUid", m.authorization_uid as "authorizationUid", a.utility, m.facts,
         m.status = 'pending' as "isPending",
         a.state in ('active', 'needs_reauthorization') and a.expires > $1 as "isCollectable"`)
const IS_READABLE = sql.raw(`a.state in ('active', 'needs_reauthorization', 'expired')`)

const OF_AUTHORIZATIONS = prepared(sql<MatchingMeter>`
  select ${COLUMNS}
  from meters m join authorizations a on a.authorization_uid = m.authorization_uid
 where ${IS_READABLE} and m.authorization_uid = any($2::bigint[])
 order by m.meter_uid limit ${sql.lit(METERS_LIMIT + 1)}`)

const OF_METERS = prepared(sql<MatchingMeter>`
  select ${COLUMNS}
  from meters m join authorizations a on a.authorization_uid = m.authorization_uid
 where ${IS_READABLE} and m.authorization_uid = any($2::bigint[]) and m.meter_uid = any($3::bigint[])
 order by m.meter_uid limit ${sql.lit(METERS_LIMIT + 1)}`)
