import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Seed, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { assertNoTransaction, type Tx } from './db.ts'
import { prepared } from './prepared.ts'
import { asQueue } from './queue-role.ts'

let database: TestDatabase
let a: Seed
let b: Seed
beforeAll(async () => {
  database = await testDatabase()
  a = await seedCompany(database.db)
  b = await seedCompany(database.db)
})
afterAll(async () => {
  await database.close()
})

async function roleOf(tx: Tx): Promise<string> {
  const { rows } = await sql<{ role: string }>`select current_user as role`.execute(tx)
  return rows[0]?.role ?? ''
}

test('work runs under the role it asked for, and under the queue only for the queue', async () => {
  expect(await database.db.operator(roleOf)).toBe('gbp_operator')
  const roles = database.db.company(a.companyUid, async (tx) => [
    await roleOf(tx),
    await asQueue(tx, async () => await roleOf(tx)),
    await roleOf(tx),
  ])
  expect(await roles).toEqual(['gbp_company', 'gbp_queue', 'gbp_company'])
})

test.each(["1'; set role gbp_operator; --", '', '-1', '1 ', '1e3', '٣'])(
  'a company uid is digits only: %j',
  async (uid) => {
    await expect(database.db.company(uid, roleOf)).rejects.toThrow(RangeError)
  },
)

test('reading runs under the same roles, statement by statement, and sees one company only', async () => {
  const { db } = database
  expect(await db.readOperator(roleOf)).toBe('gbp_operator')
  const asked = db.readCompany(a.companyUid, async (tx) => {
    const { rows } = await sql<{ uid: string }>`select company_uid as uid from authorizations`.execute(tx)
    return [await roleOf(tx), ...rows.map(({ uid }) => uid)]
  })
  expect(await asked).toEqual(['gbp_company', a.companyUid])
})

test('companies who read at once get their own rows each', async () => {
  const own = async ({ companyUid }: Seed) =>
    await database.db.readCompany(companyUid, async (tx) => {
      const read = async () =>
        await sql<{ uid: string }>`select company_uid as uid from authorizations where ${companyUid} <> ''`.execute(tx)
      return (await Promise.all([read(), read()])).flatMap(({ rows }) => rows.map(({ uid }) => uid))
    })
  const asking = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? a : b))
  expect(await Promise.all(asking.map(own))).toEqual(asking.map(({ companyUid }) => [companyUid, companyUid]))
})

test('a prepared statement shows each company its own rows, and the operator all, on the same connections', async () => {
  const find = prepared(sql<{ uid: string }>`select company_uid as uid from authorizations order by company_uid`)
  const uids = async (tx: Tx) => (await find(tx, [])).rows.map(({ uid }) => uid)
  const { db } = database
  const ask = (at: number) =>
    at % 3 === 0 ? db.readOperator(uids) : db.readCompany((at % 3 === 1 ? a : b).companyUid, uids)
  const all = [a.companyUid, b.companyUid].toSorted((x, y) => Number(x) - Number(y))
  const asked = Array.from({ length: 60 }, (_, at) => at)
  expect(await Promise.all(asked.map(ask))).toEqual(asked.map((at) => [all, [a.companyUid], [b.companyUid]][at % 3]))
})

test('of prepared statements that are asked together the one that fails fails alone', async () => {
  const divide = prepared(sql<{ whole: number }>`select 6 / $1::int as whole`)
  const ask = (by: number) =>
    database.db.readCompany(a.companyUid, async (tx) => (await divide(tx, [by])).rows[0]?.whole)
  const asked = await Promise.allSettled([1, 2, 0, 3].map(ask))
  expect(asked.map((each) => (each.status === 'fulfilled' ? each.value : 'failed'))).toEqual([6, 3, 'failed', 2])
})

test('values reach a statement that reads as they were, and what is none is refused', async () => {
  const now = new Date('2026-11-26T12:00:00.123Z')
  const list = ['a"b', String.raw`c\d`, 'null', 'ü, {e}', '', null]
  const asked = database.db.readOperator((tx) =>
    sql`select ${'ü"\'0'}::text as text, ${1.5}::float8 as number, ${true}::boolean as flag, ${null}::text as nothing,
      ${now}::timestamptz as moment, ${Buffer.of(0, 255)}::bytea as bytes, ${list}::text[] as list, ${[]}::int[] as empty`.execute(
      tx,
    ),
  )
  expect((await asked).rows).toEqual([
    { text: 'ü"\'0', number: 1.5, flag: true, nothing: null, moment: now, bytes: Buffer.of(0, 255), list, empty: [] },
  ])
  await expect(database.db.readOperator((tx) => sql`select ${{}}::text`.execute(tx))).rejects.toThrow(TypeError)
})

test('who only reads cannot write, and an error leaves the connection as it was', async () => {
  const { db } = database
  const rename = db.readOperator((tx) => sql`update companies set name = 'renamed'`.execute(tx))
  await expect(rename).rejects.toThrow('read-only transaction')
  const failing = Array.from({ length: 20 }, () => db.readCompany(a.companyUid, (tx) => sql`select 1 / 0`.execute(tx)))
  for (const each of await Promise.allSettled(failing)) expect(each).toMatchObject({ reason: { code: '22012' } })
  expect(await db.readCompany(b.companyUid, roleOf)).toBe('gbp_company')
})

test('a network call inside a transaction is refused, before and after it is not', async () => {
  expect(() => assertNoTransaction()).not.toThrow()
  const inside = database.db.operator(async () => {
    await Promise.resolve()
    assertNoTransaction()
  })
  await expect(inside).rejects.toThrow('inside a database transaction')
  expect(() => assertNoTransaction()).not.toThrow()
})

test('what fails leaves nothing', async () => {
  const rename = async (tx: Tx) => await sql`update companies set name = 'renamed'`.execute(tx)
  const failing = database.db.company(a.companyUid, async (tx) => {
    await rename(tx)
    throw new Error('undo')
  })
  await expect(failing).rejects.toThrow('undo')
  expect(await database.admin(`select from companies where name = 'renamed'`)).toEqual([])
})

test('of two transactions in a deadlock both come through', async () => {
  const met = Promise.withResolvers<void>()
  let waiting = 0
  const both = async (first: Seed, second: Seed) =>
    await database.db.operator(async (tx) => {
      await touch(tx, first)
      if (++waiting === 2) met.resolve()
      await met.promise
      await touch(tx, second)
    })
  await Promise.all([both(a, b), both(b, a)])
  const rows = await database.admin(`select name from companies where company_uid in ($1, $2)`, [
    a.companyUid,
    b.companyUid,
  ])
  expect(rows).toEqual([{ name: 'Sunny Solar..' }, { name: 'Sunny Solar..' }])
})

async function touch(tx: Tx, { companyUid }: Seed): Promise<void> {
  await sql`update companies set name = name || '.' where company_uid = ${companyUid}`.execute(tx)
}

test('a connection that breaks between two statements fails its own transaction and nothing else', async () => {
  const broken = database.db.operator(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    await database.admin('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
    await new Promise((resolve) => setImmediate(resolve)) // the news of it reach the idle client
    return await sql`select`.execute(tx)
  })
  await expect(broken).rejects.toThrow(/not queryable|terminat/)
  await expect(database.db.operator(async (tx) => (await sql`select`.execute(tx)).rows.length)).resolves.toBe(1)
})
