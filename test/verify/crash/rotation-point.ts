import { randomBytes } from 'node:crypto'

import { expect } from 'vitest'

import { newCustomer } from './customer.ts'
import { inTransaction } from './halts.ts'
import { checkAfterCrash, checkTokens, collected } from './invariants.ts'
import { runCommand } from './run-command.ts'
import type { Scenario } from './scenario.ts'
import { until } from './until.ts'

/** The operator gives the product a new key and dies, product and all, while what is sealed moves from the old one to it. */
export const ROTATION_POINT: Scenario = {
  no: 33,
  name: 'key rotation half way through a table',
  async run({ bench, restart, dieAt }) {
    const customer = newCustomer(bench, 'demo')
    await customer.goOn()
    const { uid } = await collected(bench, customer)
    const key = randomBytes(32).toString('hex')
    bench.secrets.push(key)
    Object.assign(bench.env, { ENCRYPTION_KEY: key, ENCRYPTION_KEYS_RETIRED: bench.env['ENCRYPTION_KEY'] })
    await restart()

    const [feed] = await bench.database.admin(
      'select max(raw_feed_uid) as last, count(*)::int from raw_feeds where authorization_uid = $1',
      [uid],
    )
    expect(feed?.['count']).toBeGreaterThan(1)
    const when = `new.raw_feed_uid = ${String(feed?.['last'])} and new.body <> old.body`
    const halt = inTransaction(bench.database, { table: 'raw_feeds', on: 'update', when })
    await halt.arm()
    const { child, ended } = runCommand(bench.env, 'rotate-keys')
    await until('the rotation to stand there', async () => ((await halt.reached()) ? true : null))
    child.kill('SIGKILL')
    expect(await ended).toBe(null)
    const readyMs = await dieAt(halt, Promise.resolve())
    await checkAfterCrash(bench, customer)
    await checkTokens(bench, customer)

    expect(await runCommand(bench.env, 'rotate-keys').ended).toBe(0)
    bench.env['ENCRYPTION_KEYS_RETIRED'] = ''
    await restart()
    await checkTokens(bench, customer)
    return readyMs
  },
}
