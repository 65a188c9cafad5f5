import { createHash } from 'node:crypto'
import { Socket } from 'node:net'

import {
  type DatabaseConnection,
  DefaultConnectionProvider,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  Transaction,
} from 'kysely'
import { Pool, type PoolClient, type PoolConfig } from 'pg'

import type { Tx } from './db.ts'
import { causeOf } from './side-by-side.ts'

/** One part of a shared transaction. */
export type Work<T> = (tx: Tx) => Promise<T>

export type Shared = {
  /**
   * Runs works in one transaction and returns what they return, in order. All are kept or none: when one fails, its error is
   * thrown after all have ended.
   */
  share<T>(works: readonly Work<T>[]): Promise<T[]>
  close(): Promise<void>
}

/** Few: a transaction that is shared takes the place of many. */
const CONNECTIONS = 4

/**
 * A pool for transactions that several works share. The statements of all go out side by side on one connection, without waiting
 * for each other's answers (nor a work for its own, with sideBySide), and a connection plans each statement once: many small
 * works cost few round trips, little planning and one commit. `begin` opens a transaction under its role.
 */
export function openShared(config: PoolConfig, begin: () => string): Shared {
  const pool = new Pool({ ...config, max: CONNECTIONS, pipeline: true, stream: openGatheringSocket })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return {
    async share(works) {
      const client = await pool.connect()
      let isUsable = false
      try {
        const began = client.query(begin())
        const tx = transactionOn(client)
        const parts = await Promise.allSettled([began, ...works.map(async (work) => await work(tx))])
        const [, ...done] = parts
        const errors = parts.flatMap((part): unknown[] => (part.status === 'rejected' ? [part.reason] : []))
        const { command } = await client.query(errors.length === 0 ? 'commit' : 'rollback')
        isUsable = true
        if (errors.length > 0) throw causeOf(errors)
        if (command !== 'COMMIT') throw new Error('a shared transaction was not committed')
        return done.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []))
      } finally {
        client.release(!isUsable)
      }
    },
    close: async () => await pool.end(),
  }
}

/**
 * One way to a connection for all works of a transaction, which begins and ends elsewhere. Kysely's own transactions let a
 * statement wait for the answer to the one before.
 */
function transactionOn(client: PoolClient): Transaction<unknown> {
  const connection: DatabaseConnection = {
    async executeQuery({ sql: text, parameters }) {
      const { rows, rowCount } = await client.query({ name: nameOf(text), text, values: [...parameters] })
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    },
    streamQuery: () => {
      throw new Error('a statement is answered whole')
    },
  }
  const nothing = async (): Promise<void> => undefined
  const driver: Driver = {
    acquireConnection: async () => connection,
    ...{ init: nothing, beginTransaction: nothing, commitTransaction: nothing, rollbackTransaction: nothing },
    ...{ releaseConnection: nothing, destroy: nothing },
  }
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => driver,
  }
  const provider = new DefaultConnectionProvider(driver)
  const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), provider)
  return new Transaction<unknown>({ config: { dialect }, driver, dialect, executor })
}

/**
 * What is sent in one turn of the event loop leaves together: the call that sends costs as much as a small statement. The driver
 * corks the socket around each statement; one cork more holds all of them until the turn is over.
 */
function openGatheringSocket(): Socket {
  const socket = new Socket()
  const cork = socket.cork.bind(socket)
  let isGathering = false
  socket.cork = () => {
    cork()
    if (isGathering) return
    isGathering = true
    cork()
    setImmediate(() => {
      isGathering = false
      socket.uncork()
    })
  }
  return socket
}

const names = new Map<string, string>()

/** The name under which a connection knows a statement that it has planned. */
function nameOf(text: string): string {
  const name = names.get(text) ?? createHash('sha256').update(text).digest('base64url')
  names.set(text, name)
  return name
}
