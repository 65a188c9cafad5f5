import { createZstdCompress } from 'node:zlib'

import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'

import { sealPieces, through } from './backup-pieces.ts'
import { listTables, type TableShape } from './list-tables.ts'
import { type Connection, poolConfig } from './migrate.ts'
import type { Envelope } from './secrets.ts'

/** What a backup says of itself, before its rows. */
export type Manifest = {
  /** ISO 8601: what was committed before is in it. */
  made: string
  /** The version of its tables: names of migrations, in order. */
  migrations: string[]
  /** In the order in which rows may be inserted. */
  tables: TableShape[]
  /** Last value of every sequence, so that no uid is given twice, not even that of a deleted row. */
  sequences: { name: string; value: string }[]
}

/**
 * The rows of every table as they were at one moment, sealed, while everything goes on: bytes of a file that
 * restoreBackup takes. Not in it: the queue, which is derived from the tables again. Rows are as PostgreSQL's COPY writes
 * text, so that another major can read them; zstd, then pieces of the envelope.
 */
export async function* makeBackup(connection: Connection, envelope: Envelope, now: Date): AsyncGenerator<Buffer> {
  const client = new Client(poolConfig(connection))
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read read only; set local role gbp_owner')
    const manifest = await describe(client, now)
    await client.query('set local role gbp_operator')
    yield* sealPieces(through(rowsOf(client, manifest), createZstdCompress()), envelope)
    await client.query('commit')
  } finally {
    await client.end()
  }
}

async function describe(client: Client, now: Date): Promise<Manifest> {
  const tables = await listTables(client)
  const migrations = await client.query<{ name: string }>('select name from kysely_migration order by name')
  const sequences = await client.query<{ name: string; value: string }>(`
    select sequencename as name, last_value::text as value from pg_sequences
     where schemaname = 'public' and last_value is not null order by 1`)
  const names = migrations.rows.map(({ name }) => name)
  return { made: now.toISOString(), migrations: names, tables, sequences: sequences.rows }
}

/** The manifest and each table's text, as frames: length (4 bytes, big endian) and bytes; an empty one ends a table. */
async function* rowsOf(client: Client, manifest: Manifest): AsyncGenerator<Buffer> {
  yield frame(Buffer.from(JSON.stringify(manifest)))
  for (const { name, columns } of manifest.tables) {
    const rows = client.query(copyTo(`copy ${name} (${columns.join(', ')}) to stdout`))
    for await (const bytes of rows as AsyncIterable<Buffer>) if (bytes.length > 0) yield frame(bytes)
    yield frame(Buffer.alloc(0))
  }
}

function frame(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
