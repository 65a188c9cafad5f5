import { randomBytes } from 'node:crypto'
import path from 'node:path'

import { Client, Pool } from 'pg'
import { sql } from 'kysely'

import type { AuthorizationState, DataClass } from '../src/model/authorization-states.ts'
import type { Uid } from '../src/model/uid.ts'
import { type Db, openDb } from '../src/storage/db.ts'
import { type Embedded, openEmbedded } from '../src/storage/embedded-postgres.ts'
import { type Connection, migrate, poolConfig } from '../src/storage/migrate.ts'
import { roleStatements } from '../src/storage/roles.ts'

/** A fresh, migrated database. `connection` is how a program reaches it; `admin` runs one statement there as superuser. */
export type TestDatabase = {
  db: Db
  connection: Connection
  admin(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** The same, with foreign keys and triggers off. */
  withoutForeignKeys(text: string, values?: unknown[]): Promise<void>
  close(): Promise<void>
}

/** How a server is reached as superuser and as our login, by the name of the database. */
type Server = { admin: (database: string) => Connection; login: (database: string) => Connection }

let server: Promise<Server> | undefined
let held: Embedded | undefined

/**
 * A fresh database from a migrated template (0.1 s), on the embedded PostgreSQL of this test run, or on the server that
 * TEST_DATABASE_URL names (a superuser there). Close it in afterEach or afterAll.
 */
export async function testDatabase(): Promise<TestDatabase> {
  server ??= openServer()
  const { admin, login } = await server
  const name = `${prefix()}${randomBytes(6).toString('hex')}`
  await once(admin('postgres'), `create database ${name} template ${prefix()}template`)
  const connection = login(name)
  const db = openDb(connection, 10)
  const pool = new Pool({ ...poolConfig(admin(name)), max: 1 })
  pool.on('error', () => undefined)
  return {
    db,
    connection,
    admin: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    async withoutForeignKeys(text, values = []) {
      await pool.query('set session_replication_role = replica')
      await pool.query(text, values)
      await pool.query('reset session_replication_role')
    },
    async close() {
      await db.close()
      await pool.end()
      // The embedded server goes with its folder; dropping costs a checkpoint.
      if (process.env['TEST_DATABASE_URL']) {
        await once(admin('postgres'), `drop database if exists ${name} with (force)`)
      }
    },
  }
}

/** Lets the embedded server go, for a program that removes its folder next; the next database starts one again. */
export async function closeTestServer(): Promise<void> {
  await held?.close()
  held = undefined
  server = undefined
}

/** Drops the databases of this run on an external server. */
export async function dropTestDatabases(address: string): Promise<void> {
  const { admin } = external(address)
  const pattern = `${prefix().replaceAll('_', String.raw`\_`)}%`
  const rows = await once(admin('postgres'), 'select datname from pg_database where datname like $1', [pattern])
  for (const { datname } of rows)
    await once(admin('postgres'), `drop database if exists ${String(datname)} with (force)`)
}

function home(): string {
  const folder = process.env['GBP_TEST_HOME']
  if (!folder) throw new Error('test/global-setup.ts has not run')
  return folder
}

function prefix(): string {
  return `${path
    .basename(home())
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')}_`
}

async function openServer(): Promise<Server> {
  const address = process.env['TEST_DATABASE_URL']
  const opened = address ? external(address) : await embedded()
  const admin = new Client(poolConfig(opened.admin('postgres')))
  await admin.connect()
  try {
    await admin.query('select pg_advisory_lock(4711002)') // one worker makes the template, the others wait
    const template = `${prefix()}template`
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) await makeTemplate(admin, opened, template)
  } finally {
    await admin.end()
  }
  return opened
}

async function makeTemplate(admin: Client, { admin: adminOf, login }: Server, template: string): Promise<void> {
  const making = `${template}_making`
  if (!process.env['TEST_DATABASE_URL']) {
    // Tests of what survives a crash have servers of their own.
    await admin.query('alter system set synchronous_commit = off')
    await admin.query('select pg_reload_conf()')
  }
  await admin.query(`drop database if exists ${making} with (force)`)
  await admin.query(`create database ${making}`)
  for (const statement of roleStatements('gbp')) await once(adminOf(making), statement)
  const password = passwordOf(login(making))
  if (password) await admin.query(`alter role gbp password '${password.replaceAll("'", "''")}'`)
  await migrate(login(making))
  await admin.query(`alter database ${making} rename to ${template}`)
}

async function embedded(): Promise<Server> {
  // Held until this worker ends; the teardown of the run stops the server.
  held = await openEmbedded({ dataDir: home() })
  const { connection } = held
  return {
    admin: (database) => ({ ...connection, user: 'postgres', database }),
    login: (database) => ({ ...connection, database }),
  }
}

function external(address: string): Server {
  const at = (database: string, user?: string): string => {
    const url = new URL(address)
    url.pathname = `/${database}`
    if (user) url.username = user
    return url.href
  }
  return { admin: (database) => at(database), login: (database) => at(database, 'gbp') }
}

function passwordOf(connection: Connection): string {
  return typeof connection === 'string' ? decodeURIComponent(new URL(connection).password) : ''
}

async function once(connection: Connection, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client(poolConfig(connection))
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** The rows that a test of customer data needs. authorizationUid: active unless asked otherwise. */
export type Seed = { companyUid: Uid; memberUid: Uid; templateUid: Uid; registrationUid: Uid; authorizationUid: Uid }

export type SeedOptions = {
  utility?: string
  state?: AuthorizationState
  dataClasses?: readonly DataClass[]
  historyStart?: Date
  expires?: Date
  now?: Date
  /** The registration's sealed secrets. */
  secrets?: Uint8Array
}

const NOW = new Date('2026-11-25T12:00:00Z')

/** Inserts a company with a member, a template, a registration and an authorization. */
export async function seedCompany(db: Db, options: SeedOptions = {}): Promise<Seed> {
  const { utility = 'DEMO', now = NOW } = options
  const unique = randomBytes(6).toString('hex')
  const base = await db.operator(async (tx) => {
    const companies = await sql<{ uid: Uid }>`
      insert into companies (alias, name, legal_name, email, created)
      values (${`company-${unique}`}, 'Sunny Solar', 'Sunny Solar LLC', ${`info-${unique}@company.example`}, ${now})
      returning company_uid as uid`.execute(tx)
    const companyUid = uidOf(companies.rows)
    const members = await sql<{ uid: Uid }>`
      insert into members (company_uid, email, name, role, created)
      values (${companyUid}, ${`member-${unique}@company.example`}, 'Maria Member', 'owner', ${now})
      returning member_uid as uid`.execute(tx)
    const memberUid = uidOf(members.rows)
    const templates = await sql<{ uid: Uid }>`
      insert into templates (company_uid, member_uid, alias, company_name, company_email, purpose, data_classes,
        history_months, created, updated)
      values (${companyUid}, ${memberUid}, ${`template-${unique}`}, 'Sunny Solar', 'info@company.example',
        ${JSON.stringify({ en: 'To size your solar system.', es: 'Para dimensionar su sistema solar.' })},
        array['meters', 'bills', 'intervals', 'accounting'], 24, ${now}, ${now})
      returning template_uid as uid`.execute(tx)
    const registrations = await sql<{ uid: Uid }>`
      insert into registrations (utility, environment, client_id, notification_key, secrets, created, updated)
      values (${utility}, 'simulated', ${`client-${unique}`}, ${`key-${unique}`},
        ${Buffer.from(options.secrets ?? new Uint8Array())}, ${now}, ${now})
      returning registration_uid as uid`.execute(tx)
    return { companyUid, memberUid, templateUid: uidOf(templates.rows), registrationUid: uidOf(registrations.rows) }
  })
  return { ...base, authorizationUid: await seedAuthorization(db, base, options) }
}

/** Inserts one more authorization of a seeded company; two years of history, a year to go, all four classes. */
export async function seedAuthorization(
  db: Db,
  seed: Omit<Seed, 'authorizationUid'>,
  options: SeedOptions = {},
): Promise<Uid> {
  const { utility = 'DEMO', state = 'active', now = NOW } = options
  const classes = options.dataClasses ?? ['meters', 'bills', 'intervals', 'accounting']
  const historyStart = options.historyStart ?? new Date(now.getTime() - 2 * 365 * 86_400_000)
  const expires = options.expires ?? new Date(now.getTime() + 365 * 86_400_000)
  return await db.operator(async (tx) => {
    const { rows } = await sql<{ uid: Uid }>`
      insert into authorizations (company_uid, template_uid, member_uid, registration_uid, utility, state,
        customer_name, customer_email, data_classes, history_start, expires, subscription, status_ts, created, updated)
      values (${seed.companyUid}, ${seed.templateUid}, ${seed.memberUid}, ${seed.registrationUid}, ${utility}, ${state},
        'Carla Customer', 'carla@customer.example', ${[...classes]}::text[], ${historyStart}, ${expires},
        ${randomBytes(6).toString('hex')}, ${now}, ${now}, ${now})
      returning authorization_uid as uid`.execute(tx)
    return uidOf(rows)
  })
}

function uidOf(rows: { uid: Uid }[]): Uid {
  const [row] = rows
  if (!row) throw new Error('the seed was not inserted')
  return row.uid
}
