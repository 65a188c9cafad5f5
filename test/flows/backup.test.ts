import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type RunningApp, startRunningApp } from '../running-app.ts'
import { testDatabase, type TestDatabase } from '../database.ts'
import { addressOf } from '../verify/crash/bench.ts'
import { backup } from '../../src/cli/backup.ts'
import { checkBackup, restore } from '../../src/cli/restore.ts'

let running: RunningApp
let folder: string
let kept: string
let stopped: string
const key = randomBytes(32).toString('hex')
const fresh: TestDatabase[] = []
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gbp-backup-'))
  running = await startRunningApp({ historyMonths: 2 })
  kept = (await running.share('demo', 'commercial', 'kept@example.com')).authorizationUid
  stopped = (await running.share('pge', 'shop', 'stopped@example.com')).authorizationUid
  await running.app.idle()
}, 60_000)
afterAll(async () => {
  for (const database of fresh) await database.close()
  await running.close()
  await rm(folder, { recursive: true, force: true })
})

function envOf({ connection }: Pick<TestDatabase, 'connection'>): Record<string, string> {
  return { DATA_DIR: folder, DATABASE_URL: addressOf(connection), ENCRYPTION_KEY: key }
}

async function freshEnv(): Promise<{ database: TestDatabase; env: Record<string, string> }> {
  const database = await testDatabase()
  fresh.push(database)
  return { database, env: envOf(database) }
}

async function take(name: string): Promise<string> {
  const file = path.join(folder, name)
  await backup(envOf(running.store), file, () => undefined)
  return file
}

/** Rows of a table as text, each hashed, so that they are compared whole. */
async function contents({ admin }: TestDatabase): Promise<Record<string, string>> {
  const tables = await admin(`select relname as name from pg_class where relnamespace = 'public'::regnamespace
    and relkind = 'r' and relname not like 'kysely%' order by 1`)
  const all: Record<string, string> = {}
  for (const { name } of tables) {
    const rows = await admin(`select t::text as row from ${String(name)} t order by 1`)
    const hash = createHash('sha256')
    for (const { row } of rows) hash.update(String(row))
    all[String(name)] = `${rows.length} ${hash.digest('hex')}`
  }
  return all
}

test('a backup in an empty database is the same, row by row, uids go on behind it, and companies stay apart', async () => {
  const file = await take('whole.backup')
  const { database, env } = await freshEnv()
  const said: string[] = []
  await restore(env, file, (line) => void said.push(line))
  expect(await contents(database)).toEqual(await contents(running.database))
  const next = `select nextval('small_uids')::text as a, nextval('authorization_uids')::text as b`
  const [last] = await running.database.admin(next)
  const [first] = await database.admin(next)
  expect(Number(first?.['a'])).toBeGreaterThanOrEqual(Number(last?.['a']))
  expect(first?.['b']).toBe(last?.['b'])
  expect(said.join('\n')).toMatch(/series_blocks: \d+/)
  const forced = `select count(*)::int from pg_class where relforcerowsecurity`
  expect(await database.admin(forced)).toEqual(await running.database.admin(forced))
})

test('what is written while a backup is made is in it whole or not at all', async () => {
  const sharing = running.share('sce', 'home', 'meanwhile@example.com')
  const files = [await take('load-1.backup'), await take('load-2.backup')]
  await sharing
  await running.app.idle()
  for (const file of files) {
    const { database, env } = await freshEnv()
    await restore(env, file, () => undefined)
    const orphans = await database.admin(`select count(*)::int from events e
      where not exists (select from authorizations a where a.authorization_uid = e.authorization_uid)`)
    expect(orphans).toEqual([{ count: 0 }])
  }
})

test('a share that was stopped after the backup is stopped in what is restored, and its data are gone', async () => {
  const file = await take('before.backup')
  await running.api(`/authorizations/${stopped}/revoke`, { method: 'POST' })
  await running.app.tick()
  const ends = path.join(folder, 'ends.jsonl')
  await writeFile(ends, await readFile(path.join(running.dataDir, 'ends.jsonl')))
  const { database, env } = await freshEnv()
  const said: string[] = []
  await restore({ ...env, ENDS_FILE: ends }, file, (line) => void said.push(line))
  expect(said.at(-1)).toMatch(/^1 shares had ended/)
  const left = `select (select count(*)::int from series_blocks where authorization_uid = $1) as readings,
    (select count(*)::int from bills where authorization_uid = $1) as bills,
    (select state from authorizations where authorization_uid = $1) as state`
  expect(await database.admin(left, [stopped])).toEqual([{ readings: 0, bills: 0, state: 'revoked' }])
  expect(await database.admin(left, [kept])).toEqual([expect.objectContaining({ state: 'active' })])
})

test('nothing that is there is overwritten: neither a file, nor a database with rows', async () => {
  const file = await take('once.backup')
  await expect(take('once.backup')).rejects.toThrow(/exists/)
  const before = await contents(running.database)
  await expect(restore(envOf(running.store), file, () => undefined)).rejects.toThrow(/in use/)
  expect(await contents(running.database)).toEqual(before)
})

test.each([
  ['another file', () => Buffer.from('<feed/>'), /not a backup/],
  ['an empty file', () => Buffer.alloc(0), /not a backup/],
  ['half a file', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), /cut off|cannot be opened/],
  ['one whose last byte is missing', (bytes: Buffer) => bytes.subarray(0, -1), /cut off/],
  [
    'one with a changed byte',
    (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 400 ? byte ^ 1 : byte))),
    /cannot be opened/,
  ],
  [
    'one with something behind it',
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]),
    /cannot be opened|cut off/,
  ],
])('%s is refused, and the database stays empty', async (name, change, why) => {
  const whole = path.join(folder, 'refused.backup')
  const bytes = await readFile(whole).catch(() => take('refused.backup').then((file) => readFile(file)))
  const file = path.join(folder, `${name}.changed`)
  await writeFile(file, change(bytes))
  const { database, env } = await freshEnv()
  await expect(restore(env, file, () => undefined)).rejects.toThrow(why)
  await expect(checkBackup(env, file, () => undefined)).rejects.toThrow(why)
  expect(await database.admin('select count(*)::int from companies')).toEqual([{ count: 0 }])
})

test('another key does not open it', async () => {
  const file = await take('sealed.backup')
  const { env } = await freshEnv()
  const other = { ...env, ENCRYPTION_KEY: randomBytes(32).toString('hex') }
  await expect(restore(other, file, () => undefined)).rejects.toThrow(/cannot be opened/)
})
