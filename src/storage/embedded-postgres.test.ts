import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { explainFailure } from './embedded-errors.ts'
import { type Embedded, type EmbeddedConnection, openEmbedded } from './embedded-postgres.ts'
import { findServer } from './postgres-process.ts'

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'gbp-embedded-'))
const dataDir = path.join(home, 'data')
const cluster = path.join(fs.realpathSync(home), 'data/postgres')
let held: Embedded[] = []
let children: ChildProcess[] = []

async function open(folder = dataDir): Promise<Embedded> {
  const embedded = await openEmbedded({ dataDir: folder })
  held.push(embedded)
  return embedded
}

beforeAll(async () => {
  fs.chmodSync(home, 0o711)
  await (await open()).close()
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const embedded of held) await embedded.close()
  held = []
  children = []
})
afterAll(() => fs.rmSync(home, { recursive: true, force: true }))

/** Another process of ours; it prints `ready`, then does what `script` says with `connection`. */
async function startChild(script: string): Promise<{ child: ChildProcess; lines: string[]; ready: string }> {
  const module = new URL('embedded-postgres.ts', import.meta.url).href
  const text = `
    import { Client } from 'pg'
    import { openEmbedded } from '${module}'
    const embedded = await openEmbedded({ dataDir: process.argv[1] })
    const { connection } = embedded
    console.log(embedded.joined ? 'joined' : 'started')
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', text, dataDir], {
    stdio: 'pipe',
    cwd: new URL('../..', import.meta.url),
  })
  children.push(child)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const lines: string[] = []
  const ready = await new Promise<string>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the child ended with ${code}: ${complaint}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      resolve(line)
    })
  })
  return { child, lines, ready }
}

/** Where no server runs, in the folder and with the owner of a real one. */
function writePidFile(text: string): void {
  const file = path.join(cluster, 'postmaster.pid')
  const { uid, gid } = fs.statSync(cluster)
  fs.writeFileSync(file, text && `${text}\n`, { mode: 0o600 })
  fs.chownSync(file, uid, gid)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => child.once('exit', resolve))
}

async function query(
  connection: Omit<EmbeddedConnection, 'user'> & { user: string },
  text: string,
): Promise<Record<string, unknown>[]> {
  const client = new Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

/** Waits until something holds that other processes bring about. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000
  while (performance.now() < end) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('it never came about')
}

/** Waits until the server answers; what it said last is the cause when it does not. */
async function untilThere(connection: EmbeddedConnection): Promise<void> {
  let last: unknown = null
  const isThere = async (): Promise<boolean> =>
    await query(connection, 'select 1').then(
      () => true,
      (error: unknown) => {
        last = error
        return false
      },
    )
  await until(isThere).catch(() => {
    throw new Error('the server never came back', { cause: last })
  })
}

/** kill -9 for a process of the server by its title; false when there is none. */
function killOwn(title: RegExp): boolean {
  try {
    const server = findServer(cluster)?.pid ?? 0
    const own = fs.readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ')
    const pid = own.find((each) => title.test(fs.readFileSync(`/proc/${each}/cmdline`, 'utf8')))
    return pid !== undefined && process.kill(Number(pid), 'SIGKILL')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false
    throw error // else it has just ended
  }
}

/** Writes rows one by one and prints the number of each that the server has acknowledged. */
const WRITER = `
  const client = new Client({ ...connection, user: 'postgres' })
  client.on('error', () => process.exit(0))
  await client.connect()
  await client.query('create table if not exists acknowledged (n int)')
  for (let n = 1; ; n++) {
    await client.query('insert into acknowledged values ($1)', [n]).catch(() => process.exit(0))
    console.log(n)
  }`
const IDLE = 'setInterval(() => undefined, 1000)'

describe('the embedded PostgreSQL', () => {
  test('listens on no port, asks for no password, in a folder of its own, and our login is a plain one', async () => {
    const { connection, joined } = await open()
    expect(joined).toBe(false)
    expect(path.isAbsolute(connection.host)).toBe(true)
    expect(fs.statSync(connection.host).mode & 0o777).toBe(0o700)
    expect(await query(connection, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
    expect(await query(connection, 'show fsync')).toEqual([{ fsync: 'on' }])
    const roles = `select rolsuper, rolcreaterole, rolbypassrls, rolinherit from pg_roles where rolname = session_user`
    expect(await query(connection, roles)).toEqual([
      { rolsuper: false, rolcreaterole: false, rolbypassrls: false, rolinherit: false },
    ])
  })

  test('is shared by all our processes, and stopped by the last of them, whoever started it', async () => {
    const first = await open()
    const second = await open()
    const { child, ready } = await startChild(IDLE)
    expect([second.joined, ready]).toEqual([true, 'joined'])
    await first.close()
    expect(await query(second.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    child.kill('SIGKILL')
    await ended(child)
    await second.close()
    expect(findServer(cluster)).toBeNull()
  })

  test('is started once by processes that start at once', async () => {
    const started = await Promise.all([startChild(IDLE), startChild(IDLE), startChild(IDLE), startChild(IDLE)])
    expect(started.map(({ ready }) => ready).toSorted()).toEqual(['joined', 'joined', 'joined', 'started'])
  })

  test('lives on after a kill -9 of our process, is joined by the next, and nothing acknowledged is lost', async () => {
    const { child, lines } = await startChild(WRITER)
    await until(() => lines.length > 20)
    const pid = findServer(cluster)?.pid
    child.kill('SIGKILL')
    await ended(child)
    const next = await open()
    expect(next.joined).toBe(true)
    expect(findServer(cluster)?.pid).toBe(pid)
    await expectAllThere(next, lines)
    await next.close()
    expect(findServer(cluster)).toBeNull()
  })

  test('is started again by us after a kill -9 of all of it, and nothing acknowledged is lost', async () => {
    const mine = await open()
    const { child, lines } = await startChild(WRITER)
    await until(() => lines.length > 20)
    const pid = findServer(cluster)?.pid ?? 0
    process.kill(-pid, 'SIGKILL')
    await ended(child)
    await untilThere(mine.connection)
    expect(findServer(cluster)?.pid).not.toBe(pid)
    await expectAllThere(mine, lines)
  })

  test('comes back after a kill -9 of one of its processes, and of the one that recovers, and nothing acknowledged is lost', async () => {
    const mine = await open()
    const { child, lines } = await startChild(WRITER)
    await until(() => lines.length > 20)
    expect(killOwn(/ \[local\] /)).toBe(true)
    await until(() => killOwn(/: startup/))
    await ended(child)
    await untilThere(mine.connection)
    await expectAllThere(mine, lines)
  })

  test('recovers what a kill -9 of everything left behind', async () => {
    const { child, lines } = await startChild(WRITER)
    await until(() => lines.length > 20)
    const pid = findServer(cluster)?.pid ?? 0
    child.kill('SIGKILL')
    process.kill(-pid, 'SIGKILL')
    await ended(child)
    await until(() => findServer(cluster) === null)
    const next = await open()
    expect(next.joined).toBe(false)
    await expectAllThere(next, lines)
  })

  test('is waited for as long as it needs, when another process has started it', async () => {
    const script = `console.log('starting'); setInterval(() => undefined, 1000)`
    const slow = spawn(process.execPath, ['-e', script, cluster], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(slow)
    await new Promise((resolve) => slow.stdout.once('data', resolve))
    writePidFile([slow.pid, cluster, 1, 5432, path.join(dataDir, 'socket'), '', '  1 1', 'starting'].join('\n'))
    const opened = open()
    await new Promise((resolve) => setTimeout(resolve, 6000))
    slow.kill('SIGKILL')
    expect((await opened).joined).toBe(false)
  })

  test('starts although a start that was cut off left its lock file empty', async () => {
    writePidFile('')
    fs.utimesSync(path.join(cluster, 'postmaster.pid'), new Date(), new Date(Date.now() - 9000))
    expect((await open()).joined).toBe(false)
  })

  test('is not taken for living when another program has its process number', async () => {
    writePidFile([process.pid, cluster, 1, 5432, path.join(dataDir, 'socket'), '', '  1 1', 'ready'].join('\n'))
    expect((await open()).joined).toBe(false)
  })

  async function expectAllThere({ connection }: Embedded, lines: string[]): Promise<void> {
    const acknowledged = lines.slice(1).map(Number)
    const rows = await query({ ...connection, user: 'postgres' }, 'select n from acknowledged')
    const found = new Set(rows.map(({ n }) => n))
    expect(acknowledged.filter((n) => !found.has(n))).toEqual([])
    await query({ ...connection, user: 'postgres' }, 'drop table acknowledged')
  }
})

describe('a data directory', () => {
  test('whose path is too long for a socket gets a short folder, which goes with the server', async () => {
    const deep = path.join(home, ...Array.from({ length: 12 }, () => 'a-long-name'))
    const embedded = await open(deep)
    const folder = embedded.connection.host
    expect(Buffer.byteLength(folder)).toBeLessThan(60)
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700)
    expect((await open(deep)).connection.host).toBe(folder)
    for (const each of held) await each.close()
    expect(fs.existsSync(folder)).toBe(false)
  })

  test('of which the making was cut off is made anew', async () => {
    const folder = path.join(home, 'cut-off')
    fs.mkdirSync(path.join(folder, 'postgres.making-4194303', 'base'), { recursive: true })
    await open(folder)
    expect(fs.readdirSync(folder).filter((name) => name.includes('making'))).toEqual([])
  })

  test('of another PostgreSQL is refused, and nothing is changed', async () => {
    const folder = path.join(home, 'other')
    fs.mkdirSync(path.join(folder, 'postgres'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'postgres/PG_VERSION'), '15\n')
    await expect(open(folder)).rejects.toMatchObject({
      code: 'other_version',
      message: expect.stringMatching(/PostgreSQL 15.*brings 18/),
    })
    expect(fs.readdirSync(folder)).toEqual(['postgres'])
  })

  test('that cannot be written to is refused with its name', async () => {
    const file = path.join(home, 'a-file')
    fs.writeFileSync(file, '')
    const refusal = { code: 'not_writable', message: expect.stringContaining(file) }
    await expect(open(path.join(file, 'data'))).rejects.toMatchObject(refusal)
  })

  test.each([
    ['disk_full', 'could not write to file "pg_wal/x": No space left on device'],
    ['other_version', 'database files are incompatible with server'],
    ['not_writable', 'could not create directory: Permission denied'],
    ['start_failed', 'something else'],
  ])('of which PostgreSQL complains is explained: %s', (code, text) => {
    expect(explainFailure(`FATAL:  ${text}`, '/data')).toMatchObject({
      code,
      message: expect.stringContaining('/data'),
    })
  })
})
