import { afterAll, beforeAll, expect, test } from 'vitest'

import { until } from '../../running-app.ts'
import { sized } from '../size.ts'
import { type Bench, openBench } from './bench.ts'
import { newCustomer } from './customer.ts'
import type { Halt } from './halts.ts'
import { checkAfterCrash, checkTokens, collected, toldOfLoss, untold } from './invariants.ts'
import { LATER_POINTS } from './later-points.ts'
import { POINTS } from './points.ts'
import { type Product, READY_SECONDS } from './product.ts'
import { openReceiver, type Receiver } from './receiver.ts'

let bench: Bench
let receiver: Receiver
let product: Product
beforeAll(async () => {
  bench = await openBench()
  receiver = await openReceiver()
  product = await bench.start()
  const made = await bench.api('/webhooks', { method: 'POST', body: { url: receiver.url }, version: 'v3' })
  if (made.status !== 200) throw new Error(`no webhook: ${JSON.stringify(made.body)}`)
})
afterAll(async () => {
  product.signal('SIGKILL')
  await receiver.close()
  await bench.close()
})

/** A case takes some seconds, most of them two starts of the product: a sample is one place of each kind. */
const SAMPLED = new Set([2, 10, 13, 19])
const points = POINTS.filter(({ no }) => sized(1, 0) === 1 || SAMPLED.has(no))
const rounds = <T extends object>(all: readonly T[]) =>
  all.flatMap((one) => Array.from({ length: sized(5, 1) }, (_, round) => ({ ...one, round })))

test.each(rounds(points))('S6.$no $name: killed there, all comes right by itself', async (point) => {
  const customer = newCustomer(bench, point.utility)
  const halt = point.halt(bench)
  await point.before?.(bench)
  await halt.arm()
  await dieAt(halt, customer.toFinalStep().then(customer.confirm))
  await customer.goOn()
  if (point.losesGrant) {
    await toldOfLoss(bench, customer)
    await customer.shareAgain()
  }
  await checkAfterCrash(bench, customer)
  await checkTokens(bench, customer)
  expect(await untold(bench, receiver, customer)).toEqual([])
})

test.each(rounds(LATER_POINTS.slice(0, sized(LATER_POINTS.length, 1))))(
  'S6.$no $name: killed there, it is done all the same',
  async ({ utility, halt: open, act, check }) => {
    const customer = newCustomer(bench, utility)
    await customer.goOn()
    const { uid } = await collected(bench, customer)
    const halt = open(bench)
    await halt.arm()
    await dieAt(halt, act(bench, customer, uid))
    await act(bench, customer, uid)
    await check(bench, uid)
    expect(await untold(bench, receiver, customer)).toEqual([])
  },
)

/** Kills the product where `doing` stands still, and starts it again. What it printed holds no secret. */
async function dieAt(halt: Halt, doing: Promise<unknown>): Promise<void> {
  let failed: unknown = null
  doing.catch((error: unknown) => (failed = error))
  await until('the product to stand there', async () => {
    if (failed !== null) throw new Error('an error came before the halt', { cause: failed })
    return (await halt.reached()) ? true : null
  })
  product.signal('SIGKILL')
  expect(await product.ended).toBe('SIGKILL')
  await Promise.allSettled([doing])
  await halt.release()
  const printed = product.printed()
  for (const secret of bench.secrets) expect(printed).not.toContain(secret)
  product = await bench.start()
  expect(product.readyMs).toBeLessThan(READY_SECONDS * 1000)
}
