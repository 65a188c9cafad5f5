import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { until, within } from './until.ts'
import { sized } from '../size.ts'
import { type Bench, openBench } from './bench.ts'
import { type Customer, newCustomer } from './customer.ts'
import { checkAfterCrash, hasLostGrant, toldOfLoss } from './invariants.ts'
import { type Kill, planKills } from './kill-plan.ts'
import type { Product } from './product.ts'

const WORKERS = 4
/** CRASH_SEED replays a run, CRASH_KILLS makes it shorter. */
const seed = Number(process.env['CRASH_SEED'] ?? randomInt(1_000_000))
const kills = Number(process.env['CRASH_KILLS'] ?? sized(200, 2))
let bench: Bench
let products: Product[] = []
beforeAll(async () => {
  bench = await openBench({ ownServer: true, keepsSpare: true })
  products = [await bench.start()]
  while (products.length < WORKERS) products.push(await bench.start('worker'))
}, 300_000)
afterAll(async () => {
  for (const product of products) product.signal('SIGKILL')
  await bench.close()
})

test(`seed ${seed}: ${kills} kills among ${WORKERS} processes and the embedded server's: all totals are the utility's`, async () => {
  const customers: Customer[] = []
  const interrupted: unknown[] = []
  const done: Done[] = []
  const began = performance.now()
  for (const [at, kill] of planKills(seed, { kills, workers: WORKERS }).entries()) {
    const customer = newCustomer(bench, 'demo')
    customers.push(customer)
    const onTheWay = customer.goOn().catch((error: unknown) => void interrupted.push(error)) // they come back below
    await setTimeout(kill.afterMs)
    const killed = performance.now()
    const victim = await carryOut(kill)
    const name = `kill ${at + 1} of seed ${seed}, ${victim}`
    await within(`${name}: the page that was on its way to end`, onTheWay, 60)
    bench.skip(products)
    await within(`${name}: the customer to come through`, comesThrough(customer), 130)
    done.push({ victim, backMs: performance.now() - killed })
    if (done.length % 20 === 0)
      console.log(`${done.length} kills in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  tell(done, interrupted)
  const lost: string[] = []
  for (const customer of customers) {
    const hasLost = await hasLostGrant(bench, customer)
    if (hasLost) {
      lost.push(customer.email)
      await toldOfLoss(bench, customer)
      await customer.shareAgain()
    }
    const check = checkAfterCrash(bench, customer, { updates: hasLost ? 2 : 1 })
    await within(`the totals of ${customer.email}`, check, 100)
  }
  console.log(`tokens died on their way from the utility for ${lost.length}, who shared again: ${lost.join(', ')}`)
  expect(done).toHaveLength(kills)
})

/** Who was killed, and how long after that a customer came through. */
type Done = { victim: string; backMs: number }

function tell(done: readonly Done[], interrupted: readonly unknown[]): void {
  const counts = Object.entries(Object.groupBy(done, ({ victim }) => victim))
  const victims = counts.map(([victim, all = []]) => `${victim} ${all.length}`).join(', ')
  const slowest = Math.max(...done.map(({ backMs }) => backMs)).toFixed(0)
  console.log(`seed ${seed}, ${done.length} kills: ${victims}; back within ${slowest} ms; ${interrupted.length}
    customers interrupted: ${[...new Set(interrupted.map(String))].join(' | ')}`)
}

/** Kills, and starts again what does not come back by itself; the kind of process that died. */
async function carryOut({ victim, pick }: Kill): Promise<string> {
  if (victim === 'server') return killServerProcess(pick)
  const product = products[victim]
  if (!product) throw new Error(`no process ${victim}`)
  product.signal('SIGKILL')
  expect(await within(`process ${victim} to end`, product.ended)).toBe('SIGKILL')
  products[victim] = await bench.start(victim === 0 ? 'all' : 'worker')
  return victim === 0 ? 'product with API' : 'worker'
}

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
  await until('the customer to come through', tryOnce, 90).catch((error: unknown) => {
    throw new Error(String(error), { cause: last })
  })
}

/** kill -9 for one of the server's own processes: a session, which makes the server end all of them, or the server. */
function killServerProcess(pick: number): string {
  const server = Number(readFileSync(path.join(bench.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number)
  const all = [server, ...children].filter((pid) => pid > 1)
  const victim = all[Math.floor(pick * all.length)] ?? server
  const title = readFileSync(`/proc/${victim}/cmdline`, 'utf8')
  process.kill(victim, 'SIGKILL')
  if (victim === server) return 'server'
  return / \[local\] /.test(title) ? 'session of the server' : 'helper of the server'
}
