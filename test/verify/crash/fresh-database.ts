import { Pool } from 'pg'

import { type Connection, poolConfig } from '../../../src/storage/migrate.ts'
import { roleStatements } from '../../../src/storage/roles.ts'
import { addressOf, type Bench } from './bench.ts'

/** A database without tables on the server of a bench; `url` is how the product reaches it, `admin` a superuser's session. */
export type FreshDatabase = {
  url: string
  admin(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

let databases = 0

export async function freshDatabase({ database }: Bench): Promise<FreshDatabase> {
  const name = `fresh_${process.pid}_${++databases}`
  await database.admin(`create database ${name}`)
  const pool = new Pool({ ...poolConfig(at(superuserOf(database.connection), name)), max: 1 })
  pool.on('error', () => undefined)
  for (const statement of roleStatements('gbp')) await pool.query(statement)
  return {
    url: addressOf(at(database.connection, name)),
    admin: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    async close() {
      await pool.end()
      await database.admin(`drop database ${name} with (force)`)
    },
  }
}

function superuserOf(connection: Connection): Connection {
  return typeof connection === 'string'
    ? (process.env['TEST_DATABASE_URL'] ?? connection)
    : { ...connection, user: 'postgres' }
}

function at(connection: Connection, database: string): Connection {
  if (typeof connection !== 'string') return { ...connection, database }
  const url = new URL(connection)
  url.pathname = `/${database}`
  return url.href
}
