import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'

/** Of these usage points, those that nothing has been owed for yet. */
export async function listUnplanned(tx: Tx, authorizationUid: Uid, usagePoints: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ usagePoint: string }>`
    select given as "usagePoint" from unnest(${[...usagePoints]}::text[]) with ordinality as told(given, at)
     where not exists (select from windows w where w.authorization_uid = ${authorizationUid} and w.product = 'usage'
                          and w.resource = given)
     order by at`.execute(tx)
  return rows.map(({ usagePoint }) => usagePoint)
}
