import { type Kysely, sql } from 'kysely'

/** The audit log is read from a moment on: each minute, for the shares that ended. Runs as gbp_owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index on audit_entries (ts, audit_uid)`.execute(db)
}
