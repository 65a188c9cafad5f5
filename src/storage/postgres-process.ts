import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { EmbeddedPostgresError, explainFailure } from './embedded-errors.ts'
import type { Binaries, Runner } from './postgres-binaries.ts'
import { roleStatements } from './roles.ts'

/** Everything about one data directory that its server needs. `cluster` is the folder that PostgreSQL calls its own. */
export type Place = { dataDir: string; cluster: string; binaries: Binaries; runner: Runner }

/** The port is only a part of the socket's name: nothing listens on TCP. */
export const PORT = 5432

// Statements and key values can hold customer data: neither belongs in a log.
const SETTINGS = {
  // Who uses the server starts it again (embedded-postgres.ts). By itself it hangs where its recovery is killed, too.
  restart_after_crash: 'off',
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  fsync: 'on',
  jit: 'off',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

/** How long a server may take to become ready: after a crash it recovers first. */
export const START_LIMIT_MS = 300_000
const LOG_LIMIT_BYTES = 10_000_000

/**
 * Makes the cluster with its database and roles under a temporary name and renames it when it is whole, so that a start
 * that was cut off leaves nothing half-made behind. Of two processes that do this at once, the slower drops its own.
 */
export function createCluster(place: Place): void {
  const made = `${place.cluster}.making-${process.pid}`
  for (const name of fs.readdirSync(place.dataDir)) {
    const other = /\.making-(\d+)$/.exec(name)?.[1]
    if (other && !isRunning(Number(other))) fs.rmSync(path.join(place.dataDir, name), { recursive: true, force: true })
  }
  makeFolder(made, place.runner)
  try {
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8']
    command(place, place.binaries.initdb, ['-D', made, '-U', 'postgres', '-A', 'trust', ...locale], '')
    const single = ['--single', '-j', '-D', made, '-c', 'exit_on_error=on']
    command(place, place.binaries.postgres, [...single, 'postgres'], script(['create database gbp;']))
    command(place, place.binaries.postgres, [...single, 'gbp'], script(roleStatements()))
    fs.renameSync(made, place.cluster)
  } catch (error) {
    fs.rmSync(made, { recursive: true, force: true })
    if (!fs.existsSync(path.join(place.cluster, 'PG_VERSION'))) throw error
  }
}

/** In single-user mode with -j, a statement ends with a semicolon and an empty line. */
function script(statements: string[]): string {
  return statements.map((statement) => `${statement}\n\n`).join('')
}

function command(place: Place, program: string, args: string[], input: string): void {
  const [first = program, ...rest] = [...place.runner.prefix, program, ...args]
  const { uid, gid } = place.runner
  const ids = uid === undefined || gid === undefined ? {} : { uid, gid }
  const { status, stdout, stderr, error } = spawnSync(first, rest, { input, cwd: '/', encoding: 'utf8', ...ids })
  if (error) throw error
  if (status !== 0) throw explainFailure(`${stdout}\n${stderr}`.slice(-4000), place.dataDir)
}

/**
 * What the slower of two that start at once complains of (the other's lock file is there, or not yet written, or it was
 * the first to take a dead one's away), and who meets processes of a server that was killed and has not quite gone.
 */
const FASTER =
  /lock file .* (already exists|is empty)|remove old lock file .* No such file|shared memory block .* still in use/

/**
 * Starts the server in a session of its own, so that it outlives a Ctrl-C or a kill of this process, and waits until it
 * answers. Returns false when another process of ours was faster.
 */
export async function startServer(place: Place, socketFolder: string): Promise<boolean> {
  const logFile = path.join(place.dataDir, 'postgres.log')
  const tooLong = fs.existsSync(logFile) && fs.statSync(logFile).size > LOG_LIMIT_BYTES
  if (tooLong) fs.renameSync(logFile, `${logFile}.1`)
  const log = fs.openSync(logFile, 'a', 0o600)
  const logged = fs.fstatSync(log).size
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', place.cluster, '-k', socketFolder, '-p', String(PORT), ...settings]
  const [first = place.binaries.postgres, ...rest] = [...place.runner.prefix, place.binaries.postgres, ...args]
  const { uid, gid } = place.runner
  const ids = uid === undefined || gid === undefined ? {} : { uid, gid }
  const child = spawn(first, rest, { detached: true, stdio: ['ignore', log, log], cwd: '/', ...ids })
  fs.closeSync(log)
  child.unref()
  let ended = false
  child.on('exit', () => (ended = true))
  child.on('error', () => (ended = true))
  for (let waited = 0; waited < START_LIMIT_MS; waited += 10) {
    const server = readPidFile(place.cluster)
    if (server?.pid === child.pid && server?.status === 'ready') return true
    if (ended) {
      const text = fs.readFileSync(logFile).subarray(logged).toString('utf8').slice(-4000)
      if (FASTER.test(text)) return false
      throw explainFailure(text, place.dataDir)
    }
    await sleep(10)
  }
  throw new EmbeddedPostgresError(
    'start_failed',
    `PostgreSQL in ${place.dataDir} does not become ready; see postgres.log.`,
  )
}

/** What postmaster.pid says: process, socket folder, and `ready`, `starting` or `stopping`. Null: there is none. */
export function readPidFile(cluster: string): { pid: number; socketFolder: string; status: string } | null {
  let text
  try {
    text = fs.readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8')
  } catch {
    return null
  }
  const [pid, , , , socketFolder = '', , , status = ''] = text.split('\n')
  return { pid: Number.parseInt(pid ?? '', 10), socketFolder: socketFolder.trim(), status: status.trim() }
}

/**
 * The living server of a cluster. Its pid file can outlive it, and then name a process that is gone, a zombie, or another
 * program that got the same number (as happens after a restart of a container or a machine). PostgreSQL refuses to start
 * on the latter two, so the number is replaced by one that no process has. The file itself must stay: what else it says
 * keeps a new server from starting while processes of the old one still live.
 */
export function findServer(cluster: string): { pid: number; socketFolder: string; status: string } | null {
  const server = readPidFile(cluster)
  if (server && Number.isNaN(server.pid)) dropEmptyPidFile(path.join(cluster, 'postmaster.pid'))
  if (!server || !(server.pid > 0) || !isRunning(server.pid)) return null
  if (commandLine(server.pid).includes(cluster)) return server
  disownPidFile(path.join(cluster, 'postmaster.pid'), server.pid)
  return null
}

const EMPTY_LIMIT_MS = 10_000

/** A start that was killed between the making and the writing of its pid file leaves an empty one: no server can start. */
function dropEmptyPidFile(file: string): void {
  const found = fs.statSync(file, { throwIfNoEntry: false })
  if (found?.size === 0 && Date.now() - found.mtimeMs > EMPTY_LIMIT_MS) fs.rmSync(file, { force: true })
}

const NO_PROCESS = 2_147_483_646

/** Through one descriptor, so that a file that another process of ours has meanwhile put in its place is not touched. */
function disownPidFile(file: string, pid: number): void {
  let descriptor
  try {
    descriptor = fs.openSync(file, 'r+')
  } catch {
    return // it is gone
  }
  try {
    const [first = '', ...rest] = fs.readFileSync(descriptor, 'utf8').split('\n')
    if (Number(first) === pid) fs.writeSync(descriptor, [String(NO_PROCESS), ...rest].join('\n'), 0)
  } finally {
    fs.closeSync(descriptor)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function commandLine(pid: number): string {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout
  }
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Stops a server (SIGINT: sessions are ended, everything is written) and waits until it has gone. */
export async function stopServer(cluster: string, pid: number): Promise<void> {
  process.kill(pid, 'SIGINT')
  for (let waited = 0; waited < 60_000; waited += 10) {
    if (readPidFile(cluster)?.pid !== pid) return
    await sleep(10)
  }
  throw new EmbeddedPostgresError('stop_failed', `PostgreSQL (process ${pid}) does not stop.`)
}

// A socket's path may have 103 bytes on macOS, 107 on Linux; the socket's name takes 18 with its lock file.
const SOCKET_FOLDER_LIMIT = 84

/**
 * The folder of the socket, 0700: `socket` in the data directory, or where that path is too long for a socket, a short
 * folder for temporary files that the file `socket-folder` names. It stays the same over restarts of the server.
 */
export function socketFolderOf({ dataDir, runner }: Place): string {
  const usual = path.join(dataDir, 'socket')
  if (Buffer.byteLength(usual) <= SOCKET_FOLDER_LIMIT) {
    makeFolder(usual, runner)
    return usual
  }
  const record = path.join(dataDir, 'socket-folder')
  const recorded = fs.existsSync(record) ? fs.readFileSync(record, 'utf8').trim() : ''
  if (recorded && isOurs(recorded, runner)) return recorded
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'gbp-'))
  makeFolder(folder, runner)
  fs.writeFileSync(record, `${folder}\n`, { mode: 0o600 })
  return folder
}

function isOurs(folder: string, { uid }: Runner): boolean {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false })
  return (
    found !== undefined && found.isDirectory() && found.uid === (uid ?? process.getuid?.()) && !(found.mode & 0o077)
  )
}

function makeFolder(folder: string, { uid, gid }: Runner): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) fs.chownSync(folder, uid, gid)
  fs.chmodSync(folder, 0o700)
}
