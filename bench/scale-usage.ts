import { readdirSync, readFileSync } from 'node:fs'

import { sql } from 'kysely'

import type { BenchDatabase } from './temporary-database.ts'

/** What a piece of work took: milliseconds of this process and of PostgreSQL's (null where it runs elsewhere), and on the clock. */
export type Used = { ours: number; postgres: number | null; wall: number }

export async function usedBy(database: BenchDatabase, work: () => Promise<unknown>): Promise<Used> {
  const server = await postmasterOf(database)
  const [began, own, its] = [performance.now(), process.cpuUsage(), server === null ? 0 : processorOf(server)]
  await work()
  const { user, system } = process.cpuUsage(own)
  const postgres = server === null ? null : processorOf(server) - its
  return { ours: (user + system) / 1000, postgres, wall: performance.now() - began }
}

/** The first process of the database server, when it runs on this machine and Linux tells of its processes. */
async function postmasterOf({ admin }: BenchDatabase): Promise<number | null> {
  const [row] = await admin('select pg_backend_pid() as pid')
  const stat = process.env['TEST_DATABASE_URL'] ? null : statOf(Number(row?.['pid']))
  return stat && stat.parent
}

/** Milliseconds of a server and all its processes so far, those that have ended included. */
function processorOf(postmaster: number): number {
  let ticks = statOf(postmaster)?.withEnded ?? 0
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
    if (stat?.parent === postmaster) ticks += stat.own
  }
  return ticks * 10
}

/** proc(5), `/proc/pid/stat`: times in hundredths of a second. */
function statOf(pid: number): { parent: number; own: number; withEnded: number } | null {
  let line = ''
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // It ended between the listing and now; or this is no Linux.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map((at) => fields[at])
  return { parent, own: user + system, withEnded: user + system + endedUser + endedSystem }
}

/** Rows that the server has read so far, by whole tables and by indexes; live rows, and bytes of tables and indexes. */
export async function countRows({ admin, db }: BenchDatabase): Promise<{ read: number; live: number; bytes: number }> {
  // Each backend keeps its counts for some seconds; all of the pool are asked at once to hand them over.
  await Promise.all(
    Array.from({ length: 10 }, () => db.operator((tx) => sql`select pg_stat_force_next_flush()`.execute(tx))),
  )
  const [row = {}] = await admin(
    `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as read,
            sum(pg_total_relation_size(relid))::float8 as bytes, array_agg(relname::text) as tables
       from pg_stat_user_tables where schemaname = 'public'`,
  )
  const tables = Array.isArray(row['tables']) ? row['tables'].map(String) : []
  const [count] = await admin(`select ${tables.map((table) => `(select count(*) from ${table})`).join(' + ')} as live`)
  return { read: Number(row['read']), live: Number(count?.['live']), bytes: Number(row['bytes']) }
}
