import { CompiledQuery, type DatabaseConnection, Kysely, PostgresDialect } from 'kysely'
import { Pool, type PoolConfig } from 'pg'

import type { Within } from './db.ts'

/**
 * A pool for reading: each statement is a transaction of its own, whose three parts are sent without waiting for each other, as
 * most of what a small read costs is round trips. A transaction that reads at READ COMMITTED sees no more than that: there, too, each
 * statement has its own snapshot. `begin` opens it under its role and must be `read only`: the database refuses to write.
 */
export function openReadPool(config: PoolConfig, begin: () => string): { within: Within; close(): Promise<void> } {
  // Without `pipeline` the second part would be sent when the first was answered. Here, where nothing is written, and not in
  // the other pool: it is new in this driver.
  const pool = new Pool({ ...config, pipeline: true })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const dialect = new PostgresDialect({
    pool,
    onCreateConnection: async (connection) => sendTogether(connection, begin),
  })
  const createDriver = dialect.createDriver.bind(dialect)
  dialect.createDriver = () => {
    const driver = createDriver()
    const nothing = async (): Promise<void> => undefined
    driver.beginTransaction = nothing
    driver.commitTransaction = nothing
    driver.rollbackTransaction = nothing
    return driver
  }
  const kysely = new Kysely<unknown>({ dialect })
  return {
    within: async (work) => await kysely.transaction().execute(work),
    close: async () => await kysely.destroy(),
  }
}

/** A statement that failed has ended its transaction when its error is thrown: `commit` is then a rollback. */
function sendTogether(connection: DatabaseConnection, begin: () => string): void {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = async (query, options) => {
    const began = execute(CompiledQuery.raw(begin()))
    const answered = execute<never>(query, options)
    const parts = await Promise.allSettled([began, answered, execute(CompiledQuery.raw('commit'))])
    for (const part of parts) if (part.status === 'rejected') throw part.reason
    return await answered
  }
}
