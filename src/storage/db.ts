import { AsyncLocalStorage } from 'node:async_hooks'

import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'

import type { Uid } from '../model/uid.ts'
import { openReadPool } from './read-pool.ts'
import type { ReadRole } from './read-trip.ts'
import { openShared, type Work } from './shared-transaction.ts'

/** One open transaction, under one role. Every statement of `storage/` takes it first. */
export type Tx = Transaction<unknown>

/**
 * The database behind one door. Every statement runs in a transaction under a role that is neither superuser nor owner:
 * `company` sees one company's rows (row-level security), `operator` is the privileged path of named operator work
 * (collection, the customer's pages, migrations of data). Serialization failures and deadlocks are tried again.
 */
export type Db = {
  company<T>(companyUid: Uid, work: (tx: Tx) => Promise<T>): Promise<T>
  operator<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * As operator, for several works in one transaction: all are kept or none, and their statements go out side by side. Works of
   * several companies may share one, since the role of the operator is not bound to any.
   */
  operatorShared<T>(works: readonly Work<T>[]): Promise<T[]>
  /** As company and operator, for work that only reads and locks nothing: a third of the round trips. Writing throws. */
  readCompany<T>(companyUid: Uid, work: (tx: Tx) => Promise<T>): Promise<T>
  readOperator<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Runs work in a transaction. */
export type Within = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/** Under which role the transaction of this call chain begins. */
const open = new AsyncLocalStorage<ReadRole>()

/** Throws when a transaction is open in this call chain. Called where the network begins: no call inside a transaction. */
export function assertNoTransaction(): void {
  if (open.getStore()) throw new Error('a network call was made inside a database transaction')
}

const TRIES = 5
const RETRY_CODES = new Set(['40001', '40P01'])

/** Opens a pool. `connection` is a postgres:// address, or a socket folder as {host, database, user}. */
export function openDb(
  connection: string | { host: string; port: number; database: string; user: string },
  max = 10,
): Db {
  const config = {
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    max,
    application_name: 'green-button-proxy',
    // A process that is stopped in the middle of a transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: 60_000,
    lock_timeout: 30_000,
  }
  const pool = new Pool(config)
  // An idle connection that breaks is replaced by the pool at its next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  // The pool listens to idle connections only: one that breaks between two statements of a transaction would end the
  // process, too. The next statement throws the error.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const kysely = new Kysely<unknown>({ dialect: dialectOf(pool) })
  const reads = openReadPool(config, roleOfChain)
  const shared = openShared(config, beginning)
  const writing: Within = (work) => kysely.transaction().execute(work)

  async function within<T>(role: ReadRole, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open.run(role, run)
      } catch (error) {
        if (attempt >= TRIES || !RETRY_CODES.has(codeOf(error))) throw error
      }
    }
  }

  return {
    async company(companyUid, work) {
      return await within(asCompany(companyUid), () => writing(work))
    },
    async operator(work) {
      return await within(AS_OPERATOR, () => writing(work))
    },
    async operatorShared(works) {
      return await within(AS_OPERATOR, () => shared.share(works))
    },
    async readCompany(companyUid, work) {
      return await within(asCompany(companyUid), () => reads.within(work))
    },
    async readOperator(work) {
      return await within(AS_OPERATOR, () => reads.within(work))
    },
    async close() {
      await reads.close()
      await shared.close()
      await kysely.destroy()
    },
  }
}

const AS_OPERATOR: ReadRole = { role: 'gbp_operator', setting: null }

/** A literal, since set_config does not travel to the workers of Citus. */
function asCompany(companyUid: Uid): ReadRole {
  if (!/^[0-9]{1,19}$/.test(companyUid)) throw new RangeError('a company uid has digits only')
  return { role: 'gbp_company', setting: `set local gbp.company_uid = '${companyUid}'` }
}

function roleOfChain(): ReadRole {
  const role = open.getStore()
  if (role === undefined) throw new Error('a transaction begins under a role')
  return role
}

function beginning(): string {
  const { role, setting } = roleOfChain()
  return `begin; set local role ${role}${setting === null ? '' : `; ${setting}`}`
}

/** A transaction begins and enters its role in one round trip: most are so short that each of them counts. */
function dialectOf(pool: Pool): PostgresDialect {
  const dialect = new PostgresDialect({ pool })
  const createDriver = dialect.createDriver.bind(dialect)
  dialect.createDriver = () => {
    const driver = createDriver()
    driver.beginTransaction = async (connection) => void (await connection.executeQuery(CompiledQuery.raw(beginning())))
    return driver
  }
  return dialect
}

/** The SQLSTATE of a database error, or '' where there is none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}
