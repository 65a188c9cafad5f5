import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { Pool, type PoolConfig } from 'pg'

import type { Within } from './db.ts'
import { openGathering } from './gather-reads.ts'
import { nameOf } from './prepared.ts'
import { type Read, type ReadRole, readTrip } from './read-trip.ts'
import { toValue } from './wire.ts'

/**
 * A pool for reading: each statement is a transaction of its own in one round trip (read-trip.ts), as most of what a small read
 * costs is round trips; prepared statements that are asked at one time share one (gather-reads.ts). A transaction that reads at READ COMMITTED sees no more than that: there, too, each statement has its
 * own snapshot. The database refuses to write.
 */
export function openReadPool(config: PoolConfig, as: () => ReadRole): { within: Within; close(): Promise<void> } {
  const pool = new Pool(config)
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const together = openGathering((reads) => send(pool, reads))
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const name = nameOf(sql)
      const read: Read<Row> = { as: as(), statement: { name, text: sql, values: parameters.map(toValue) }, rows: [] }
      await (name !== null && isSmall(parameters) ? together(read) : send(pool, [read]))
      return { rows: read.rows }
    },
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

/** Lists longer than this bring so much that others should not wait for it. */
const SHORT_LIST = 20

function isSmall(parameters: readonly unknown[]): boolean {
  return parameters.every((each) => !Array.isArray(each) || each.length <= SHORT_LIST)
}

async function send(pool: Pool, reads: readonly Read<unknown>[]): Promise<void> {
  const client = await pool.connect()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.query(
    readTrip(reads, (error) => {
      client.release(error ?? undefined)
      if (error) reject(error)
      else resolve()
    }),
  )
  await promise
}
