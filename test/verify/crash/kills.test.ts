import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { until } from '../../running-app.ts'
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
  bench = await openBench({ ownServer: true })
  products = [await bench.start()]
  while (products.length < WORKERS) products.push(await bench.start('worker'))
})
afterAll(async () => {
  for (const product of products) product.signal('SIGKILL')
  await bench.close()
})

test(`${KILLS} kills at random among ${WORKERS} processes and those of the embedded server: all totals are the utility's`, async () => {
  const customers: Customer[] = []
  const ends: (number | string)[] = []
  const interrupted: unknown[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const customer = newCustomer(bench, 'demo')
    customers.push(customer)
    const onTheWay = customer.goOn().catch((error: unknown) => void interrupted.push(error)) // they come back below
    await setTimeout(Math.random() * 1500)
    const victim = Math.floor(Math.random() * (WORKERS + 1))
    const product = products[victim]
    if (product) {
      product.signal('SIGKILL')
      ends.push(await product.ended)
      products[victim] = await bench.start(victim === 0 ? 'all' : 'worker')
    } else killServerProcess(Math.random())
    await onTheWay
    bench.skip(products)
    await comesThrough(customer)
  }
  expect(ends.every((end) => end === 'SIGKILL')).toBe(true)
  console.log(
    `${KILLS} kills, ${interrupted.length} customers interrupted: ${[...new Set(interrupted.map(String))].join(' | ')}`,
  )
  for (const customer of customers) await checkAfterCrash(bench, customer)
})

/** Again and again, as long as pages fail because the database is being started anew; throws the last failure. */
async function comesThrough(customer: Customer): Promise<void> {
  let last: unknown = null
  const tryOnce = async (): Promise<true | null> => {
    try {
      await customer.goOn()
      return true
    } catch (error) {
      last = error
      return null
    }
  }
  await until('the customer to come through', tryOnce).catch((error: unknown) => {
    throw new Error(String(error), { cause: last })
  })
}

/** kill -9 for one of the server's own processes: a session, which makes the server end all of them, or the server. */
function killServerProcess(random: number): void {
  const server = Number(readFileSync(path.join(bench.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number)
  const all = [server, ...children].filter((pid) => pid > 1)
  process.kill(all[Math.floor(random * all.length)] ?? server, 'SIGKILL')
}
