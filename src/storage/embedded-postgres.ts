import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from 'pg'

import { EmbeddedPostgresError, explainFileError } from './embedded-errors.ts'
import { chooseRunner, findBinaries } from './postgres-binaries.ts'
import {
  createCluster,
  findServer,
  type Place,
  PORT,
  socketFolderOf,
  START_LIMIT_MS,
  startServer,
  stopServer,
} from './postgres-process.ts'

/** Where the embedded server is reached: the absolute path of its socket folder, no password. */
export type EmbeddedConnection = { host: string; port: number; database: 'gbp'; user: 'gbp' }

/** One process's hold on the embedded server. joined: it was running already. */
export type Embedded = { connection: EmbeddedConnection; joined: boolean; close(): Promise<void> }

/** Each of our processes holds this advisory lock, shared, in a session of its own for as long as it uses the server. */
const PRESENCE = 4_711_001
const RETRY_MS = 1000

/**
 * Opens the embedded PostgreSQL of a data directory: makes it at first, starts it, or joins the one that runs already.
 *
 * One server per data directory, any number of our processes. Each holds a shared lock in a session of its own; a process
 * that closes gives its lock back and stops the server only when it then gets the lock for itself alone, so the last one
 * stops it, whoever started it. The session ends with its process: after `kill -9` of ours the server lives on, and the
 * next process joins it and stops it in turn. When the server dies, or one of its own processes, the processes that
 * use it start it again.
 * Throws EmbeddedPostgresError with a message that says what to do.
 */
export async function openEmbedded(options: { dataDir: string; log?: (message: string) => void }): Promise<Embedded> {
  const log = options.log ?? (() => undefined)
  const place = prepare(options.dataDir)
  const closing = new AbortController()
  let presence = await enter(place, log)
  const { connection, joined } = presence
  let returning: Promise<void> = Promise.resolve()

  const watch = ({ client }: Presence): void => {
    client.once('end', () => {
      if (!closing.signal.aborted) returning = comeBack()
    })
  }
  /** Until it succeeds: the disk may be full for a while. */
  const comeBack = async (): Promise<void> => {
    log('the embedded PostgreSQL went away; starting it again')
    while (!closing.signal.aborted) {
      try {
        presence = await enter(place, log)
        watch(presence)
        return
      } catch (error) {
        log(`the embedded PostgreSQL could not be started again: ${error instanceof Error ? error.message : 'unknown'}`)
        await sleep(RETRY_MS, undefined, { ref: false })
      }
    }
  }
  watch(presence)

  return {
    connection,
    joined,
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await returning
      await leave(place, presence)
    },
  }
}

function prepare(given: string): Place {
  const binaries = findBinaries()
  try {
    fs.mkdirSync(given, { recursive: true, mode: 0o700 })
    fs.accessSync(given, fs.constants.W_OK | fs.constants.X_OK)
    // As root, the server's user has to pass through; what lies in the folder has its own permissions.
    const { uid, mode } = fs.statSync(given)
    if (process.getuid?.() === 0 && uid === 0 && (mode & 0o777) === 0o700) fs.chmodSync(given, 0o711)
    const dataDir = fs.realpathSync(given)
    const cluster = path.join(dataDir, 'postgres')
    const place = { dataDir, cluster, binaries, runner: chooseRunner(binaries, dataDir, cluster) }
    if (!fs.existsSync(path.join(cluster, 'PG_VERSION'))) createCluster(place)
    const major = fs.readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim()
    if (major === String(binaries.major)) return place
    const message = `${dataDir} was made by PostgreSQL ${major}; this program brings ${binaries.major}. Start it with the release that made it and export, or restore a backup into a new data directory.`
    throw new EmbeddedPostgresError('other_version', message)
  } catch (error) {
    throw explainFileError(error, given)
  }
}

type Presence = { client: Client; connection: EmbeddedConnection; pid: number; joined: boolean }

/**
 * Starts or joins the server until this process is present in it; begins anew when the server stops meanwhile. One that
 * another process has started is waited for as long as our own: after a crash it may have much to recover.
 */
async function enter(place: Place, log: (message: string) => void): Promise<Presence> {
  const until = Date.now() + START_LIMIT_MS
  while (Date.now() < until) {
    const living = findServer(place.cluster)
    if (living?.socketFolder === '') {
      await sleep(10) // its pid file is being written
      continue
    }
    const socketFolder = living ? living.socketFolder : socketFolderOf(place)
    if (!living && !(await startServer(place, socketFolder))) {
      await sleep(100)
      continue
    }
    const pid = findServer(place.cluster)?.pid
    const connection: EmbeddedConnection = { host: socketFolder, port: PORT, database: 'gbp', user: 'gbp' }
    const client = pid === undefined ? null : await bePresent(connection)
    if (client && pid !== undefined) {
      log(
        living ? `joined the embedded PostgreSQL (process ${pid})` : `started the embedded PostgreSQL (process ${pid})`,
      )
      return { client, connection, pid, joined: living !== null }
    }
    await sleep(100)
  }
  const message = `The PostgreSQL in ${place.dataDir} neither answers nor stops; see postgres.log there.`
  throw new EmbeddedPostgresError('start_failed', message)
}

async function bePresent(connection: EmbeddedConnection): Promise<Client | null> {
  const client = new Client({ ...connection, application_name: 'green-button-proxy presence' })
  client.on('error', () => undefined) // the 'end' that follows is what counts
  try {
    await client.connect()
    await client.query('select pg_advisory_lock_shared($1)', [PRESENCE])
    return client
  } catch {
    await client.end().catch(() => undefined)
    return null
  }
}

async function leave(place: Place, { client, pid }: Presence): Promise<void> {
  const isLast = await giveUp(client)
  try {
    // Still holding the lock: a process that comes now waits for it, loses its session, and starts the server anew.
    if (isLast) await stopServer(place.cluster, pid)
  } finally {
    await client.end().catch(() => undefined)
  }
  if (isLast) removeShortFolder(place)
}

/** Gives the shared lock back. True when this session then holds it alone. False too where the server is gone already. */
async function giveUp(client: Client): Promise<boolean> {
  try {
    await client.query('select pg_advisory_unlock_shared($1)', [PRESENCE])
    const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [PRESENCE])
    return rows[0]?.last === true
  } catch {
    return false
  }
}

function removeShortFolder({ dataDir }: Place): void {
  const record = path.join(dataDir, 'socket-folder')
  if (!fs.existsSync(record)) return
  fs.rmSync(fs.readFileSync(record, 'utf8').trim(), { recursive: true, force: true })
  fs.rmSync(record, { force: true })
}
