import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { Pool, type PoolConfig } from 'pg'

import type { Within } from './db.ts'
import { nameOf } from './prepared.ts'
import { type ReadRole, readTrip } from './read-trip.ts'
import { toValue } from './wire.ts'

/**
 * A pool for reading: each statement is a transaction of its own in one round trip (read-trip.ts), as most of what a small read
 * costs is round trips. A transaction that reads at READ COMMITTED sees no more than that: there, too, each statement has its
 * own snapshot. The database refuses to write.
 */
export function openReadPool(config: PoolConfig, as: () => ReadRole): { within: Within; close(): Promise<void> } {
  const pool = new Pool(config)
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const connection: DatabaseConnection = {
    executeQuery: async (query) => ({ rows: await read(pool, as(), query) }),
    streamQuery: () => {
      throw new Error('a read is answered whole')
    },
  }
  const nothing = async (): Promise<void> => undefined
  const kysely = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createDriver: () => ({
        acquireConnection: async () => connection,
        ...{ init: nothing, beginTransaction: nothing, commitTransaction: nothing, rollbackTransaction: nothing },
        ...{ releaseConnection: nothing, destroy: nothing },
      }),
    },
  })
  return {
    within: async (work) => await kysely.transaction().execute(work),
    close: async () => await pool.end(),
  }
}

async function read<Row>(pool: Pool, as: ReadRole, { sql, parameters }: CompiledQuery): Promise<Row[]> {
  const statement = { name: nameOf(sql), text: sql, values: parameters.map(toValue) }
  const client = await pool.connect()
  const { promise, resolve, reject } = Promise.withResolvers<Row[]>()
  client.query(
    readTrip<Row>(as, statement, (error, rows) => {
      client.release(error ?? undefined)
      if (error) reject(error)
      else resolve(rows)
    }),
  )
  return await promise
}
