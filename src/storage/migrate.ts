import { Kysely, PostgresDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { Client, Pool } from 'pg'

import { codeOf } from './db.ts'
import { DatabaseNotReady } from './errors.ts'
import * as firstTables from './migrations/0001-first-tables.ts'
import * as urgencyOfRequests from './migrations/0002-urgency-of-requests.ts'
import * as renewalsAndHints from './migrations/0003-renewals-and-hints.ts'
import * as seriesTold from './migrations/0004-series-told.ts'
import * as webhooks from './migrations/0005-webhooks.ts'
import * as registrations from './migrations/0006-registrations.ts'
import * as idempotentRequests from './migrations/0007-idempotent-requests.ts'
import * as accounts from './migrations/0008-accounts.ts'
import * as readingsBeneath from './migrations/0009-readings-beneath.ts'
import * as atScale from './migrations/0010-at-scale.ts'
import * as unreadFiles from './migrations/0011-unread-files.ts'
import * as clients from './migrations/0012-clients.ts'
import * as auditByTime from './migrations/0013-audit-by-time.ts'
import * as clientNotices from './migrations/0014-client-notices.ts'
import * as readingsThatFollow from './migrations/0015-readings-that-follow.ts'
import { roleStatements, rolesSql } from './roles.ts'

/** A postgres:// address, or a socket folder. */
export type Connection = string | { host: string; port: number; database: string; user: string }

/** In order; names are forever. A released migration never changes. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-first-tables': firstTables,
  '0002-urgency-of-requests': urgencyOfRequests,
  '0003-renewals-and-hints': renewalsAndHints,
  '0004-series-told': seriesTold,
  '0005-webhooks': webhooks,
  '0006-registrations': registrations,
  '0007-idempotent-requests': idempotentRequests,
  '0008-accounts': accounts,
  '0009-readings-beneath': readingsBeneath,
  '0010-at-scale': atScale,
  '0011-unread-files': unreadFiles,
  '0012-clients': clients,
  '0013-audit-by-time': auditByTime,
  '0014-client-notices': clientNotices,
  '0015-readings-that-follow': readingsThatFollow,
}

/**
 * Brings a database up to this program's tables and returns the names of the migrations that it ran. Runs as gbp_owner;
 * processes that start at once wait for each other (an advisory lock), and a migration that fails leaves nothing behind.
 * Missing roles are made where the login may do that; else throws DatabaseNotReady with what an administrator has to run.
 * `upTo`: the name of a migration, to stop after it.
 */
export async function migrate(connection: Connection, upTo?: string): Promise<string[]> {
  await ensureRoles(connection)
  const pool = new Pool({ ...poolConfig(connection), max: 2, options: '-c role=gbp_owner' })
  pool.on('error', () => undefined)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    const provider = { getMigrations: () => Promise.resolve(MIGRATIONS) }
    const migrator = new Migrator({ db, provider })
    const { error, results } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo))
    if (error) throw error instanceof Error ? error : new Error('a migration failed', { cause: error })
    return (results ?? []).filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
  } finally {
    await db.destroy()
  }
}

/** The settings by which `pg` reaches a connection. */
export function poolConfig(connection: Connection): { connectionString: string } | Exclude<Connection, string> {
  return typeof connection === 'string' ? { connectionString: connection } : connection
}

async function ensureRoles(connection: Connection): Promise<void> {
  const client = new Client(poolConfig(connection))
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ login: string; version: string }>(
      `select session_user as login, current_setting('server_version_num') as version`,
    )
    const { login = '', version = '0' } = rows[0] ?? {}
    if (Number(version) < 150_000) {
      throw new DatabaseNotReady('version_too_old', 'PostgreSQL 15 or later is needed.')
    }
    if (await areRolesReady(client)) return
    try {
      for (const statement of roleStatements(login)) await client.query(statement)
    } catch (error) {
      if (await areRolesReady(client)) return // another process made them at the same time
      if (codeOf(error) !== '42501') throw error
      const message = `The roles of this program are missing and ${login} may not make them. Run once as administrator, in this database:\n\n${rolesSql(login)}`
      throw new DatabaseNotReady('roles_missing', message, error)
    }
  } finally {
    await client.end()
  }
}

async function areRolesReady(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ ready: boolean }>(`
    select count(*) = 4
       and bool_and(pg_has_role(session_user, rolname, 'member'))
       and bool_and(rolname <> 'gbp_owner' or (has_schema_privilege(rolname, 'public', 'create')
                    and (to_regnamespace('pgboss') is not null
                         or has_database_privilege(rolname, current_database(), 'create'))))
       and bool_and(has_schema_privilege(rolname, 'public', 'usage')) as ready
    from pg_roles where rolname in ('gbp_owner', 'gbp_company', 'gbp_operator', 'gbp_queue')`)
  return rows[0]?.ready === true
}
