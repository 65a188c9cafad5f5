import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * Runs the tests that touch a database on PostgreSQL 15, the oldest major we support: starts a server of its own in a
 * temporary folder (socket only) and hands its address to the tests as TEST_DATABASE_URL.
 */
const binaries = process.env['POSTGRES_15_BIN'] ?? '/usr/lib/postgresql/15/bin'
if (!existsSync(path.join(binaries, 'postgres'))) {
  console.error(`PostgreSQL 15 is not at ${binaries}. Install postgresql-15, or name its folder in POSTGRES_15_BIN.`)
  process.exit(1)
}

const home = mkdtempSync(path.join(os.tmpdir(), 'gbp-pg15-'))
const data = path.join(home, 'data')
const owner = ownerOf()
chmodSync(home, 0o700)
if (owner) chownSync(home, owner.uid, owner.gid)

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
function ownerOf(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout),
  )
  if (!uid || !gid) throw new Error('running as root, and there is no user "postgres" to run the server as')
  return { uid, gid }
}

function run(program: string, args: string[]): void {
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], cwd: home, ...owner }
  const { status } = spawnSync(path.join(binaries, program), args, options)
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
}

run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C.UTF-8'])
const settings = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${home}`, '-c', 'max_connections=200']
const server = spawn(path.join(binaries, 'postgres'), ['-D', data, ...settings], {
  stdio: ['ignore', 'ignore', 'ignore'],
  cwd: home,
  ...owner,
})

let status = 1
try {
  const address = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(home)}`
  const until = Date.now() + 20_000
  while (spawnSync(path.join(binaries, 'pg_isready'), ['-q', '-h', home]).status !== 0) {
    if (Date.now() > until) throw new Error('PostgreSQL 15 did not start within 20 s')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const tests = process.argv.slice(2)
  const folders =
    tests.length > 0
      ? tests
      : ['src/storage', 'src/jobs', 'src/authorization', 'src/collection', 'src/webhooks', 'src/api', 'test/flows']
  const child = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--exclude', '**/*.browser.test.ts', ...folders],
    {
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: address },
    },
  )
  status = child.status ?? 1
} finally {
  server.kill('SIGINT')
  await new Promise((resolve) => server.once('exit', resolve))
  rmSync(home, { recursive: true, force: true })
}
console.log(status === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed')
process.exit(status)
