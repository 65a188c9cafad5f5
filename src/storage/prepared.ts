import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type RawBuilder,
} from 'kysely'

import type { Tx } from './db.ts'
import type { Value } from './wire.ts'

/** Runs a prepared statement with the values of its $1, $2, … */
export type Prepared<Row> = (tx: Tx, values: readonly Value[]) => Promise<QueryResult<Row>>

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** The names of all statements that are prepared, by their text. */
const names = new Map<string, string>()

/**
 * A statement that is compiled once here and planned once by each connection that reads (read-pool.ts); planning costs several
 * times what finding a row does. Only for what is found by key, where one plan suits all values: a plan for any value of an
 * optional filter reads the whole table. It stands in SQL with $1, $2, … for its values.
 */
export function prepared<Row>(template: RawBuilder<Row>): Prepared<Row> {
  const { sql } = template.compile(compiler)
  names.set(sql, `gbp_${names.size}`)
  return async (tx, values) => await tx.executeQuery<Row>(CompiledQuery.raw(sql, [...values]))
}

/** The name under which a statement is prepared, or null. */
export function nameOf(sql: string): string | null {
  return names.get(sql) ?? null
}
