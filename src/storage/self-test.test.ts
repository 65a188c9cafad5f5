import { afterAll, beforeAll, expect, test } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { type Connection, migrate } from './migrate.ts'
import { selfTest } from './self-test.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  await seedCompany(database.db)
})

afterAll(async () => {
  await database.close()
})

test('a database as we make it passes', async () => {
  await expect(selfTest(database.connection)).resolves.toBeUndefined()
})

test('migrating again does nothing, also in several processes at once', async () => {
  const { connection } = database
  expect(await Promise.all([migrate(connection), migrate(connection), migrate(connection)])).toEqual([[], [], []])
})

test.each([
  [
    'a dropped policy that leaves the rows open',
    'alter table meters no force row level security',
    'alter table meters force row level security',
  ],
  [
    'a table without row-level security',
    'alter table bills disable row level security',
    'alter table bills enable row level security',
  ],
  [
    'a policy that lets everything through',
    'create policy open on companies using (true)',
    'drop policy open on companies',
  ],
  [
    'a policy that lets a select through',
    'create policy open on companies for select using (true)',
    'drop policy open on companies',
  ],
  [
    'a policy that lets an insert through',
    'create policy open on companies for insert with check (true)',
    'drop policy open on companies',
  ],
])('the start is refused with %s', async (_, harm, repair) => {
  await database.admin(harm)
  try {
    await expect(selfTest(database.connection)).rejects.toThrow(/Row-level security|visible|written|database role/)
  } finally {
    await database.admin(repair)
  }
  await expect(selfTest(database.connection)).resolves.toBeUndefined()
})

test.each([
  ['bypasses row-level security', 'noinherit bypassrls'],
  ['is superuser', 'noinherit superuser'],
  ['may create roles', 'noinherit createrole'],
  ['has the rights of the owner', 'inherit'],
])('the start is refused with a login that %s', async (fault, attribute) => {
  const login = `gbp_faulty_${process.pid}`
  const { connection } = database
  await database.admin(`create role ${login} login ${attribute} password 'x'`)
  await database.admin(`grant gbp_owner, gbp_company, gbp_operator, gbp_queue to ${login}`)
  try {
    await expect(selfTest(as(login, connection))).rejects.toThrow(`${login} ${fault}`)
  } finally {
    await database.admin(`drop role ${login}`)
  }
})

test('a login without the roles is told what an administrator has to run', async () => {
  const login = `gbp_bare_${process.pid}`
  await database.admin(`create role ${login} login password 'x'`)
  try {
    await expect(migrate(as(login, database.connection))).rejects.toThrow(
      /Run once as administrator[^]*grant gbp_owner/,
    )
  } finally {
    await database.admin(`drop role ${login}`)
  }
})

function as(user: string, connection: Connection): Connection {
  if (typeof connection !== 'string') return { ...connection, user }
  const url = new URL(connection)
  url.username = user
  url.password = 'x'
  return url.href
}
