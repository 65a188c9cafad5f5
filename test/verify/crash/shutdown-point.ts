import { expect } from 'vitest'

import { until } from './until.ts'
import { newCustomer } from './customer.ts'
import { inTransaction } from './halts.ts'
import { checkAfterCrash, untold } from './invariants.ts'
import type { Scenario } from './scenario.ts'

/** More customers than a process works for at a time. */
const CUSTOMERS = 6

/** The product was told to end, and dies while it hands back what it had in work. */
export const SHUTDOWN_POINT: Scenario = {
  no: 40,
  name: 'shutdown under load',
  async run({ bench, receiver, product, dieAt }) {
    const customers = Array.from({ length: CUSTOMERS }, () => newCustomer(bench, 'demo'))
    for (const { toFinalStep } of customers) await toFinalStep()
    const halt = inTransaction(bench.database, {
      table: 'windows',
      on: 'update',
      when: `old.state = 'leased' and new.state = 'owed'`,
    })
    await halt.arm()
    await bench.admin('demo', 'POST', '/fault', { on: 'resource', mode: 'no-answer', match: 'Batch', times: CUSTOMERS })
    await Promise.all(customers.map(({ confirm }) => confirm()))
    await until('windows to be in work', async () => {
      const rows = await bench.database.admin(`select from windows where state = 'leased'`)
      return rows.length > 1 ? true : null
    })
    product().signal('SIGTERM')
    const readyMs = await dieAt(halt, Promise.resolve())
    await bench.admin('demo', 'DELETE', '/fault')
    for (const customer of customers) {
      await checkAfterCrash(bench, customer)
      expect(await untold(bench, receiver, customer)).toEqual([])
    }
    return readyMs
  },
}
