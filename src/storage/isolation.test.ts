import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Seed, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { childUid } from '../model/uid.ts'
import { codeOf, type Tx } from './db.ts'

/**
 * Generated from the catalog: every table of ours that names a company. Each gets a row of company A and one of B, made
 * of whatever its columns need, so a table that a later migration adds is tested without a line here.
 */
let database: TestDatabase
let a: Seed
let b: Seed
let columns: Record<string, unknown>[] = []
let tables: string[] = []

/** What a company may do with its own rows of other tables than the usual: only append, or only read. */
const APPEND_ONLY = ['audit_entries']
const READ_ONLY = ['registrations']

beforeAll(async () => {
  database = await testDatabase()
  a = await seedCompany(database.db)
  b = await seedCompany(database.db)
  columns = await database.admin(`
    select c.relname as "table", t.attname as name, format_type(t.atttypid, null) as type,
           (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k
             where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[t.attnum]) as "check"
      from pg_class c join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and (t.attname = 'company_uid' or (t.attnotnull and not t.atthasdef))`)
  tables = columns.filter(({ name }) => name === 'company_uid').map(({ table }) => String(table))
  await database.admin(
    `update registrations set company_uid = case when registration_uid = $1 then $2::bigint else $3 end`,
    [a.registrationUid, a.companyUid, b.companyUid],
  )
  for (const seed of [a, b]) for (const table of tables) await fill(table, seed)
})
afterAll(async () => {
  await database.close()
})

/** Inserts one row of a company, with foreign keys off, where it has none yet. */
async function fill(table: string, seed: Seed): Promise<void> {
  const [row] = await database.admin(`select 1 from ${table} where company_uid = $1 limit 1`, [seed.companyUid])
  if (row) return
  const { names, values } = valuesFor(table, seed)
  const parameters = values.map((_, at) => `$${at + 1}`).join(', ')
  await database.withoutForeignKeys(`insert into ${table} (${names.join(', ')}) values (${parameters})`, values)
}

/** A value for each column that has to have one. */
function valuesFor(table: string, seed: Seed): { names: string[]; values: unknown[] } {
  const needed = columns.filter((column) => column['table'] === table)
  const values = needed.map(({ name, type, check }) => {
    if (name === 'company_uid') return seed.companyUid
    if (name === 'authorization_uid') return seed.authorizationUid
    const allowed = /= ANY \(\(?ARRAY\['([^']*)'/.exec(String(check))?.[1]
    if (allowed) return allowed
    if (String(name).endsWith('_uid')) return childUid(seed.authorizationUid, 99)
    if (type === 'jsonb' || String(type).endsWith('[]')) return '{}'
    if (type === 'bytea') return Buffer.from(`${table}-${seed.companyUid}`)
    if (type === 'timestamp with time zone') return new Date()
    if (type === 'boolean') return false
    if (type === 'text') return `x${seed.companyUid}`
    return 1
  })
  return { names: needed.map(({ name }) => String(name)), values }
}

async function insert(tx: Tx, table: string, seed: Seed): Promise<void> {
  const { names, values } = valuesFor(table, seed)
  await sql`
    insert into ${sql.table(table)} (${sql.raw(names.join(', '))}) values (${sql.join(values)})`.execute(tx)
}

async function companiesIn(tx: Tx, table: string): Promise<string[]> {
  const { rows } = await sql<{ uid: string }>`
    select distinct company_uid as uid from ${sql.table(table)}`.execute(tx)
  return rows.map(({ uid }) => uid).toSorted()
}

async function changed(tx: Tx, statement: RawBuilder<unknown>): Promise<bigint | undefined> {
  return (await statement.execute(tx)).numAffectedRows
}

/** Runs under the company's role with no company set. */
async function asNobody<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return await database.db.operator(async (tx) => {
    await sql`set local role gbp_company`.execute(tx)
    return await work(tx)
  })
}

async function asA<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return await database.db.company(a.companyUid, work)
}

/** The SQLSTATE with which work is refused. */
async function refused(work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'not refused', codeOf)
}

/** What a try gives in each of some tables. */
async function inEach(names: string[], work: (table: string) => Promise<unknown>): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {}
  for (const table of names) results[table] = await work(table)
  return results
}

function all(names: string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(names.map((table) => [table, value]))
}

describe('every table that names a company', () => {
  const updated = (table: string) => sql`update ${sql.table(table)} set company_uid = ${b.companyUid}`
  const deleted = (table: string) => sql`delete from ${sql.table(table)}`
  const insertable = (): string[] => tables.filter((table) => !READ_ONLY.includes(table))
  const writable = (): string[] => insertable().filter((table) => !APPEND_ONLY.includes(table))

  test('is there, and each company has a row in it', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(22)
    const both = inEach(tables, async (table) => await database.db.operator((tx) => companiesIn(tx, table)))
    expect(await both).toEqual(all(tables, [a.companyUid, b.companyUid].toSorted()))
  })

  test('shows nothing, changes nothing and takes nothing without a company', async () => {
    const shown = inEach(tables, async (table) => await asNobody((tx) => companiesIn(tx, table)))
    expect(await shown).toEqual(all(tables, []))
    const taken = inEach(insertable(), async (table) => await refused(asNobody((tx) => insert(tx, table, a))))
    expect(await taken).toEqual(all(insertable(), '42501'))
    const moved = inEach(writable(), async (table) => await asNobody((tx) => changed(tx, updated(table))))
    expect(await moved).toEqual(all(writable(), 0n))
    const gone = inEach(writable(), async (table) => await asNobody((tx) => changed(tx, deleted(table))))
    expect(await gone).toEqual(all(writable(), 0n))
  })

  test('shows a company its own rows alone', async () => {
    const shown = inEach(tables, async (table) => await asA((tx) => companiesIn(tx, table)))
    expect(await shown).toEqual(all(tables, [a.companyUid]))
  })

  test('lets a company neither insert, hand over, change nor delete rows of another', async () => {
    const taken = inEach(insertable(), async (table) => await refused(asA((tx) => insert(tx, table, b))))
    expect(await taken).toEqual(all(insertable(), '42501'))
    const given = inEach(writable(), async (table) => await refused(asA((tx) => changed(tx, updated(table)))))
    expect(await given).toEqual(all(writable(), '42501'))
    const where = sql`where company_uid = ${b.companyUid}`
    const gone = inEach(writable(), async (table) => await asA((tx) => changed(tx, sql`${deleted(table)} ${where}`)))
    expect(await gone).toEqual(all(writable(), 0n))
  })

  test('lets a company change or delete nothing where it may only read or append', async () => {
    const names = [...APPEND_ONLY, ...READ_ONLY]
    const moved = inEach(names, async (table) => await refused(asA((tx) => changed(tx, updated(table)))))
    expect(await moved).toEqual(all(names, '42501'))
    const gone = inEach(names, async (table) => await refused(asA((tx) => changed(tx, deleted(table)))))
    expect(await gone).toEqual(all(names, '42501'))
  })

  test('has it in no view, and no function runs as its owner', async () => {
    const rows = await database.admin(`
      select relname as name from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
      union all
      select proname from pg_proc
       where prosecdef and pronamespace in ('public'::regnamespace, 'pgboss'::regnamespace)`)
    expect(rows).toEqual([])
  })
})

test("a company sees neither secrets of registrations nor what is the operator's", async () => {
  const tryAsA = async (text: string) => await refused(asA((tx) => sql.raw(text).execute(tx)))
  expect(await tryAsA('select secrets from registrations')).toBe('42501')
  const others = ['notifications', 'mails', 'limits']
  const shown = inEach(others, async (table) => await tryAsA(`select from ${table}`))
  expect(await shown).toEqual(all(others, '42501'))
})

test('a pool that many companies use at once mixes nothing up', async () => {
  const seen = await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const { companyUid } = at % 2 === 0 ? a : b
      const shown = await database.db.company(companyUid, (tx) => companiesIn(tx, 'authorizations'))
      return shown.join() === companyUid
    }),
  )
  expect(seen).not.toContain(false)
})
