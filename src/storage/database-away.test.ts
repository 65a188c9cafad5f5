import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { isDatabaseAway } from './database-away.ts'
import { openDb } from './db.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => null,
    (error: unknown) => error,
  )

it('tells a connection that the server ends, in a transaction and in a read', async () => {
  const ended = await failureOf(
    database.db.operator(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await database.admin('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
      await sql`select 1`.execute(tx)
    }),
  )
  expect(isDatabaseAway(ended)).toBe(true)
  const sleeping = failureOf(database.db.readOperator(async (tx) => await sql`select pg_sleep(30)`.execute(tx)))
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and query like 'select pg_sleep(30)%'`
  while ((await database.admin(end)).length === 0) await sleep(10)
  expect(isDatabaseAway(await sleeping)).toBe(true)
  expect(await database.db.operator(async (tx) => (await sql`select 1 as one`.execute(tx)).rows)).toEqual([{ one: 1 }])
})

it('tells a server that is not there, at a port and at a socket', async () => {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  const folder = mkdtempSync(path.join(tmpdir(), 'gbp-away-'))
  for (const connection of [
    `postgres://gbp@127.0.0.1:${port}/gbp`,
    { host: folder, port: 5432, database: 'gbp', user: 'gbp' },
  ]) {
    const db = openDb(connection)
    const one = sql`select 1`
    expect(isDatabaseAway(await failureOf(db.operator(async (tx) => await one.execute(tx))))).toBe(true)
    expect(isDatabaseAway(await failureOf(db.readOperator(async (tx) => await one.execute(tx))))).toBe(true)
    expect(isDatabaseAway(await failureOf(db.operatorShared([async (tx) => await one.execute(tx)])))).toBe(true)
    await db.close()
  }
  rmSync(folder, { recursive: true })
})

it('tells nothing else: a fault of ours is no restart', async () => {
  const wrong = await failureOf(database.db.operator(async (tx) => await sql`select * from no_such_table`.execute(tx)))
  expect(wrong).toBeInstanceOf(Error)
  const file = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' })
  for (const error of [wrong, file, new TypeError('x is undefined'), 'text', null])
    expect(isDatabaseAway(error)).toBe(false)
})
