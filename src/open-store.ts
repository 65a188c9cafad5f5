import { mkdirSync } from 'node:fs'

import type { Config } from './config.ts'
import { codeOf, type Db, openDb } from './storage/db.ts'
import { openEmbedded } from './storage/embedded-postgres.ts'
import { type Connection, migrate } from './storage/migrate.ts'
import { type Envelope, loadKey, openEnvelope, parseKey } from './storage/secrets.ts'
import { selfTest } from './storage/self-test.ts'

/** A server that can be reached, and the key that opens the database's secrets. */
export type Server = {
  connection: Connection
  envelope: Envelope
  close(): Promise<void>
}

/** The database, ready: migrated, proven to keep companies apart, and the key that opens its secrets. */
export type Store = Server & {
  db: Db
  /** Names of the migrations that ran now. */
  migrated: string[]
}

/**
 * Opens the server that the configuration names, or the embedded one (joining one that runs already), and leaves its
 * tables as they are. `warn` gets sentences for the operator.
 */
export async function openServer(config: Config, warn: (sentence: string) => void): Promise<Server> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const { key, warning } = loadKey({
    dataDir: config.dataDir,
    ...(config.encryptionKey === null ? {} : { encryptionKey: config.encryptionKey }),
  })
  if (warning !== null) warn(warning)
  const retired = config.retiredKeys.map((text) => parseKey(text, 'a retired key'))
  const embedded = config.databaseUrl === null ? await openEmbedded({ dataDir: config.dataDir, log: warn }) : null
  return {
    connection: embedded?.connection ?? config.databaseUrl ?? '',
    envelope: openEnvelope(key, retired),
    async close() {
      await embedded?.close()
    },
  }
}

/** As openServer, with the tables of this version. Throws with a sentence that says what to do when anything is not as it must be. */
export async function openStore(config: Config, warn: (sentence: string) => void): Promise<Store> {
  const server = await openServer(config, warn)
  const { connection } = server
  try {
    const migrated = await migrate(connection)
    await selfTest(connection)
    const db = openDb(connection)
    return {
      ...{ ...server, db, migrated },
      async close() {
        await db.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw sayWhy(error)
  }
}

/** The error, or a sentence of what to check where the database is not there or does not know us. */
export function sayWhy(error: unknown): unknown {
  return UNREACHABLE.has(codeOf(error)) ? unreachable(error) : error
}

/** What a database that is not there, or does not know us, answers: errors of the socket, and SQLSTATEs of the login. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ENOENT',
  '28P01',
  '28000',
  '3D000',
  '57P03',
])

function unreachable(cause: unknown): Error {
  const why = cause instanceof Error && cause.message !== '' ? cause.message : codeOf(cause)
  return new Error(
    `The database of DATABASE_URL cannot be used (${why}). Check that it runs, and its name, login and password.`,
    { cause },
  )
}
