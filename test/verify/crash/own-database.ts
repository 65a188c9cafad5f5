import { Pool } from 'pg'

import { openDb } from '../../../src/storage/db.ts'
import { openEmbedded } from '../../../src/storage/embedded-postgres.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import type { TestDatabase } from '../../database.ts'
import { until } from './until.ts'

/** An embedded server of this test alone, whose processes may be killed; a statement meanwhile is tried again. */
export async function ownDatabase(dataDir: string): Promise<Omit<TestDatabase, 'withoutForeignKeys'>> {
  const embedded = await openEmbedded({ dataDir })
  const { connection } = embedded
  await migrate(connection)
  const db = openDb(connection)
  const pool = new Pool({ ...connection, user: 'postgres', max: 1 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return {
    db,
    connection,
    async admin(text, values = []) {
      let last: unknown = null
      const rows = async () => (await pool.query<Record<string, unknown>>(text, values)).rows
      return await until(
        'the server to be there again',
        async () =>
          await rows().catch((error: unknown) => {
            last = error
            return null
          }),
      ).catch((error: unknown) => {
        throw new Error(String(error), { cause: last })
      })
    },
    async close() {
      await db.close()
      await pool.end()
      await embedded.close()
    },
  }
}
