import { Socket } from 'node:net'

import { CompiledQuery, type DatabaseConnection, Kysely, PostgresDialect } from 'kysely'
import { Pool, type PoolConfig } from 'pg'

import type { Within } from './db.ts'

/**
 * A pool for reading: each statement is a transaction of its own, which is sent and answered in one piece, as most of what a
 * small read costs is writing to the socket. A transaction that reads at READ COMMITTED sees no more than that: there, too, each
 * statement has its own snapshot. `begin` opens it under its role and must be `read only`: the database refuses to write.
 */
export function openReadPool(config: PoolConfig, begin: () => string): { within: Within; close(): Promise<void> } {
  // Without `pipeline` the second part would be sent when the first was answered. Here, where nothing is written, and not in
  // the other pool: it is new in this driver.
  const pool = new Pool({ ...config, pipeline: true, stream: () => new GatheringSocket() })
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

type Done = (error?: Error | null) => void

/** What is written in one go of the program leaves in one system call. */
class GatheringSocket extends Socket {
  constructor() {
    super()
    // Node's `connect` puts its own `write` before that of a class.
    this.once('connect', () => Reflect.deleteProperty(this, 'write'))
  }

  override write(data: string | Uint8Array, done?: Done): boolean
  override write(data: string | Uint8Array, encoding?: BufferEncoding, done?: Done): boolean
  override write(data: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (this.writableCorked === 0) {
      this.cork()
      process.nextTick(() => this.uncork())
    }
    return typeof encoding === 'string' ? super.write(data, encoding, done) : super.write(data, encoding ?? done)
  }
}
