import { afterAll, beforeAll, expect, test } from 'vitest'

import { until } from '../../running-app.ts'
import { sized } from '../size.ts'
import { type Bench, openBench } from './bench.ts'
import { newCustomer } from './customer.ts'
import { checkAfterCrash, checkTokens } from './invariants.ts'
import { POINTS } from './points.ts'
import { type Product, READY_SECONDS } from './product.ts'

let bench: Bench
let product: Product
beforeAll(async () => {
  bench = await openBench()
  product = await bench.start()
})
afterAll(async () => {
  product.signal('SIGKILL')
  await bench.close()
})

/** A case takes some seconds, most of them two starts of the product: a sample is one place of each kind. */
const SAMPLED = new Set([2, 10, 13, 19])
const points = POINTS.filter(({ no }) => sized(1, 0) === 1 || SAMPLED.has(no))
const cases = points.flatMap((point) => Array.from({ length: sized(5, 1) }, (_, round) => ({ ...point, round })))

test.each(cases)('S6.$no $name: killed there, all comes right by itself', async ({ utility, halt: open, before }) => {
  const customer = newCustomer(bench, utility)
  const halt = open(bench)
  await before?.(bench)
  await halt.arm()
  const onTheWay = customer.toFinalStep().then(customer.confirm)
  let failed: unknown = null
  onTheWay.catch((error: unknown) => (failed = error))
  await until('the product to stand there', async () => {
    if (failed !== null) throw new Error('the customer met an error before the halt', { cause: failed })
    return (await halt.reached()) ? true : null
  })
  product.signal('SIGKILL')
  expect(await product.ended).toBe('SIGKILL')
  await Promise.allSettled([onTheWay])
  await halt.release()
  const printed = product.printed()

  product = await bench.start()
  expect(product.readyMs).toBeLessThan(READY_SECONDS * 1000)
  await customer.goOn()
  await checkAfterCrash(bench, customer)
  await checkTokens(bench, customer)
  for (const secret of bench.secrets) expect(printed).not.toContain(secret)
})
