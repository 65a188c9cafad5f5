import { sql } from 'kysely'

import type { Tx } from './db.ts'

/** What is owed or set aside, by utility, state and reason; `oldest`: since when. */
export type Owed = { utility: string; state: string; reason: string | null; count: number; oldest: Date }

export async function summarizeOwed(tx: Tx): Promise<Owed[]> {
  const { rows } = await sql<Owed>`
    select a.utility, w.state, w.reason, count(*)::int as count, min(w.created) as oldest
      from windows w join authorizations a on a.authorization_uid = w.authorization_uid
     where w.state <> 'done'
     group by a.utility, w.state, w.reason order by a.utility, w.state, w.reason`.execute(tx)
  return rows
}
