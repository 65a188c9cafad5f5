import { sql } from 'kysely'

import type { Tx } from './db.ts'

/** Runs work of the queue inside a transaction of another role, which goes on in its own role afterwards. */
export async function asQueue<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const { rows } = await sql<{ role: string }>`select current_setting('role') as role`.execute(tx)
  await sql`set local role gbp_queue`.execute(tx)
  // No `finally`: after an error the transaction takes no statement but its end.
  const result = await work()
  await sql`set local role ${sql.id(rows[0]?.role ?? 'none')}`.execute(tx)
  return result
}
