import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { sql } from 'kysely'

import { closeTestServer, type Seed, seedCompany, testDatabase, type TestDatabase } from '../test/database.ts'
import { bareMeter } from '../src/model/meter.ts'
import type { Uid } from '../src/model/uid.ts'
import type { Tx } from '../src/storage/db.ts'
import type { Connection } from '../src/storage/migrate.ts'
import { upsertMeters } from '../src/storage/meters.ts'

export type BenchDatabase = TestDatabase & { seed: Seed; connection: Connection }

/** Consent that reaches back before all generated readings. */
export const HISTORY = { historyStart: new Date('2020-01-01T00:00:00Z') }
export const ZONE = 'America/Los_Angeles'

/**
 * Runs with an embedded PostgreSQL of its own in a temporary folder, which is removed afterwards. Every commit waits for the
 * disk, as in production; tests do not. TEST_DATABASE_URL names another server.
 */
export async function withDatabase(work: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'gbp-bench-'))
  chmodSync(home, 0o711) // as root, the server's user passes through
  process.env['GBP_TEST_HOME'] = home
  const database = await testDatabase()
  try {
    if (!process.env['TEST_DATABASE_URL']) {
      await database.admin('alter system reset synchronous_commit')
      await database.admin('select pg_reload_conf()')
    }
    await work({ ...database, seed: await seedCompany(database.db, HISTORY) })
  } finally {
    await database.close()
    await closeTestServer()
    rmSync(home, { recursive: true, force: true })
  }
}

/** New meters of an authorization. */
export async function addMeters({ db }: BenchDatabase, authorizationUid: Uid, count: number): Promise<Uid[]> {
  const told = Array.from({ length: count }, (_, at) => bareMeter(`up-${at}`, 'electricity'))
  const now = new Date()
  const upserted = await db.operator((tx) => upsertMeters(tx, authorizationUid, told, { now }))
  return upserted.map(({ meterUid }) => meterUid)
}

/** What the server counted of some tables so far: rows written anew, and dead ones that vacuum has to remove. */
export async function countWrites(
  { admin, db }: BenchDatabase,
  tables: readonly string[],
): Promise<{ inserted: number; updated: number; dead: number }> {
  // Each backend keeps its counts for some seconds; all of the pool are asked at once to hand them over.
  const flush = (tx: Tx): Promise<unknown> => sql`select pg_stat_force_next_flush()`.execute(tx)
  await Promise.all([
    ...Array.from({ length: 10 }, () => db.operator(flush)),
    ...Array.from({ length: 4 }, () => db.operatorShared([flush])),
  ])
  const [row = {}] = await admin(
    `select sum(n_tup_ins)::int as inserted, sum(n_tup_upd)::int as updated, sum(n_dead_tup)::int as dead
       from pg_stat_user_tables where relname = any($1)`,
    [tables],
  )
  return { inserted: Number(row['inserted']), updated: Number(row['updated']), dead: Number(row['dead']) }
}
