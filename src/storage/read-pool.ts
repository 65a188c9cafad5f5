import {
  type CompiledQuery,
  DefaultQueryExecutor,
  type DatabaseConnection,
  DummyDriver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  Transaction,
} from 'kysely'
import { Pool, type PoolConfig } from 'pg'

import type { Tx, Within } from './db.ts'
import { openGathering } from './gather-reads.ts'
import { type Run, setShortWay } from './prepared.ts'
import { type Read, type ReadRole, readTrip, type TripStatement } from './read-trip.ts'
import { toValue } from './wire.ts'

/**
 * A pool for reading: each statement is a transaction of its own in one round trip (read-trip.ts), as most of what a small read
 * costs is round trips; prepared statements that are asked at one time share one (gather-reads.ts). A transaction that reads at
 * READ COMMITTED sees no more than that: there, too, each statement has its own snapshot. The database refuses to write.
 */
export function openReadPool(config: PoolConfig, as: () => ReadRole): { within: Within; close(): Promise<void> } {
  const pool = new Pool(config)
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const together = openGathering((reads) => send(pool, reads))
  const run: Run = async (statement, rows) => {
    const read = { as: as(), statement, rows }
    await (isShort(statement) ? together(read) : send(pool, [read]))
  }
  const tx = transactionOf(run)
  setShortWay(tx, run)
  return {
    within: async (work) => await work(tx),
    close: async () => await pool.end(),
  }
}

/** One for all who read, since each statement begins and ends a transaction by itself. */
function transactionOf(run: Run): Tx {
  const connection: DatabaseConnection = {
    executeQuery: async <Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
      const rows: Row[] = []
      await run({ name: null, text, values: parameters.map(toValue), isLong: true }, rows)
      return { rows }
    },
    streamQuery: () => {
      throw new Error('a read is answered whole')
    },
  }
  const [adapter, driver, compiler] = [new PostgresAdapter(), new DummyDriver(), new PostgresQueryCompiler()]
  const dialect = {
    createAdapter: () => adapter,
    createDriver: () => driver,
    createIntrospector: (db: Tx) => new PostgresIntrospector(db),
    createQueryCompiler: () => compiler,
  }
  const executor = new DefaultQueryExecutor(compiler, adapter, {
    provideConnection: async (consumer) => await consumer(connection),
  })
  return new Transaction({ config: { dialect }, dialect, driver, executor })
}

/** Lists longer than this bring so much that others should not wait for it. */
const SHORT_LIST = 20

function isShort({ isLong, values }: TripStatement): boolean {
  return !isLong && values.every((each) => !Array.isArray(each) || each.length <= SHORT_LIST)
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
