import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { sized } from '../size.ts'
import { type Bench, openBench } from './bench.ts'
import { type Customer, newCustomer } from './customer.ts'
import { checkAfterCrash } from './invariants.ts'
import type { Product } from './product.ts'

const WORKERS = 4
const KILLS = sized(200, 5)
let bench: Bench
let products: Product[] = []
beforeAll(async () => {
  bench = await openBench()
  products = [await bench.start()]
  while (products.length < WORKERS) products.push(await bench.start('worker'))
})
afterAll(async () => {
  for (const product of products) product.signal('SIGKILL')
  await bench.close()
})

test(`${KILLS} kills at random among ${WORKERS} processes and the sessions of the database: all totals are the utility's`, async () => {
  const customers: Customer[] = []
  const ends: (number | string)[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const customer = newCustomer(bench, 'demo')
    customers.push(customer)
    const onTheWay = customer.goOn().catch(() => undefined) // they come back below
    await setTimeout(Math.random() * 1500)
    const victim = Math.floor(Math.random() * (WORKERS + 1))
    const product = products[victim]
    if (product) {
      product.signal('SIGKILL')
      ends.push(await product.ended)
      products[victim] = await bench.start(victim === 0 ? 'all' : 'worker')
    } else await cutOneSession()
    await onTheWay
    bench.skip(products)
    await customer.goOn()
  }
  expect(ends.every((end) => end === 'SIGKILL')).toBe(true)
  for (const customer of customers) await checkAfterCrash(bench, customer)
})

/** Ends one session of the product in the middle of whatever it does. */
async function cutOneSession(): Promise<void> {
  await bench.database.admin(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    order by state = 'active' desc, random() limit 1`)
}
