import { existsSync } from 'node:fs'
import path from 'node:path'

import { expect } from 'vitest'

import type { Bench } from './bench.ts'
import { newCustomer } from './customer.ts'
import { freshDatabase } from './fresh-database.ts'
import { inRead, inTransaction } from './halts.ts'
import { checkAfterCrash, collected } from './invariants.ts'
import { startProduct } from './product.ts'
import { runCommand } from './run-command.ts'
import type { Scenario } from './scenario.ts'
import { until } from './until.ts'

/** The operator makes a backup, and all dies: no file looks whole, and the next one is. */
export const BACKUP_POINT: Scenario = {
  no: 36,
  name: 'backup half written',
  async run({ bench, dieAt }, round) {
    const customer = newCustomer(bench, 'demo')
    await customer.goOn()
    const { uid } = await collected(bench, customer)
    const file = fileOf(bench, `half-${round}`)
    const halt = inRead(bench.database, 'series_blocks', `authorization_uid = ${uid}`, 'gbp_operator')
    await halt.arm()
    const { child, ended } = runCommand(bench.env, 'backup', file)
    await until('the backup to stand there', async () => ((await halt.reached()) ? true : null))
    child.kill('SIGKILL')
    expect(await ended).toBe(null)
    const readyMs = await dieAt(halt, Promise.resolve())
    expect(existsSync(file)).toBe(false)
    await checkAfterCrash(bench, customer)

    expect(await runCommand(bench.env, 'backup', file).ended).toBe(0)
    expect(await runCommand(bench.env, 'restore', '--check', file).ended).toBe(0)
    return readyMs
  },
}

/** A backup goes into a new database and dies on the way: nothing is there, it is begun again, and the product serves all. */
export const RESTORE_POINT: Scenario = {
  no: 37,
  name: 'restore half done',
  async run({ bench, product, restart }, round) {
    const customer = newCustomer(bench, 'demo')
    await customer.goOn()
    const { uid } = await collected(bench, customer)
    const file = fileOf(bench, `whole-${round}`)
    expect(await runCommand(bench.env, 'backup', file).ended).toBe(0)

    const fresh = await freshDatabase(bench)
    const env = { ...bench.env, DATABASE_URL: fresh.url, CRASH_AHEAD_MS: String(round) }
    expect(await runCommand(env, 'migrate').ended).toBe(0)
    const halt = inTransaction(fresh, {
      ...{ table: HALF[round % HALF.length] ?? '', on: 'insert', when: `new.authorization_uid = ${uid}` },
    })
    await halt.arm()
    const { child, ended } = runCommand(env, 'restore', file)
    await until('the restore to stand there', async () => ((await halt.reached()) ? true : null))
    child.kill('SIGKILL')
    expect(await ended).toBe(null)
    await halt.release()
    await until('nothing to be there', async () =>
      (await fresh.admin('select from companies')).length === 0 ? true : null,
    )

    expect(await runCommand(env, 'restore', file).ended).toBe(0)
    product().signal('SIGTERM')
    expect(await product().ended).toBe(0)
    const restored = await startProduct(env)
    await checkAfterCrash({ ...bench, database: { ...bench.database, admin: fresh.admin } }, customer)
    restored.signal('SIGTERM')
    expect(await restored.ended).toBe(0)
    await fresh.close()
    await restart()
    return restored.readyMs
  },
}

/** Tables in whose middle a restore dies, from round to round. */
const HALF = ['series_blocks', 'authorizations', 'bills', 'events', 'raw_feeds'] as const

function fileOf({ dataDir }: Bench, name: string): string {
  return path.join(dataDir, `${name}-${process.pid}.backup`)
}
