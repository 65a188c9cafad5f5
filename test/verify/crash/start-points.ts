import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { expect } from 'vitest'

import { freePort } from '../../../src/cli/free-port.ts'
import { until } from './until.ts'
import { freshDatabase } from './fresh-database.ts'
import { inMigration } from './halts.ts'
import { spawnProduct, startProduct } from './product.ts'
import type { Scenario } from './scenario.ts'

/** Tables whose making is where a migration stops: in the first, in one between, in the last. */
const MADE = ['windows', 'webhook_endpoints', 'idempotent_requests', 'companies', 'series_blocks']

/** The product comes to a database that another version left: killed between the steps of a migration. */
export const MIGRATION_POINT: Scenario = {
  no: 34,
  name: 'migration half done',
  async run({ bench }, round) {
    const fresh = await freshDatabase(bench)
    const env = { ...bench.env, DATABASE_URL: fresh.url, PORT: String(await freePort()) }
    const halt = inMigration(fresh, MADE[round % MADE.length] ?? '')
    await halt.arm()
    const { child, ended, printed } = spawnProduct(env)
    await until('the migration to stand there', async () => {
      if (child.exitCode !== null) throw new Error(`the product ended: ${printed()}`)
      return (await halt.reached()) ? true : null
    })
    child.kill('SIGKILL')
    await ended
    await halt.release()
    const product = await startProduct(env)
    const migrated = 'select name from kysely_migration order by name'
    expect(await fresh.admin(migrated)).toEqual(await bench.database.admin(migrated))
    expect(await fresh.admin(COLUMNS)).toEqual(await bench.database.admin(COLUMNS))
    product.signal('SIGTERM')
    expect(await product.ended).toBe(0)
    await fresh.close()
    return product.readyMs
  },
}

const COLUMNS = `select table_name, column_name, data_type from information_schema.columns
  where table_schema = 'public' order by 1, 2`

/** What there is in the data directory when the product is killed during its first start, one after the other. */
const MOMENTS: ((dataDir: string) => boolean)[] = [
  (dataDir) => globSync('postgres.making-*/PG_VERSION', { cwd: dataDir }).length > 0,
  (dataDir) => globSync('postgres.making-*/base/5', { cwd: dataDir }).length > 0,
  (dataDir) => existsSync(path.join(dataDir, 'postgres', 'PG_VERSION')),
  (dataDir) => existsSync(path.join(dataDir, 'postgres', 'postmaster.pid')),
  (dataDir) => serverStatus(dataDir) === 'ready',
]

function serverStatus(dataDir: string): string {
  const file = path.join(dataDir, 'postgres', 'postmaster.pid')
  return existsSync(file) ? (readFileSync(file, 'utf8').split('\n')[7]?.trim() ?? '') : ''
}

/** Nothing but an empty folder; what the killed process had begun (initdb, the server) goes on beside the next start. */
export const FIRST_START: Scenario = {
  no: 39,
  name: 'first start of the embedded database',
  async run({ bench }, round) {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'gbp-first-'))
    const env = { ...bench.env, DATA_DIR: dataDir, DATABASE_URL: '', PORT: String(await freePort()) }
    const { child, ended } = spawnProduct(env)
    const isThere = MOMENTS[round % MOMENTS.length] ?? (() => true)
    while (child.exitCode === null && !isThere(dataDir)) await setTimeout(2)
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    const product = await startProduct(env)
    const answer = await fetch(`http://127.0.0.1:${env.PORT}/`)
    expect(answer.status).toBe(200)
    product.signal('SIGTERM')
    expect(await product.ended).toBe(0)
    expect(serverStatus(dataDir)).toBe('')
    await rm(dataDir, { recursive: true })
    return product.readyMs
  },
}
