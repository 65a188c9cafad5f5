import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely'

import type { Tx } from './db.ts'
import type { TripStatement } from './read-trip.ts'
import type { Value } from './wire.ts'

/** Runs a prepared statement with the values of its $1, $2, … */
export type Prepared<Row> = (tx: Tx, values: readonly Value[]) => Promise<{ rows: Row[] }>

/** Runs a statement and adds its rows. */
export type Run = (statement: TripStatement, rows: unknown[]) => Promise<void>

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** How many statements are prepared: each has a name of its own. */
let count = 0
const shortWays = new WeakMap<Tx, Run>()

/** Gives prepared statements their own way through a transaction: the builder's layers cost more than the rest of a small read. */
export function setShortWay(tx: Tx, run: Run): void {
  shortWays.set(tx, run)
}

/**
 * A statement that is compiled once here and planned once by each connection that reads (read-pool.ts); planning costs several
 * times what finding a row does. Only for what is found by key, where one plan suits all values: a plan for any value of an
 * optional filter reads the whole table. It stands in SQL with $1, $2, … for its values. isLong: it brings so much that others
 * should not wait for it.
 */
export function prepared<Row>(template: RawBuilder<Row>, { isLong = false } = {}): Prepared<Row> {
  const { sql: text } = template.compile(compiler)
  const name = `gbp_${count++}`
  return async (tx, values) => {
    const run = shortWays.get(tx)
    const rows: Row[] = []
    if (run) await run({ name, text, values, isLong }, rows)
    if (run) return { rows }
    return await tx.executeQuery<Row>(CompiledQuery.raw(text, [...values]))
  }
}
