import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A server of PostgreSQL 15, the oldest major we support; `address` reaches it as superuser. */
export type Postgres15 = { address: string; stop(): Promise<void> }

const binaries = process.env['POSTGRES_15_BIN'] ?? '/usr/lib/postgresql/15/bin'

/** Starts one in a temporary folder (socket only). Throws with what to do when it is not installed. */
export async function startPostgres15(): Promise<Postgres15> {
  if (!existsSync(path.join(binaries, 'postgres'))) {
    throw new Error(
      `PostgreSQL 15 is not at ${binaries}. Install postgresql-15, or name its folder in POSTGRES_15_BIN.`,
    )
  }
  const home = mkdtempSync(path.join(os.tmpdir(), 'gbp-pg15-'))
  const data = path.join(home, 'data')
  const owner = ownerOf()
  chmodSync(home, 0o700)
  if (owner) chownSync(home, owner.uid, owner.gid)
  const at = { cwd: home, ...owner }
  initdb(['-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C.UTF-8'], at)
  const settings = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${home}`, '-c', 'max_connections=200']
  const server = spawn(path.join(binaries, 'postgres'), ['-D', data, ...settings], { ...at, stdio: 'ignore' })
  const gone = new Promise((resolve) => server.once('exit', resolve))
  const stop = async (): Promise<void> => {
    server.kill('SIGINT')
    await gone
    rmSync(home, { recursive: true, force: true })
  }
  const until = Date.now() + 20_000
  while (spawnSync(path.join(binaries, 'pg_isready'), ['-q', '-h', home]).status !== 0) {
    if (Date.now() > until) {
      await stop()
      throw new Error('PostgreSQL 15 did not start within 20 s')
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { address: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(home)}`, stop }
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
function ownerOf(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout),
  )
  if (!uid || !gid) throw new Error('running as root, and there is no user "postgres" to run the server as')
  return { uid, gid }
}

function initdb(args: string[], at: { cwd: string }): void {
  const { status, stderr } = spawnSync(path.join(binaries, 'initdb'), args, { ...at, encoding: 'utf8' })
  if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`)
}
