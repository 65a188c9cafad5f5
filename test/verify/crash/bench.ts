import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { type Simulators, startSimulators } from '../../../simulators/index.ts'
import { type Demo, openDemo } from '../../../src/cli/demo-company.ts'
import { freePort } from '../../../src/cli/free-port.ts'
import { readConfig } from '../../../src/config.ts'
import { openEnvelope } from '../../../src/storage/secrets.ts'
import { testDatabase, type TestDatabase } from '../../database.ts'
import type { Json, UtilitySlug } from '../../running-app.ts'
import { ownDatabase } from './own-database.ts'
import { type Product, type Spawned, spawnProduct, startProduct } from './product.ts'

/** A database, simulated utilities with a fleet of customers, and a company: all that outlives the product's processes. */
export type Bench = {
  database: Omit<TestDatabase, 'withoutForeignKeys'>
  /** Where an embedded server of its own has its files. */
  dataDir: string
  simulators: Simulators
  shown: Demo['shown']
  url: string
  /** Strings that no process may ever print. */
  secrets: string[]
  env: Record<string, string>
  /** Starts a process whose clock is later than that of any before, so that what those held has run out. */
  start(roles?: 'all' | 'worker'): Promise<Product>
  /** Moves the clocks of running processes as far ahead: what a dead statement held has run out. */
  skip(products: readonly Product[]): void
  admin(utility: UtilitySlug, method: string, address: string, body?: unknown): Promise<Json>
  api(
    address: string,
    init?: { method?: string; body?: unknown; version?: 'v2' | 'v3' },
  ): Promise<{ status: number; body: Json }>
  close(): Promise<void>
}

/** Longer than any lease. */
const STEP_MS = 310_000
/** Customers of the fleet at each utility. */
const FLEET = 1000

/**
 * ownServer: an embedded PostgreSQL for this bench alone, of which any process may be killed. keepsSpare: the program is
 * loaded before its process is wanted, which makes many starts quicker.
 */
export async function openBench({ ownServer = false, keepsSpare = false } = {}): Promise<Bench> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-crash-'))
  const database = ownServer ? await ownDatabase(dataDir) : await testDatabase()
  // Durable at once, as the product runs it; `committed` halts (halts.ts) want nothing else to wait for a standby.
  await database.admin(`do $$ begin
    execute format('alter database %I set synchronous_commit = local', current_database()); end $$`)
  await database.admin('set synchronous_commit = local')
  const simulators = await startSimulators({ customers: FLEET, historyMonths: 1 })
  const key = randomBytes(32)
  const env = {
    DATA_DIR: dataDir,
    PORT: String(await freePort()),
    ...(ownServer ? {} : { DATABASE_URL: addressOf(database.connection) }),
    ENCRYPTION_KEY: key.toString('hex'),
    WEBHOOK_NETWORKS: '127.0.0.0/8',
  }
  const config = readConfig(env)
  const store = { db: database.db, connection: database.connection, envelope: openEnvelope(key), migrated: [] }
  const { pge, sce, demo } = simulators
  const { shown, registrations } = await openDemo({ ...store, close: async () => undefined }, config, {
    pge,
    sce,
    demo,
  })
  for (const slug of ['pge', 'sce', 'demo'] as const) {
    const found = registrations.find(({ utility }) => utility.utility === simulators[slug].utility)
    if (found) simulators.setThirdParty(slug, found.addresses)
  }
  let aheadMs = 0
  let spare: Spawned | undefined
  return {
    ...{ database, dataDir, simulators, shown, env, url: config.publicUrl },
    secrets: [
      shown.token,
      env.ENCRYPTION_KEY,
      ...[pge, sce, demo].map(({ registration }) => registration.clientSecret),
    ],
    async start(roles = 'all') {
      aheadMs += STEP_MS
      const product = await startProduct({ ...env, CRASH_AHEAD_MS: String(aheadMs), CRASH_ROLES: roles }, spare)
      if (keepsSpare) spare = spawnProduct({ ...env, CRASH_SPARE: '1' })
      return product
    },
    skip(products) {
      aheadMs += STEP_MS
      for (const product of products) product.ahead(aheadMs)
    },
    async admin(utility, method, address, body) {
      return (await json(`${simulators[utility].admin}/_admin${address}`, { method, body })).body
    },
    async api(address, { method = 'GET', body, version = 'v2' } = {}) {
      const headers = { authorization: `Bearer ${shown.token}` }
      return await json(`${config.publicUrl}/api/${version}${address}`, { method, body, headers })
    },
    async close() {
      spare?.child.kill('SIGKILL')
      await simulators.close()
      await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A connection as the environment names it; a socket folder is the parameter `host`. */
export function addressOf(connection: TestDatabase['connection']): string {
  if (typeof connection === 'string') return connection
  const { host, port, database, user } = connection
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}

async function json(
  url: string,
  { method, body, headers = {} }: { method: string; body?: unknown; headers?: Record<string, string> },
): Promise<{ status: number; body: Json }> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}
