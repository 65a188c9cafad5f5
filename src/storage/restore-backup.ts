import { createZstdDecompress } from 'node:zlib'
import { pipeline } from 'node:stream/promises'

import { Kysely, PostgresDialect } from 'kysely'
import { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'

import type { Manifest } from './backup.ts'
import { BackupUnreadable, openPieces, readerOf, through } from './backup-pieces.ts'
import type { Tx } from './db.ts'
import { DatabaseNotReady } from './errors.ts'
import { listTables, type TableShape } from './list-tables.ts'
import { type Connection, migrate, poolConfig } from './migrate.ts'
import type { Envelope } from './secrets.ts'

const manifestShape: z.ZodType<Manifest> = z.object({
  made: z.iso.datetime(),
  migrations: z.array(z.string()).min(1),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()) })),
  sequences: z.array(z.object({ name: z.string(), value: z.string().regex(/^\d+$/) })),
})

/** A backup that is being read: what it says of itself, then its tables, in order, each to be read to its end. */
export type OpenBackup = {
  manifest: Manifest
  tables: AsyncIterable<{ table: TableShape; rows: AsyncIterable<Buffer> }>
}

/** Opens what makeBackup made. Throws BackupUnreadable or SecretUnreadable, also later, where bytes turn out wrong. */
export async function openBackup(file: AsyncIterable<Uint8Array>, envelope: Envelope): Promise<OpenBackup> {
  const input = readerOf(through(openPieces(file, envelope), createZstdDecompress()))
  const frame = async (): Promise<Buffer> => {
    const length = await input.take(4)
    const bytes = length && (await input.take(length.readUInt32BE()))
    if (!bytes) throw new BackupUnreadable('This backup is cut off: it is not whole.')
    return bytes
  }
  async function* rows(): AsyncGenerator<Buffer> {
    for (let bytes = await frame(); bytes.length > 0; bytes = await frame()) yield bytes
  }
  const manifest = manifestShape.parse(JSON.parse((await frame()).toString('utf8')))
  async function* tables(): AsyncGenerator<{ table: TableShape; rows: AsyncIterable<Buffer> }> {
    for (const table of manifest.tables) yield { table, rows: rows() }
    if (!(await input.isEnd())) throw new BackupUnreadable('This backup goes on where it should end.')
  }
  return { manifest, tables: tables() }
}

/**
 * Fills an empty database with a backup, in one transaction: all of it is there afterwards, or nothing. `afterwards` runs in
 * it as gbp_operator, before anybody can see a row. Returns its result and how many rows each table got. Throws DatabaseNotReady where
 * the database holds rows, or tables of a later version than the backup's; then nothing has changed.
 */
export async function restoreBackup<T>(
  connection: Connection,
  backup: OpenBackup,
  afterwards: (tx: Tx) => Promise<T>,
): Promise<{ counts: Record<string, number>; result: T }> {
  const { manifest } = backup
  await migrate(connection, manifest.migrations.at(-1))
  const client = new Client({ ...poolConfig(connection), options: '-c role=gbp_owner' })
  client.on('error', () => undefined)
  await client.connect()
  const db = kyselyOn(client)
  try {
    return await db.transaction().execute(async (tx) => {
      await checkVersion(client, manifest)
      const forced = await unforce(client)
      await checkEmpty(client, manifest)
      const counts: Record<string, number> = {}
      for await (const { table, rows } of backup.tables) counts[table.name] = await fill(client, table, rows)
      for (const { name, value } of manifest.sequences)
        await client.query('select setval(quote_ident($1)::regclass, $2::bigint)', [name, value])
      for (const name of forced) await client.query(`alter table ${name} force row level security`)
      await client.query('set local role gbp_operator')
      return { counts, result: await afterwards(tx) }
    })
  } finally {
    await client.end()
  }
}

async function fill(client: Client, { name, columns }: TableShape, rows: AsyncIterable<Buffer>): Promise<number> {
  const target = client.query(copyFrom(`copy ${name} (${columns.join(', ')}) from stdin`))
  await pipeline(rows, target)
  return target.rowCount
}

/** Lets the owner write rows: COPY does not work under row-level security. Only this transaction ever sees it. */
async function unforce(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select quote_ident(relname) as name from pg_class
     where relnamespace = 'public'::regnamespace and relforcerowsecurity order by 1`)
  for (const { name } of rows) await client.query(`alter table ${name} no force row level security`)
  return rows.map(({ name }) => name)
}

async function checkVersion(client: Client, { migrations, tables }: Manifest): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select name from kysely_migration order by name')
  const isSame = JSON.stringify(rows.map(({ name }) => name)) === JSON.stringify(migrations)
  const names = (shapes: TableShape[]): string => JSON.stringify(shapes.map(({ name }) => name).toSorted())
  if (isSame && names(await listTables(client)) === names(tables)) return
  const message = 'This database has tables of another version than the backup. Restore into a new database.'
  throw new DatabaseNotReady('not_empty', message)
}

async function checkEmpty(client: Client, { tables }: Manifest): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await client.query(`select from ${name} limit 1`)
    if (rows.length === 0) continue
    const message = `This database is in use: ${name} holds rows. Restore into a new database; nothing was changed.`
    throw new DatabaseNotReady('not_empty', message)
  }
}

/** Statements of storage/ on a connection that is ours alone. */
function kyselyOn(client: Client): Kysely<unknown> {
  const connection = Object.assign(client, { release: () => undefined })
  const pool = { connect: () => Promise.resolve(connection), end: () => Promise.resolve(), options: {} }
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
}
