import { afterAll, beforeAll, expect, test } from 'vitest'

import { until } from '../crash/until.ts'
import { type Bench, openBench } from '../crash/bench.ts'
import { newCustomer } from '../crash/customer.ts'
import { checkAfterCrash, checkTokens, collected } from '../crash/invariants.ts'
import type { Product } from '../crash/product.ts'

let bench: Bench
let products: Product[] = []
beforeAll(async () => {
  bench = await openBench()
  await start()
})
afterAll(async () => {
  for (const product of products) product.signal('SIGKILL')
  await bench.close()
})

async function start(roles?: 'worker'): Promise<Product> {
  const product = await bench.start(roles)
  products.push(product)
  return product
}

/** A clean end of all processes; how each ended. */
async function endAll(): Promise<(number | string)[]> {
  const ending = products
  products = []
  for (const product of ending) product.signal('SIGTERM')
  return await Promise.all(ending.map(async (product) => await product.ended))
}

/** The demo utility answers the next request for data after this time. */
async function slow(delayMs: number): Promise<void> {
  await bench.admin('demo', 'POST', '/fault', { on: 'resource', match: 'Batch', mode: 'late-answer', delayMs })
}

async function untilAsked(): Promise<void> {
  await until('the utility to be asked', async () =>
    (await bench.admin('demo', 'GET', '/fault')).faults.length === 0 ? true : null,
  )
}

async function leases(): Promise<number> {
  return (await bench.database.admin(`select from windows where state = 'leased'`)).length
}

test('S7.2 a worker that was stopped beyond its lease and resumed writes nothing any more', async () => {
  const customer = newCustomer(bench, 'demo')
  await customer.toFinalStep()
  await slow(1000)
  await customer.confirm()
  await untilAsked()
  const [stopped] = products
  if (!stopped) throw new Error('no process')
  stopped.signal('SIGSTOP')
  await start('worker') // its clock is beyond the lease
  const { uid } = await until('the other worker to do it all', async () => {
    const rows = await bench.database.admin(
      `select authorization_uid as uid from authorizations where customer_email = $1 and status = 'updated'`,
      [customer.email],
    )
    return rows[0] ? { uid: String(rows[0]['uid']) } : null
  })
  const stored = async () =>
    await bench.database.admin(
      `select w.xmin::text, w.fence, w.state, (select count(*) from events e where e.authorization_uid = $1) as events,
              (select count(*) from raw_feeds r where r.authorization_uid = $1) as feeds
         from windows w where w.authorization_uid = $1 order by w.product, w.resource, w.starts`,
      [uid],
    )
  const before = await stored()
  stopped.signal('SIGCONT')
  await until('the resumed worker to notice', async () => (/Lease/.test(stopped.printed()) ? true : null))
  expect(await stored()).toEqual(before)
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
})

test('S7.8 with every scheduler twice, each event is there once', async () => {
  expect(products).toHaveLength(2)
  const customer = newCustomer(bench, 'demo')
  await customer.goOn()
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
})

test('S7.5 with the queue emptied, what has been owed for 20 days is found in the tables', async () => {
  const customer = newCustomer(bench, 'demo')
  await customer.goOn()
  const { uid } = await collected(bench, customer)
  await bench.database.admin('delete from pgboss.job')
  await bench.database.admin(
    `update windows set state = 'owed', finished = null, created = now() - interval '20 days',
            next_try = now() - interval '20 days' where authorization_uid = $1`,
    [uid],
  )
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
})

test('connections that are cut, all at once, come back', async () => {
  const customer = newCustomer(bench, 'demo')
  await customer.toFinalStep()
  await slow(300)
  await customer.confirm()
  await untilAsked()
  await bench.database.admin(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`)
  bench.skip(products) // a lease whose last word was cut off runs out
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
})

test('S7.12 a process that is told to end hands its lease back at once, and the next one goes on', async () => {
  const customer = newCustomer(bench, 'demo')
  await customer.toFinalStep()
  await bench.admin('demo', 'POST', '/fault', { on: 'resource', match: 'Batch', mode: 'no-answer' })
  await customer.confirm()
  await untilAsked()
  expect(await leases()).toBe(1)
  expect(await endAll()).toEqual([0, 0])
  expect(await leases()).toBe(0)
  await start()
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
})

test('S7.9 nothing lies outside the database: a process with another data directory goes on', async () => {
  const customer = newCustomer(bench, 'demo')
  await customer.toFinalStep()
  await endAll()
  bench.env['DATA_DIR'] = `${bench.env['DATA_DIR'] ?? ''}/elsewhere`
  await start()
  await customer.confirm()
  await expect(checkAfterCrash(bench, customer)).resolves.toBeUndefined()
  await checkTokens(bench, customer)
})
